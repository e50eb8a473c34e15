//! A card: what was seen, what was considered, what would be done or was, what that was to change and did,
//! and what came of it. One that waits is shown whole, with its answers; a line of the ledger opens.

use berth_api::agents::{AnswerCardArg, CardArg, CardView, answer_card, list_agents, undo_card};
use berth_domain::agent::{CardBy, CardState, Effect};
use berth_domain::{Card, CardId};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use super::desk::{Desk, focus};
use super::words::{self, Asked, MEASURES};
use crate::components::moment::Moment;
use crate::icons::{Icon, icon};
use crate::texts::agent as t;

/// What waits for an answer.
#[component]
pub fn OpenCard(
    card: CardView,
    desk: Desk,
    /// Where the focus goes once it is answered.
    #[prop(default = "open-title")]
    after: &'static str,
) -> impl IntoView {
    let known = &card.card;
    let id = format!("card-{}", known.id);
    let heading = format!("{id}-title");
    let label = heading.clone();
    let until = known
        .until
        .map(|at| view! { {t::UNTIL} <Moment at /> }.into_any());
    view! {
        <article class="decision" id=id aria-labelledby=label data-card=known.id.to_string()>
            <header class="decision-head">
                {badge(known.state)}
                <h3 id=heading>{known.title.clone()}</h3>
                <span class="quiet decision-about">
                    {by(known)} " · " <Moment at=known.at /> {about(known)} {t::ASKED} {asks(known)} {until}
                </span>
            </header>
            {body(&card)}
            {answers(&card, desk, after)}
        </article>
    }
    .into_any()
}

/// A line of the ledger, which opens to the whole card.
#[component]
pub fn LedgerLine(#[prop(into)] card: Signal<CardView>, desk: Desk) -> impl IntoView {
    let id = card.with_untracked(|view| view.card.id);
    let may_undo = Memo::new(move |_| card.with(|view| view.may_undo));
    view! {
        <li class="ledger-line" data-card=id.to_string()>
            <details>
                <summary id=line_of(id) data-row-link>{move || card.with(line)}</summary>
                {move || card.with(body)}
            </details>
            {move || may_undo.get().then(|| undo(id, card, desk))}
        </li>
    }
    .into_any()
}

fn line_of(id: CardId) -> String {
    format!("line-{id}")
}

fn line(view: &CardView) -> AnyView {
    let card = &view.card;
    let why = card
        .why
        .clone()
        .map(|why| view! { <span class="ledger-why">{why}</span> });
    view! {
        {badge(card.state)}
        <span class="ledger-what">
            <span class="ledger-title">{card.title.clone()}</span> " "
            <span class="quiet">{by(card)} {t::FOR} {asks(card)}</span>
            {why}
        </span>
        <span class="quiet ledger-at num"><Moment at=card.at /></span>
    }
    .into_any()
}

/// What a state looks like, and what it is called. Red is for what is broken, and none of these is.
pub fn look(state: CardState) -> (&'static str, Icon, &'static str) {
    match state {
        CardState::Shadow => ("badge badge-idle", Icon::Search, t::SHADOW),
        CardState::Suggested => ("badge badge-wait", Icon::Queued, t::ASKS),
        CardState::Acted => ("badge badge-ok", Icon::Succeeded, t::DONE),
        CardState::Refused => ("badge badge-warn", Icon::Cancelled, t::REFUSED),
        CardState::Declined => ("badge badge-idle", Icon::Close, t::DECLINED),
        CardState::Expired => ("badge badge-idle", Icon::TimedOut, t::EXPIRED),
        CardState::Undone => ("badge badge-idle", Icon::Undo, t::UNDONE),
    }
}

fn badge(state: CardState) -> AnyView {
    let (class, which, word) = look(state);
    view! { <span class=class>{icon(which)} {word}</span> }.into_any()
}

fn by(card: &Card) -> String {
    match &card.by {
        CardBy::Rule { rule } => t::of_rule(rule.title()),
        CardBy::Agent { agent } => agent.to_string(),
    }
}

fn asks(card: &Card) -> String {
    let asks = card.asks.as_ref();
    asks.map_or_else(|| t::THE_ADMINS.to_owned(), ToString::to_string)
}

/// The job that it is about.
fn about(card: &Card) -> Option<AnyView> {
    let job = card.job?;
    let href = format!("/jobs/{job}");
    Some(view! { " · " <a href=href>{t::job(job.0)}</a> }.into_any())
}

fn body(view: &CardView) -> AnyView {
    let card = &view.card;
    let open = card.is_open();
    let saw = sentences(card.saw.clone());
    let considered = card.considered.iter();
    let considered = considered.map(|one| t::not_because(&one.option, &one.why_not));
    let job = card
        .job
        .filter(|_| !open)
        .map(|job| view! { <a href=format!("/jobs/{job}")>{t::job(job.0)}</a> }.into_any());
    let effect = match (&card.predicted, &card.measured) {
        (None, None) => None,
        (Some(predicted), None) if open => sentences(words::sentences(predicted)),
        (predicted, measured) => Some(effects(predicted.as_ref(), measured.as_ref())),
    };
    let why = card.why.clone().map(|why| why.into_any());
    let expects = if open { t::EXPECTED } else { t::EFFECT };
    view! {
        <dl class="decision-facts">
            {fact(t::SAW, saw)}
            {fact(t::CONSIDERED, sentences(considered.collect()))}
            {fact(verb(card.state), act(view))}
            {fact(t::ABOUT, job)}
            {fact(expects, effect)}
            {fact(t::BECAUSE, why)}
            {fact(t::SETTLED, settled(view))}
        </dl>
    }
    .into_any()
}

/// A name, and what there is of it.
fn fact(name: &'static str, what: Option<AnyView>) -> Option<AnyView> {
    let what = what?;
    let shown = view! {
        <div>
            <dt>{name}</dt>
            <dd>{what}</dd>
        </div>
    };
    Some(shown.into_any())
}

fn sentences(all: Vec<String>) -> Option<AnyView> {
    if all.is_empty() {
        return None;
    }
    let all = all.into_iter().map(|one| view! { <li>{one}</li> });
    Some(view! { <ul>{all.collect_view()}</ul> }.into_any())
}

/// What the act is called, by what became of it.
fn verb(state: CardState) -> &'static str {
    match state {
        CardState::Acted | CardState::Undone => t::DID,
        CardState::Refused => t::TRIED,
        CardState::Shadow | CardState::Suggested | CardState::Declined | CardState::Expired => {
            t::WOULD
        }
    }
}

fn act(view: &CardView) -> Option<AnyView> {
    let Some(act) = &view.card.act else {
        let open = view.card.is_open();
        return open.then(|| t::ONLY_TELLS.into_any());
    };
    let text = view.act_text.clone().unwrap_or_else(|| act.words());
    let asked = words::asked(act).into_iter().map(|one| match one {
        Asked::Words(words) => view! { <p>{words}</p> }.into_any(),
        Asked::Code(code) => view! { <code>{code}</code> }.into_any(),
    });
    let asked: Vec<AnyView> = asked.collect();
    Some(view! { <p>{text} "."</p> {asked} }.into_any())
}

/// What it was to change beside what it did.
fn effects(predicted: Option<&Effect>, measured: Option<&Effect>) -> AnyView {
    let waits = measured.is_none();
    let short = |effect: Option<&Effect>| effect.map(words::short).unwrap_or_default();
    let rows = MEASURES
        .into_iter()
        .zip(short(predicted))
        .zip(short(measured));
    let rows = rows.filter(|((_, predicted), measured)| predicted.is_some() || measured.is_some());
    let rows = rows.map(|((name, predicted), measured)| {
        let measured = match (measured, waits) {
            (Some(measured), _) => measured,
            (None, true) => t::NOT_MEASURED_YET.to_owned(),
            (None, false) => t::NOT_FORETOLD.to_owned(),
        };
        view! {
            <tr>
                <th scope="row">{name}</th>
                <td>{predicted.unwrap_or_else(|| t::NOT_FORETOLD.to_owned())}</td>
                <td>{measured}</td>
            </tr>
        }
    });
    view! {
        <table class="effects">
            <caption class="visually-hidden">{t::EFFECT_OF}</caption>
            <thead>
                <tr>
                    <td></td>
                    <th scope="col">{t::PREDICTED}</th>
                    <th scope="col">{t::MEASURED}</th>
                </tr>
            </thead>
            <tbody>{rows.collect_view()}</tbody>
        </table>
    }
    .into_any()
}

/// Who answered it or took it back, or why nobody did.
fn settled(view: &CardView) -> Option<AnyView> {
    let card = &view.card;
    let by = card.settled.as_ref().map(|end| {
        let said = match card.state {
            CardState::Undone => t::UNDONE_BY,
            CardState::Declined => t::DECLINED_BY,
            _ => t::APPROVED_BY,
        };
        view! { {said} {end.by.to_string()} ", " <Moment at=end.at /> ". " }.into_any()
    });
    let alone = match card.state {
        CardState::Expired => Some(t::NOBODY_ANSWERED),
        CardState::Shadow => Some(t::SHADOW_TOLD),
        _ => None,
    };
    let undo = card.until.filter(|_| view.may_undo);
    let undo = undo.map(|at| view! { {t::CAN_BE_UNDONE_UNTIL} <Moment at /> "." }.into_any());
    if by.is_none() && alone.is_none() && undo.is_none() {
        return None;
    }
    Some(view! { <p>{by} {alone} {undo}</p> }.into_any())
}

/// For whoever may; the server checks again.
fn answers(view: &CardView, desk: Desk, after: &'static str) -> AnyView {
    let card = &view.card;
    if !view.may_answer {
        let who = card.asks.as_ref();
        let who = who.map_or_else(|| t::ONLY_ADMINS_ANSWER.to_owned(), t::only_who_is_asked);
        return view! { <p class="hint">{who}</p> }.into_any();
    }
    let (id, title) = (card.id, card.title.clone());
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let pressed = event.submitter();
        let pressed = pressed.and_then(|button| button.get_attribute("value"));
        let approve = match pressed.as_deref() {
            Some("approve") => true,
            Some("decline") => false,
            _ => return,
        };
        let said = if approve {
            t::approved(id)
        } else {
            t::declined(id)
        };
        let call = async move {
            answer_card(AnswerCardArg { card: id, approve }).await?;
            list_agents().await
        };
        desk.send(call, said, move || focus(after));
    };
    let buttons = if card.act.is_some() {
        view! {
            <button
                class="button button-small button-main"
                name="verb"
                value="approve"
                aria-label=t::approve(id, &title)
            >
                {t::APPROVE}
            </button>
            <button class="button button-small" name="verb" value="decline" aria-label=t::decline(id, &title)>
                {t::DECLINE}
            </button>
        }
        .into_any()
    } else {
        view! {
            <button class="button button-small" name="verb" value="approve" aria-label=t::seen(id, &title)>
                {t::SEEN}
            </button>
        }
        .into_any()
    };
    view! {
        <form class="actions" method="post" action="/forms/agent-answer" on:submit=submit>
            <input type="hidden" name="card" value=id.to_string() />
            {buttons}
        </form>
    }
    .into_any()
}

fn undo(id: CardId, card: Signal<CardView>, desk: Desk) -> AnyView {
    let title = card.with_untracked(|view| view.card.title.clone());
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let call = async move {
            undo_card(CardArg { card: id }).await?;
            list_agents().await
        };
        desk.send(call, t::undone(id), move || focus(line_of(id)));
    };
    view! {
        <form method="post" action="/forms/agent-undo" on:submit=submit>
            <input type="hidden" name="card" value=id.to_string() />
            <button class="button button-small" aria-label=t::undo(id, &title)>{t::UNDO}</button>
        </form>
    }
    .into_any()
}
