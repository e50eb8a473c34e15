//! A point in time, and how long something lasts.

use berth_domain::Timestamp;
use leptos::prelude::*;

use crate::clock::Clock;
use crate::format;

/// A moment: relative within an hour, then a clock time; date and zone on hover.
#[component]
pub fn Moment(at: Timestamp) -> impl IntoView {
    let clock = Clock::here();
    view! {
        <time
            datetime=at.to_string()
            title=move || if clock.hydrated() { format::zoned(at) } else { at.to_string() }
        >
            {move || clock.moment(at)}
        </time>
    }
    .into_any()
}

/// How long from `from` to `to`, or until now while there is no end.
#[component]
pub fn Lasting(from: Timestamp, #[prop(into)] to: Option<Timestamp>) -> impl IntoView {
    let clock = Clock::here();
    let text = move || {
        let end = to.map_or_else(|| clock.now(), Timestamp::as_second);
        format::stopwatch(end - from.as_second())
    };
    view! { <span class="num">{text}</span> }.into_any()
}
