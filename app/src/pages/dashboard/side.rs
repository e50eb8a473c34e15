//! What ended last.

use leptos::prelude::*;

use crate::components::job_line::RecentLine;
use crate::live::Live;
use crate::texts::dashboard as t;

/// So many finished jobs are shown here; the jobs page has all.
const RECENT: usize = 8;

#[component]
pub fn Recent() -> impl IntoView {
    let live = Live::here();
    let recent = move || live.firsts(live.recent, RECENT);
    let shown = move || {
        live.recent.with(|recent| !recent.is_empty()).then(|| {
            view! {
                <section class="panel" aria-labelledby="recent-title">
                    <h2 id="recent-title">{t::FINISHED}</h2>
                    <ol class="lines">
                        <For each=recent key=|id| *id children=|id| view! { <RecentLine id /> } />
                    </ol>
                    <p class="more">
                        <a href="/jobs?user=all&state=Finished">{t::ALL_FINISHED_JOBS}</a>
                    </p>
                </section>
            }
        })
    };
    shown.into_any()
}
