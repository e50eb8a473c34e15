//! What waits for an answer, newest first.

use leptos::prelude::*;

use super::card::OpenCard;
use super::desk::Desk;
use crate::components::empty::Empty;
use crate::texts::agent as t;

#[component]
pub fn OpenPanel(desk: Desk) -> impl IntoView {
    let count = Memo::new(move |_| desk.answer.with(|answer| answer.open.len()));
    view! {
        <section class="panel" aria-labelledby="open-title">
            <h2 id="open-title" tabindex="-1">{t::OPEN} <span class="quiet num">{count}</span></h2>
            <For
                each=move || desk.answer.with(|answer| answer.open.clone())
                key=|view| (view.card.id, view.may_answer)
                children=move |card| view! { <OpenCard card desk /> }
            />
            {move || (count.get() == 0).then(|| view! { <Empty text=t::NOTHING_TO_ANSWER /> })}
        </section>
    }
    .into_any()
}
