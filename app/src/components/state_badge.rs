//! A job's state or outcome: icon, word and colour.

use berth_api::views::JobRow;
use berth_domain::StateName;
use leptos::prelude::*;

use crate::icons::{Icon, icon};

/// Icon, word and meaning colour of what a job is.
pub fn look(row: &JobRow) -> (Icon, &'static str, &'static str) {
    match (row.state, row.outcome.as_deref()) {
        (StateName::Held, _) => (Icon::Held, "Held", "idle"),
        (StateName::Queued, _) => (Icon::Queued, "Queued", "wait"),
        (StateName::Starting, _) => (Icon::Starting, "Starting", "run"),
        (StateName::Running, _) => (Icon::Running, "Running", "run"),
        (StateName::Stopping, _) => (Icon::Stopping, "Stopping", "warn"),
        (StateName::Finished, Some(token)) => outcome(token),
        (StateName::Finished, None) => (Icon::Succeeded, "Finished", "idle"),
    }
}

/// The same of an outcome's token; an attempt has some that a job never has.
pub fn outcome(token: &str) -> (Icon, &'static str, &'static str) {
    match token {
        "Succeeded" => (Icon::Succeeded, "Succeeded", "ok"),
        "Cancelled" => (Icon::Cancelled, "Cancelled", "idle"),
        "TimedOut" => (Icon::TimedOut, "Timed out", "warn"),
        "OutOfMemory" => (Icon::Failed, "Out of memory", "bad"),
        "LaunchFailed" => (Icon::Failed, "Not launched", "bad"),
        "NodeLost" => (Icon::Lost, "Lost", "bad"),
        "Failed" => (Icon::Failed, "Failed", "bad"),
        "Preempted" => (Icon::Stopping, "Preempted", "wait"),
        "Requeued" => (Icon::Queued, "Queued again", "idle"),
        "GpuFault" => (Icon::Lost, "GPU broken", "bad"),
        "Idle" => (Icon::Held, "Stopped idle", "warn"),
        _ => (Icon::Succeeded, "Finished", "idle"),
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
