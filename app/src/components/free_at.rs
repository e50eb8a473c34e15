//! When 1, 4, 8… GPUs would be free.

use berth_api::views::FreeAt;
use leptos::prelude::*;

use crate::clock::Clock;
use crate::format;
use crate::live::Live;

/// "now", "in 25 min at the latest", in words.
pub fn when(free: &FreeAt, clock: Clock) -> String {
    let now = clock.now();
    match free.at {
        None => "never: the cluster has fewer".to_owned(),
        Some(at) if at.as_second() <= now => "now".to_owned(),
        Some(at) if clock.hydrated() => {
            let text = format::local(at, now);
            let by = if text.starts_with("in ") { "" } else { "by " };
            format!("{by}{text} at the latest")
        }
        Some(at) => format!("by {} at the latest", format::utc(at, now)),
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
                let words = format::count(free.gpus, "GPU");
                view! {
                    <li>
                        <span class="free-gpus num">{words}</span>
                        <span class="free-when" class:is-now=move || when(&free, clock) == "now">
                            {move || when(&free, clock)}
                        </span>
                    </li>
                }
            })
            .collect_view()
    };
    view! {
        <section class="panel" aria-labelledby="free-title">
            <h2 id="free-title">"Free"</h2>
            <ul class="free-list">{rows}</ul>
            <p class="hint">
                "If every running job used its whole time limit and nobody was before you. Usually it is sooner."
            </p>
        </section>
    }
    .into_any()
}
