//! When 1, 4, 8… GPUs would be free.

use berth_api::views::FreeAt;
use leptos::prelude::*;

use crate::clock::Clock;
use crate::format;
use crate::live::Live;
use crate::texts::{dashboard as t, units};

/// "now", "in 25 min at the latest", in words.
pub fn when(free: &FreeAt, clock: Clock) -> String {
    let now = clock.now();
    match free.at {
        None => t::NEVER.to_owned(),
        Some(at) if at.as_second() <= now => units::NOW.to_owned(),
        Some(at) if clock.hydrated() => t::at_the_latest(&format::local(at, now)),
        Some(at) => t::by_at_the_latest(&format::utc(at, now)),
    }
}

#[component]
pub fn FreeAtList() -> impl IntoView {
    let live = Live::here();
    let clock = Clock::here();
    let rows = move || {
        let all = live.free_at.get();
        all.into_iter()
            .map(|free| {
                let words = units::gpus(free.gpus);
                view! {
                    <li>
                        <span class="free-gpus num">{words}</span>
                        <span class="free-when" class:is-now=move || when(&free, clock) == units::NOW>
                            {move || when(&free, clock)}
                        </span>
                    </li>
                }
            })
            .collect_view()
    };
    view! {
        <section class="panel" aria-labelledby="free-title">
            <h2 id="free-title">{t::FREE}</h2>
            <ul class="free-list">{rows}</ul>
            <p class="hint">
                {t::FREE_IF}
            </p>
        </section>
    }
    .into_any()
}
