//! A job's state or outcome: icon, word and colour.

use berth_api::views::JobRow;
use berth_domain::StateName;
use leptos::prelude::*;

use crate::icons::{Icon, icon};
use crate::texts::{common, jobs as t};

/// Icon, word and meaning colour of what a job is.
pub fn look(row: &JobRow) -> (Icon, &'static str, &'static str) {
    match (row.state, row.outcome.as_deref()) {
        (StateName::Held, _) => (Icon::Held, common::HELD, "idle"),
        (StateName::Queued, _) => (Icon::Queued, t::QUEUED, "wait"),
        (StateName::Starting, _) => (Icon::Starting, common::STARTING, "run"),
        (StateName::Running, _) => (Icon::Running, common::RUNNING, "run"),
        (StateName::Stopping, _) => (Icon::Stopping, common::STOPPING, "warn"),
        (StateName::Finished, Some(token)) => outcome(token),
        (StateName::Finished, None) => (Icon::Succeeded, common::FINISHED, "idle"),
    }
}

/// The same of an outcome's token; an attempt has some that a job never has.
pub fn outcome(token: &str) -> (Icon, &'static str, &'static str) {
    match token {
        "Succeeded" => (Icon::Succeeded, t::SUCCEEDED, "ok"),
        "Cancelled" => (Icon::Cancelled, common::CANCELLED, "idle"),
        "TimedOut" => (Icon::TimedOut, t::TIMED_OUT, "warn"),
        "OutOfMemory" => (Icon::Failed, t::OUT_OF_MEMORY, "bad"),
        "LaunchFailed" => (Icon::Failed, t::NOT_LAUNCHED, "bad"),
        "NodeLost" => (Icon::Lost, t::LOST, "bad"),
        "Failed" => (Icon::Failed, t::FAILED, "bad"),
        "Preempted" => (Icon::Stopping, t::PREEMPTED, "wait"),
        "Requeued" => (Icon::Queued, t::QUEUED_AGAIN, "idle"),
        "GpuFault" => (Icon::Lost, t::GPU_BROKEN, "bad"),
        "Idle" => (Icon::Held, t::STOPPED_IDLE, "warn"),
        _ => (Icon::Succeeded, common::FINISHED, "idle"),
    }
}

/// The badge, following the row.
#[component]
pub fn StateBadge(#[prop(into)] row: Signal<JobRow>) -> impl IntoView {
    let look = Memo::new(move |_| {
        row.with(|row| {
            let (_, word, tone) = look(row);
            (word, tone)
        })
    });
    view! {
        <span class=move || format!("badge badge-{}", look.get().1)>
            {move || {
                look.track();
                icon(row.with_untracked(|row| self::look(row).0))
            }}
            <span class="badge-word">{move || look.get().0}</span>
        </span>
    }
    .into_any()
}
