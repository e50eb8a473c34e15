//! The cluster in numbers.

use leptos::prelude::*;

use crate::format;
use crate::live::Live;
use crate::texts::dashboard as t;

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
        None => view! { <span title=t::NO_GPU_TELLS_IT>"—"</span> }.into_any(),
    };
    let busy = Memo::new(move |_| live.totals.with(|totals| totals.busy_pct));
    let working = Memo::new(move |_| live.totals.with(|totals| totals.working_pct));
    view! {
        <dl class="totals">
            {number(
                (move || live.totals.with(|totals| totals.free)).into_any(),
                t::GPUS_FREE,
                t::GPUS_FREE_TOLD,
            )}
            {number(
                (move || live.totals.with(|totals| totals.allocated)).into_any(),
                t::ALLOCATED,
                t::ALLOCATED_TOLD,
            )}
            {number(
                (move || percent(busy.get())).into_any(),
                t::BUSY,
                t::BUSY_TOLD,
            )}
            {number(
                (move || percent(working.get())).into_any(),
                t::WORKING,
                t::WORKING_TOLD,
            )}
            {number(
                (move || live.counts.with(|counts| counts.active)).into_any(),
                t::RUNNING,
                t::RUNNING_TOLD,
            )}
            {number(
                (move || live.counts.with(|counts| counts.queued)).into_any(),
                t::QUEUED,
                t::QUEUED_TOLD,
            )}
            {number(
                (move || live.counts.with(|counts| counts.held)).into_any(),
                t::HELD,
                t::HELD_TOLD,
            )}
        </dl>
    }
    .into_any()
}
