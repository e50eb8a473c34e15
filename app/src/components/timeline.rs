//! A job's timeline: what happened, when, and who did it.

use berth_api::views::EventView;
use leptos::prelude::*;

use super::moment::Moment;
use crate::texts::job as t;

#[component]
pub fn Timeline(#[prop(into)] events: Signal<Vec<EventView>>) -> impl IntoView {
    let entry = |event: EventView| {
        let by = (event.actor != "berth").then(|| t::by(&event.actor));
        view! {
            <li class=format!("event event-{}", event.kind)>
                <span class="event-text">{event.text} <span class="quiet">{by}</span></span>
                <Moment at=event.at />
            </li>
        }
    };
    view! {
        <ol class="timeline">
            <For each=move || events.get() key=|event| event.seq children=entry />
        </ol>
    }
    .into_any()
}
