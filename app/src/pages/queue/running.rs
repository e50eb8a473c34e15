//! What runs and until when, on the axis of what waits: queue and cluster as one picture.

use berth_api::views::JobRow;
use berth_domain::{JobId, Timestamp};
use leptos::prelude::*;

use super::axis::Axis;
use crate::clock::Clock;
use crate::components::gpu_squares::GpuSquares;
use crate::components::owner::OwnerMark;
use crate::components::start_range::words;
use crate::components::state_badge::StateBadge;
use crate::live::Live;
use crate::texts::{common, queue as t};

/// So many are shown; the jobs page has all.
const MOST: usize = 40;

#[component]
pub fn Running() -> impl IntoView {
    let live = Live::here();
    let shown = move || {
        let mut jobs = live.active.get();
        // Who ends first is first, as those who wait get its GPUs.
        jobs.sort_by_cached_key(|id| {
            let end = live.row(*id).and_then(|row| row.with_untracked(limit_at));
            (end.is_none(), end, *id)
        });
        jobs.truncate(MOST);
        jobs
    };
    let more = move || live.active.with(Vec::len).saturating_sub(MOST);
    move || {
        live.active.with(|active| !active.is_empty()).then(|| {
            view! {
                <section class="panel queue-panel" aria-labelledby="running-title">
                    <header class="queue-head">
                        <h2 id="running-title">
                            {t::RUNNING_FIRST_TO_END}
                            <span class="quiet num">{move || live.active.with(Vec::len)}</span>
                        </h2>
                    </header>
                    <ul class="queue-rows">
                        <For each=shown key=|id| *id children=|id| view! { <RunningRow id /> } />
                    </ul>
                    {move || (more() > 0).then(|| view! {
                        <p class="more">
                            <a href="/jobs?user=all&state=running">{common::AND} {more} {common::MORE}</a>
                        </p>
                    })}
                </section>
            }
        })
    }
}

/// When its time limit ends it.
fn limit_at(row: &JobRow) -> Option<Timestamp> {
    let limit = std::time::Duration::from_secs(row.time_limit_s);
    row.started_at?.checked_add(limit).ok()
}

#[component]
fn RunningRow(id: JobId) -> impl IntoView {
    let (live, clock, axis) = (Live::here(), Clock::here(), Axis::here());
    let Some(row) = live.row(id).map(Signal::<JobRow>::from) else {
        return ().into_any();
    };
    let (user, nodes, gpus_per_node) =
        row.with_untracked(|row| (row.user.0.clone(), row.nodes, row.gpus_per_node));
    let name = Memo::new(move |_| row.with(|row| row.name.clone()));
    let end = Memo::new(move |_| row.with(limit_at));
    let until = move || match end.get() {
        Some(at) => t::until(&words(Some(at), Some(at), clock).unwrap_or_default()),
        None => t::STARTS.to_owned(),
    };
    let width = move || {
        let end = end.get().map_or(0.0, |end| axis.0.get().at(end));
        format!("{end:.2}%")
    };
    view! {
        <li class="queue-row queue-running" data-job=id.to_string()>
            <div class="queue-what">
                <p class="queue-name">
                    <OwnerMark name=user.clone() />
                    <a data-row-link href=format!("/jobs/{id}") title=name>{name}</a>
                    <span class="quiet">{user} " · " {id.to_string()}</span>
                </p>
            </div>
            <GpuSquares nodes gpus_per_node />
            <StateBadge row />
            <div class="queue-starts" title=t::LIMIT_ENDS_IT>
                <span class="num">{until}</span>
            </div>
            <div class="axis" aria-hidden="true">
                <i class="axis-runs" style:width=width></i>
            </div>
        </li>
    }
    .into_any()
}
