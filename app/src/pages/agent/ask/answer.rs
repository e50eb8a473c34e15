//! An answer: what was called for it, what it says, what has to be approved, and what it cost.

use leptos::prelude::*;

use super::approval::{Approval, in_ledger};
use super::chat::Chat;
use super::prose::prose;
use super::steps::{self, Bill, Step};
use super::turn::Turn;
use crate::icons::{Icon, icon};
use crate::texts::agent::ask as t;

#[component]
pub fn Answer(turn: Turn, chat: Chat) -> impl IntoView {
    let (key, text, notes) = (turn.key, turn.text, turn.notes);
    let notes = Memo::new(move |_| notes.get());
    let steps = Memo::new(move |_| notes.with(|notes| steps::steps(notes)));
    let approvals = Memo::new(move |_| notes.with(|notes| steps::approvals(notes)));
    let sentences = Memo::new(move |_| notes.with(|notes| steps::sentences(notes)));
    let bill = Memo::new(move |_| notes.with(|notes| steps::bill(notes)));
    let comes = Memo::new(move |_| {
        let under_way = chat.answering.way;
        under_way.with(|way| way.as_ref().is_some_and(|way| way.answer.key == key))
    });
    let called = move || {
        let steps = steps.get();
        (!steps.is_empty()).then(|| {
            let all: Vec<AnyView> = steps.into_iter().map(step).collect();
            view! { <ul class="lines steps">{all}</ul> }
        })
    };
    let told = move || {
        let all = sentences.get().into_iter().map(sentence);
        all.collect::<Vec<AnyView>>()
    };
    // What it costs is said when it is over.
    let cost = move || {
        let bill = bill.get().filter(|_| !comes.get())?;
        Some(view! { <p class="quiet turn-cost num">{costs(&bill)}</p> })
    };
    view! {
        {called}
        <div class="prose">{move || text.with(|text| prose(text))}</div>
        <For
            each=move || approvals.get()
            key=|(card, _)| *card
            children=move |(card, sentence)| view! { <Approval card sentence desk=chat.desk /> }
        />
        {told}
        {move || comes.get().then(|| view! { <p class="quiet agent-why">{t::ANSWERS}</p> })}
        {cost}
    }
    .into_any()
}

/// A call of a tool on a line.
fn step(step: Step) -> AnyView {
    let (class, which, word) = match step.came.as_ref().map(|came| came.ok) {
        None => ("badge badge-idle", Icon::Starting, t::UNDER_WAY),
        Some(true) => ("badge badge-ok", Icon::Succeeded, t::DONE),
        Some(false) => ("badge badge-warn", Icon::Cancelled, t::REFUSED),
    };
    let words = t::tool(&step.tool);
    let arguments = Some(step.arguments).filter(|arguments| !arguments.is_empty());
    let arguments = arguments.map(|arguments| view! { <code class="quiet">{arguments}</code> " " });
    let came = step.came.map(|came| {
        let card = came
            .card
            .map(|card| view! { " " <a href=in_ledger(card)>{t::card(card)}</a> });
        view! { <span class="step-came">{came.summary}</span> {card} }
    });
    view! {
        <li class="step" data-tool=step.tool>
            <span class=class>{icon(which)} {word}</span>
            <span class="step-what">
                <span class="step-tool">{words}</span> " " {arguments} {came}
            </span>
        </li>
    }
    .into_any()
}

fn sentence((failed, text): (bool, String)) -> AnyView {
    if failed {
        view! { <p class="trouble">{icon(Icon::Lost)} <span>{text}</span></p> }.into_any()
    } else {
        view! { <p class="quiet agent-why">{text}</p> }.into_any()
    }
}

fn costs(bill: &Bill) -> String {
    let mut text = t::tokens(
        &bill.models.join(", "),
        bill.input_tokens,
        bill.output_tokens,
    );
    text.push_str(&t::cost(bill.micros, bill.estimated));
    text.extend(bill.left_micros.map(t::left));
    text
}
