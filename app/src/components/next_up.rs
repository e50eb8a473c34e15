//! What waits next, and for what.

use leptos::prelude::*;

use super::empty::Empty;
use super::job_line::WaitingLine;
use crate::format;
use crate::live::Live;

/// So many are shown here; the jobs page has all.
const NEXT: usize = 12;

#[component]
pub fn NextUp() -> impl IntoView {
    let live = Live::here();
    let first = move || live.firsts(live.queue, NEXT);
    let waiting = move || {
        live.counts
            .with(|counts| u64::from(counts.queued + counts.held))
    };
    let more = move || waiting().saturating_sub(live.waiting_of(&first()));
    let nothing = move || {
        let idle = live.active.with(Vec::is_empty) && live.recent.with(Vec::is_empty);
        live.queue.with(Vec::is_empty).then(|| {
            if idle {
                view! { <Empty text="No job yet. Submit the first one:" offer=true /> }
            } else {
                view! { <Empty text="Nothing waits. A new job starts at once if it fits." /> }
            }
        })
    };
    view! {
        <section class="panel" aria-labelledby="next-title">
            <h2 id="next-title">
                "Next up " <span class="quiet num">{waiting}</span>
            </h2>
            <ol class="lines">
                <For each=first key=|id| *id children=|id| view! { <WaitingLine id /> } />
            </ol>
            {nothing}
            {move || (more() > 0).then(|| view! {
                <p class="more">
                    <a href="/jobs?user=all&state=waiting">"and " {format::thousands(more())} " more"</a>
                </p>
            })}
        </section>
    }
    .into_any()
}
