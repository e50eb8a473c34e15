//! An alert: what is wrong, what to do, and the answers that it takes. A plain form; with script the
//! page stays.

use berth_api::alerts::{AlertView, AnswerArg, answer_alert};
use berth_domain::{AlertState, Answer, Choice, Right, Severity};
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::components::moment::Moment;
use crate::icons::{Icon, icon};
use crate::live::Live;
use crate::notice::Notices;
use crate::texts::alerts as t;

/// How long things can be left as they are from here.
const LASTS: [(&str, &str); 5] = [
    ("1h", t::HOUR),
    ("2h", t::HOURS_2),
    ("4h", t::HOURS_4),
    ("8h", t::HOURS_8),
    ("24h", t::A_DAY),
];

#[component]
pub fn AlertCard(alert: AlertView) -> impl IntoView {
    let (badge, which) = match alert.state {
        AlertState::Resolved => ("badge badge-ok", Icon::Succeeded),
        _ => badge_of(alert.severity),
    };
    let id = format!("alert-{}", alert.id);
    let heading = format!("{id}-title");
    let label = heading.clone();
    let word = match alert.state {
        AlertState::Resolved => t::IS_OVER,
        AlertState::Answered => t::IS_ANSWERED,
        AlertState::Open => alert.severity.as_str(),
    };
    let asks = alert
        .asks
        .as_ref()
        .map_or_else(|| t::ASKS_THE_ADMINS.to_owned(), t::asks);
    let about = match alert.job {
        Some(job) => {
            view! { <a href=format!("/jobs/{job}")>{alert.subject.clone()}</a> }.into_any()
        }
        None => alert.subject.clone().into_any(),
    };
    let over = alert
        .resolved_at
        .map(|at| view! { {t::WAS_OVER} <Moment at /> });
    let climbed = alert.climbed.clone().map(|done| {
        view! { <p class="quiet">{t::BERTH_DID} {done} "."</p> }
    });
    let answered = alert.answer.clone().map(said);
    let form =
        (alert.state != AlertState::Resolved).then(|| view! { <Answers alert=alert.clone() /> });
    let advice = (alert.state != AlertState::Resolved).then(|| {
        view! { <p class="quiet alert-advice">{alert.advice.clone()}</p> }
    });
    view! {
        <article class="alert" id=id aria-labelledby=label>
            <header class="alert-head">
                <span class=badge>{icon(which)} {word}</span>
                <h3 id=heading>{alert.title.clone()}</h3>
                <span class="quiet alert-about">
                    {about} {t::WAS_OPENED} <Moment at=alert.opened_at /> {over} " · " {asks}
                </span>
            </header>
            <p class="alert-text">{alert.text}</p>
            {advice}
            {climbed}
            {answered}
            {form}
        </article>
    }
    .into_any()
}

/// How much something matters, in colour and shape; the word stands beside it.
pub fn badge_of(severity: Severity) -> (&'static str, Icon) {
    match severity {
        Severity::Critical => ("badge badge-bad", Icon::Lost),
        Severity::Warning => ("badge badge-warn", Icon::Lost),
        Severity::Info => ("badge badge-idle", Icon::Held),
    }
}

fn said(given: Answer) -> AnyView {
    let because = given
        .because
        .map_or(String::new(), |because| t::because(&because));
    let until = given.until.map(|at| view! { {t::UNTIL} <Moment at /> });
    view! {
        <p class="alert-answer">
            {icon(Icon::Succeeded)}
            {format!("{}: {}{because}", given.by, given.choice)}
            {until}
        </p>
    }
    .into_any()
}

/// For whoever may answer; the server checks again.
#[component]
fn Answers(alert: AlertView) -> impl IntoView {
    let live = Live::here();
    if alert.choices.is_empty() {
        return ().into_any();
    }
    let may = match &alert.asks {
        Some(asked) => live.may(Right::AnswerAlert, asked, None),
        None => live.is_admin(),
    };
    if !may {
        let who = alert
            .asks
            .as_ref()
            .map_or_else(|| t::ONLY_ADMINS.to_owned(), t::only_who_is_asked);
        return view! { <p class="hint">{who}</p> }.into_any();
    }
    let notices = Notices::here();
    let because = NodeRef::<html::Input>::new();
    let lasts = NodeRef::<html::Select>::new();
    let id = alert.id;
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let pressed = event.submitter();
        let Some(choice) = pressed.and_then(|button| button.get_attribute("value")) else {
            return;
        };
        let keeps = choice == Choice::Keep.as_str();
        let arg = AnswerArg {
            id,
            choice,
            because: because.get_untracked().map(|input| input.value()),
            lasts: lasts
                .get_untracked()
                .filter(|_| keeps)
                .map(|select| select.value()),
        };
        spawn_local(async move {
            match answer_alert(arg).await {
                Ok(alert) => notices.say(t::answer_given(alert.id)),
                Err(error) => notices.refuse(&error),
            }
        });
    };
    let keep = alert.choices.contains(&Choice::Keep).then(|| {
        let options = LASTS.map(|(value, word)| {
            view! { <option value=value selected=value == "2h">{word}</option> }
        });
        view! {
            <input
                class="input alert-because"
                name="because"
                node_ref=because
                required
                autocomplete="off"
                placeholder=t::KEEP_IT_BECAUSE
                aria-label=t::WHY_KEEP_IT
            />
            <select class="input" name="lasts" node_ref=lasts aria-label=t::FOR_HOW_LONG>
                {options.collect_view()}
            </select>
        }
    });
    let buttons = alert.choices.iter().map(|choice| {
        let value = choice.as_str();
        // Only to keep it needs a reason.
        let plain = *choice != Choice::Keep;
        let class = match choice {
            Choice::Stop => "button button-small button-bad",
            _ => "button button-small",
        };
        view! {
            <button class=class name="choice" value=value formnovalidate=plain>
                {choice.words()}
            </button>
        }
    });
    view! {
        <form class="alert-answers" method="post" action="/forms/answer" on:submit=submit>
            <input type="hidden" name="id" value=alert.id.to_string() />
            {keep}
            {buttons.collect_view()}
        </form>
    }
    .into_any()
}
