//! `/settings`: what you are told, and where; your password and your tokens. Plain forms; with script the page stays.

mod password;
mod tokens;

use std::time::Duration;

use berth_api::notifications::{
    FailedView, NotificationsAnswer, NotificationsArg, TryArg, notifications, set_notifications,
    try_notifications,
};
use berth_domain::{Occasion, walltime};
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::browser_notice;
use crate::components::moment::Moment;
use crate::components::problem::ProblemView;
use crate::format;
use crate::icons::{Icon, icon};
use crate::notice::Notices;
use crate::start::Waiting;
use crate::texts::{common, settings as t};

/// In seconds.
const WAITS: [u64; 5] = [1800, 3600, 4 * 3600, 12 * 3600, 24 * 3600];

#[component]
pub fn SettingsPage() -> impl IntoView {
    let waiting = Waiting::here();
    let query = use_query_map();
    let problem = query.with_untracked(|query| query.get("error"));
    let said = query.with_untracked(|query| query.get("said"));
    let said = (said.as_deref() == Some("password")).then_some(t::PASSWORD_IS_SET);
    let set = Resource::new_blocking(|| (), |()| notifications());
    view! {
        <Title text=common::SETTINGS />
        <div class="page settings">
            <h1>{common::SETTINGS}</h1>
            <p class="quiet"><a href="/projects">{t::WHAT_I_MAY_USE}</a></p>
            {problem.map(|problem| view! {
                <p class="banner banner-bad" role="alert">{problem}</p>
            })}
            {said.map(|said| view! { <p class="banner" role="status">{said}</p> })}
            <Suspense>
                {move || Suspend::new(async move {
                    let set = match waiting.ready().await {
                        Ok(()) => set.await,
                        Err(error) => Err(error),
                    };
                    match set {
                        Ok(set) => view! { <Told set /> }.into_any(),
                        Err(error) => view! { <ProblemView error /> }.into_any(),
                    }
                })}
            </Suspense>
        </div>
    }
    .into_any()
}

#[component]
fn Told(set: NotificationsAnswer) -> impl IntoView {
    let failed = RwSignal::new(set.failed.clone());
    view! {
        <section class="panel" aria-labelledby="here-title">
            <h2 id="here-title">{t::IN_THIS_BROWSER}</h2>
            <p class="quiet">
                {t::IN_THIS_BROWSER_TOLD}
            </p>
            {browser_notice::button()}
        </section>
        <Ways set failed />
        <password::PasswordPanel />
        <tokens::TokensPanel />
        {move || failed.with(|failed| (!failed.is_empty()).then(|| not_arrived(failed)))}
    }
    .into_any()
}

#[component]
fn Ways(set: NotificationsAnswer, failed: RwSignal<Vec<FailedView>>) -> impl IntoView {
    let notices = Notices::here();
    let form = NodeRef::<html::Form>::new();
    let boxes: Vec<(Occasion, NodeRef<html::Input>)> = Occasion::ALL
        .iter()
        .map(|one| (*one, NodeRef::new()))
        .collect();
    let [email, slack, webhook, secret] = [(); 4].map(|()| NodeRef::<html::Input>::new());
    let waits = NodeRef::<html::Select>::new();
    let checks = boxes.clone();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let text = |input: NodeRef<html::Input>| input.get_untracked().map(|input| input.value());
        let ticked = checks
            .iter()
            .filter(|(_, input)| input.get_untracked().is_some_and(|input| input.checked()));
        // What is not shown again stays as it is unless something is typed.
        let typed = |input| text(input).filter(|text| !text.is_empty());
        let arg = NotificationsArg {
            on: Some(ticked.map(|(one, _)| *one).collect()),
            waits_over: waits.get_untracked().map(|select| select.value()),
            email: text(email),
            slack: text(slack).filter(|text| !text.ends_with('…')),
            webhook: text(webhook),
            webhook_secret: typed(secret),
        };
        let pressed = event.submitter();
        let test = pressed.and_then(|button| button.get_attribute("value"));
        spawn_local(async move {
            match set_notifications(arg).await {
                Ok(set) => failed.set(set.failed),
                Err(error) => return notices.refuse(&error),
            }
            if test.as_deref() != Some("test") {
                return notices.say(t::SAVED);
            }
            match try_notifications(TryArg {}).await {
                Ok(tried) => notices.say(t::saved_and_sent(tried.sent)),
                Err(error) => notices.refuse(&error),
            }
        });
    };
    let now = set.waits_over_s;
    let other = (!WAITS.contains(&now)).then_some(now);
    let option = |seconds: u64| {
        let value = walltime::format(Duration::from_secs(seconds));
        let word = format::duration(i64::try_from(seconds).unwrap_or(i64::MAX));
        view! { <option value=value selected=seconds == now>{word}</option> }
    };
    let options: Vec<_> = other.into_iter().chain(WAITS).map(option).collect();
    let on = set.on.clone();
    let checks = boxes.into_iter().map(|(one, input)| {
        view! {
            <div class="check">
                <input
                    type="checkbox"
                    id=format!("on-{}", one.as_str())
                    name="on"
                    value=one.as_str()
                    node_ref=input
                    checked=on.contains(&one)
                />
                <label for=format!("on-{}", one.as_str())>{t::when(one.words())}</label>
            </div>
        }
    });
    let checks: Vec<_> = checks.collect();
    let no_mail = (!set.sends_mail).then_some(t::SENDS_NO_MAIL);
    let signed = set.webhook_is_signed.then_some(t::SECRET_IS_SET);
    view! {
        <form class="panel" method="post" action="/forms/notifications" node_ref=form on:submit=submit>
            <h2>{t::BY_MAIL}</h2>
            <fieldset class="checks">
                <legend class="quiet">{t::TELL_ME}</legend>
                {checks}
            </fieldset>
            <div class="field">
                <label for="waits_over">{t::LONG_IS}</label>
                <select class="input" id="waits_over" name="waits_over" node_ref=waits>
                    {options}
                </select>
            </div>
            {address("email", t::E_MAIL, "ana@example.org", set.email.as_ref(), no_mail, email)}
            {address(
                "slack",
                t::SLACK,
                "https://hooks.slack.com/services/…",
                set.slack.as_ref(),
                None,
                slack,
            )}
            {address(
                "webhook",
                t::WEBHOOK,
                "https://example.org/berth",
                set.webhook.as_ref(),
                Some(t::WEBHOOK_HINT),
                webhook,
            )}
            {address(
                "webhook_secret",
                t::SECRET,
                t::SECRET_PLACEHOLDER,
                None,
                signed.or(Some(t::SECRET_HINT)),
                secret,
            )}
            <div class="form-end">
                <button class="button button-main" name="verb" value="save">{t::SAVE}</button>
                <button class="button" name="verb" value="test">{t::SAVE_AND_TEST}</button>
            </div>
        </form>
    }
    .into_any()
}

fn address(
    name: &'static str,
    label: &'static str,
    example: &'static str,
    value: Option<&String>,
    hint: Option<&'static str>,
    input: NodeRef<html::Input>,
) -> AnyView {
    let id = format!("hint-{name}");
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <input
                class="input"
                id=name
                name=name
                node_ref=input
                autocomplete="off"
                placeholder=example
                value=value.cloned().unwrap_or_default()
                aria-describedby=hint.map(|_| id.clone())
            />
            {hint.map(|hint| view! { <p class="hint" id=id>{hint}</p> })}
        </div>
    }
    .into_any()
}

fn not_arrived(failed: &[FailedView]) -> AnyView {
    let lines = failed.iter().map(|one| {
        view! {
            <li>
                <p class="trouble">
                    {icon(Icon::Lost)}
                    {t::message(&one.title, &one.channel, &one.problem, one.tries)}
                </p>
                <span class="quiet"><Moment at=one.at /></span>
            </li>
        }
    });
    view! {
        <section class="panel" aria-labelledby="failed-title">
            <h2 id="failed-title">{t::DID_NOT_ARRIVE}</h2>
            <ul class="failed-list">{lines.collect_view()}</ul>
        </section>
    }
    .into_any()
}
