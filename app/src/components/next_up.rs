//! What waits next, and for what.

use leptos::prelude::*;

use super::empty::Empty;
use super::job_line::WaitingLine;
use crate::format;
use crate::live::Live;
use crate::texts::{common, dashboard as t};

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
                view! { <Empty text=t::NO_JOB_YET offer=true /> }
            } else {
                view! { <Empty text=common::NOTHING_WAITS /> }
            }
        })
    };
    view! {
        <section class="panel" aria-labelledby="next-title">
            <h2 id="next-title">
                {t::NEXT_UP} <span class="quiet num">{waiting}</span>
            </h2>
            <ol class="lines">
                <For each=first key=|id| *id children=|id| view! { <WaitingLine id /> } />
            </ol>
            {nothing}
            {move || (more() > 0).then(|| view! {
                <p class="more">
                    <a href="/jobs?user=all&state=waiting">{common::AND} {format::thousands(more())} {common::MORE}</a>
                </p>
            })}
        </section>
    }
    .into_any()
}
