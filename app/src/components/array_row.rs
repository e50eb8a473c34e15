//! A row of the jobs table for all tasks of an array or sweep, following them.

use berth_api::views::{ArrayView, JobRow};
use leptos::prelude::*;

use super::array_actions::ArrayActions;
use super::array_tasks::ArrayTasks;
use super::gpu_squares::GpuSquares;
use super::job_row::limit;
use super::moment::Moment;
use super::owner::Owner;
use crate::live::Live;
use crate::texts::jobs as t;

/// `row` is that of one of its tasks, which are alike in size, class and limit.
#[component]
pub fn ArrayRow(array: ArrayView, row: JobRow) -> impl IntoView {
    let id = array.array;
    let href = format!("/jobs?user=all&array={id}");
    let (name, user) = (array.name.clone(), array.user.0.clone());
    let label = t::array(id, &name);
    let array = Live::here().follow_array(array);
    let count = move || array.with(|array| t::tasks(array.tasks.total()));
    view! {
        <tr data-array=id.to_string()>
            <td class="cell-id num">
                <a data-row-link href=href aria-label=label>
                    {id.to_string()}
                </a>
            </td>
            <td class="cell-name" title=name>
                <span class="clip">{name.clone()}</span>
                <span class="quiet">{count}</span>
            </td>
            <td class="cell-owner">
                <Owner name=user />
            </td>
            <td class="cell-state">
                <ArrayTasks array />
            </td>
            <td class="cell-gpus">
                <GpuSquares nodes=row.nodes gpus_per_node=row.gpus_per_node />
            </td>
            <td class="cell-class">{row.class.as_str()}</td>
            <td class="cell-limit num">{limit(row.time_limit_s)}</td>
            <td class="cell-time num">
                <Moment at=row.submitted_at />
            </td>
            <td class="cell-time num">
                <span class="quiet">"—"</span>
            </td>
            <td class="cell-actions">
                <ArrayActions array small=true />
            </td>
        </tr>
    }
    .into_any()
}
