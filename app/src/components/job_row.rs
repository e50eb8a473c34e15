//! The head of the jobs table, and a row of it, following the job.

use berth_api::views::JobRow as Row;
use berth_domain::{StateName, walltime};
use leptos::prelude::*;

use super::gpu_squares::GpuSquares;
use super::job_actions::JobActions;
use super::moment::{Lasting, Moment};
use super::owner::Owner;
use super::start_range::StartRange;
use super::state_badge::StateBadge;
use crate::live::Live;
use crate::texts::{common, jobs as t};

/// What the columns are.
#[component]
pub fn JobsHead() -> impl IntoView {
    view! {
        <thead>
            <tr>
                <th scope="col" class="num">{common::JOB}</th>
                <th scope="col">{common::NAME}</th>
                <th scope="col">{common::OWNER}</th>
                <th scope="col">{common::STATE}</th>
                <th scope="col">{common::GPUS}</th>
                <th scope="col">{common::CLASS}</th>
                <th scope="col" class="num">{t::ASKED}</th>
                <th scope="col" class="num">{t::SUBMITTED}</th>
                <th scope="col" class="num">{t::RAN}</th>
                <th scope="col"><span class="visually-hidden">{t::ACTIONS}</span></th>
            </tr>
        </thead>
    }
    .into_any()
}

#[component]
pub fn JobRow(row: Row) -> impl IntoView {
    let id = row.id;
    let user = row.user.0.clone();
    let submitted = row.submitted_at;
    let row = Signal::<Row>::from(Live::here().pin(row));
    let name = Memo::new(move |_| row.with(|row| row.name.clone()));
    let size = Memo::new(move |_| row.with(|row| (row.nodes, row.gpus_per_node)));
    let times = Memo::new(move |_| row.with(|row| (row.started_at, row.finished_at)));
    let task = move || row.with(|row| row.array.map(|task| format!("[{}]", task.index)));
    view! {
        <tr data-job=id.to_string()>
            <td class="cell-id num">
                <a data-row-link href=format!("/jobs/{id}") aria-label=move || t::job(id, &name.get())>
                    {id.to_string()}
                </a>
            </td>
            <td class="cell-name" title=name>
                <span class="clip">{name}</span>
                <span class="quiet">{task}</span>
            </td>
            <td class="cell-owner">
                <Owner name=user />
            </td>
            <td class="cell-state">
                <StateBadge row />
                <span class="row-why">{move || row.with(why)} " " <StartRange row /></span>
            </td>
            <td class="cell-gpus">
                {move || {
                    let (nodes, gpus_per_node) = size.get();
                    view! { <GpuSquares nodes gpus_per_node /> }
                }}
            </td>
            <td class="cell-class">{move || row.with(|row| row.class.as_str())}</td>
            <td class="cell-limit num">{move || row.with(|row| limit(row.time_limit_s))}</td>
            <td class="cell-time num">
                <Moment at=submitted />
            </td>
            <td class="cell-time num">
                {move || match times.get() {
                    (Some(from), to) => view! { <Lasting from to /> }.into_any(),
                    (None, _) => view! { <span class="quiet">"—"</span> }.into_any(),
                }}
            </td>
            <td class="cell-actions">
                <JobActions row small=true />
            </td>
        </tr>
    }
    .into_any()
}

pub fn limit(seconds: u64) -> String {
    walltime::format(std::time::Duration::from_secs(seconds))
}

/// The sentence beside the state: why it waits, where it runs, how it ended.
pub fn why(row: &Row) -> Option<String> {
    match row.state {
        StateName::Held | StateName::Queued => row.reason_text.clone(),
        StateName::Finished => {
            let code = row.exit_code.filter(|code| *code != 0);
            let text = row
                .outcome_text
                .clone()
                .filter(|text| !text.starts_with("Succeeded"));
            match (code, text) {
                (Some(code), Some(text)) if text == "Failed" => Some(t::exit_code(code)),
                (_, text) => text,
            }
        }
        _ => row.lease.as_ref().map(|lease| super::lease::words(lease)),
    }
}
