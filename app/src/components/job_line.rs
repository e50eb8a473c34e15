//! A job in a narrow list: what waits next, what ended lately.

use berth_api::views::{ArrayView, JobRow};
use berth_domain::JobId;
use leptos::prelude::*;

use super::array_tasks::ArrayTasks;
use super::gpu_squares::GpuSquares;
use super::moment::{Lasting, Moment};
use super::owner::OwnerMark;
use super::start_range::StartRange;
use super::state_badge::StateBadge;
use crate::live::Live;
use crate::texts::{common, jobs as t};

/// The array or sweep that a job stands for in these lists.
fn whole(row: Signal<JobRow>) -> Option<Signal<ArrayView>> {
    let live = Live::here();
    let id = row.with_untracked(|row| row.array.map(|place| place.array))?;
    Some(live.follow_array(untrack(|| live.array(id))?))
}

/// The name, leading to the job or to the tasks of the array.
fn name(row: Signal<JobRow>, array: Option<Signal<ArrayView>>) -> AnyView {
    let (href, name) = match array {
        None => {
            let id = row.with_untracked(|row| row.id);
            let name = Memo::new(move |_| row.with(|row| row.name.clone()));
            (format!("/jobs/{id}"), name)
        }
        Some(array) => {
            let id = array.with_untracked(|array| array.array);
            let name = Memo::new(move |_| array.with(|array| array.name.clone()));
            (format!("/jobs?user=all&array={id}"), name)
        }
    };
    view! {
        <a class="line-name" data-row-link href=href>
            {name}
        </a>
    }
    .into_any()
}

/// A waiting job, with what it waits for.
#[component]
pub fn WaitingLine(id: JobId) -> impl IntoView {
    let Some(row) = Live::here().row(id).map(Signal::<JobRow>::from) else {
        return ().into_any();
    };
    let size = Memo::new(move |_| row.with(|row| (row.nodes, row.gpus_per_node)));
    let user = row.with_untracked(|row| row.user.0.clone());
    let array = whole(row);
    view! {
        <li class="line" data-job=id.to_string()>
            <OwnerMark name=user.clone() />
            <div class="line-body">
                <div class="line-head">
                    {name(row, array)}
                    <span class="quiet">{user}</span>
                    {move || {
                        let (nodes, gpus_per_node) = size.get();
                        view! { <GpuSquares nodes gpus_per_node /> }
                    }}
                </div>
                {array.map(|array| view! { <ArrayTasks array /> })}
                <p class="line-reason">
                    <StartRange row />
                    " "
                    {move || row.with(|row| row.reason_text.clone().unwrap_or_else(|| common::WAITS_TO_BE_PLANNED.to_owned()))}
                </p>
            </div>
        </li>
    }
    .into_any()
}

/// A finished job, with how it ended.
#[component]
pub fn RecentLine(id: JobId) -> impl IntoView {
    let Some(row) = Live::here().row(id).map(Signal::<JobRow>::from) else {
        return ().into_any();
    };
    let user = row.with_untracked(|row| row.user.0.clone());
    let array = whole(row);
    let times = Memo::new(move |_| row.with(|row| (row.started_at, row.finished_at)));
    view! {
        <li class="line" data-job=id.to_string()>
            <OwnerMark name=user.clone() />
            <div class="line-body">
                <div class="line-head">
                    {name(row, array)}
                    <span class="quiet">{user}</span>
                    <StateBadge row />
                </div>
                {array.map(|array| view! { <ArrayTasks array /> })}
                <p class="line-reason">
                    {move || match times.get() {
                        (Some(from), Some(to)) => view! {
                            {t::LINE_RAN} <Lasting from to=Some(to) /> {t::LINE_THEN_ENDED} <Moment at=to />
                        }
                        .into_any(),
                        (None, Some(to)) => view! { {t::LINE_ENDED} <Moment at=to /> }.into_any(),
                        _ => ().into_any(),
                    }}
                    {move || row.with(|row| row.exit_code.filter(|code| *code != 0).map(t::line_code))}
                </p>
            </div>
        </li>
    }
    .into_any()
}
