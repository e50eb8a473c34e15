//! The cluster in numbers.

use leptos::prelude::*;

use crate::format;
use crate::live::Live;

#[component]
pub fn TotalsStrip() -> impl IntoView {
    let live = Live::here();
    let number = |value: AnyView, word: &'static str, told: &'static str| {
        view! {
            <div title=told>
                <dd class="num">{value}</dd>
                <dt>{word}</dt>
            </div>
        }
    };
    let percent = |value: Option<f32>| match value {
        Some(value) => view! { {format::percent(value)} <small>"%"</small> }.into_any(),
        None => view! { <span title="No GPU tells it">"—"</span> }.into_any(),
    };
    let busy = Memo::new(move |_| live.totals.with(|totals| totals.busy_pct));
    let working = Memo::new(move |_| live.totals.with(|totals| totals.working_pct));
    view! {
        <dl class="totals">
            {number(
                (move || live.totals.with(|totals| totals.free)).into_any(),
                "GPUs free",
                "Neither held, nor cordoned, nor used by others",
            )}
            {number(
                (move || live.totals.with(|totals| totals.allocated)).into_any(),
                "allocated",
                "GPUs that jobs hold",
            )}
            {number(
                (move || percent(busy.get())).into_any(),
                "busy",
                "The share of time in which any kernel ran, over all GPUs",
            )}
            {number(
                (move || percent(working.get())).into_any(),
                "working",
                "The share of multiprocessors that had work, over the GPUs that tell it",
            )}
            {number(
                (move || live.counts.with(|counts| counts.active)).into_any(),
                "running",
                "Jobs that hold GPUs",
            )}
            {number(
                (move || live.counts.with(|counts| counts.queued)).into_any(),
                "queued",
                "Jobs that wait for their turn",
            )}
            {number(
                (move || live.counts.with(|counts| counts.held)).into_any(),
                "held",
                "Jobs that somebody holds back",
            )}
        </dl>
    }
    .into_any()
}
