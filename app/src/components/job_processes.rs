//! Which processes use a job's GPUs while it holds them.

use berth_api::views::{JobRow, LeasePart};
use berth_domain::{GpuProcess, JobId};
use leptos::prelude::*;

use crate::format;
use crate::live::Live;
use crate::texts::{common, job as t};

/// A process and the GPU that it is on; none where a GPU's processes are not known.
type Place = (String, Option<GpuProcess>);

#[component]
pub fn JobProcesses(id: JobId, #[prop(into)] row: Signal<JobRow>) -> impl IntoView {
    let live = Live::here();
    let lease = Memo::new(move |_| {
        row.with(|row| {
            row.lease
                .clone()
                .filter(|lease| row.is_active() && has_gpus(lease))
        })
    });
    let places =
        Memo::new(move |_| lease.with(|lease| lease.as_ref().map(|lease| places(live, lease))));
    move || {
        places.get().map(|places| {
            let known = places.iter().any(|(_, process)| process.is_some());
            let table = known.then(|| table(id, places));
            let none = (!known).then(|| {
                view! { <p class="hint">{t::NO_PROCESS_KNOWN}</p> }
            });
            view! {
                <section class="panel" aria-labelledby="processes-title">
                    <h2 id="processes-title">{t::PROCESSES_ON_GPUS}</h2>
                    {table}
                    {none}
                </section>
            }
        })
    }
}

fn table(id: JobId, places: Vec<Place>) -> AnyView {
    let rows = places.into_iter().map(|place| process(id, place));
    let rows = rows.collect_view();
    view! {
        <div class="table-scroll" tabindex="0" role="region" aria-labelledby="processes-title">
            <table class="table processes">
                <thead>
                    <tr>
                        <th scope="col">{common::GPU}</th>
                        <th scope="col" class="num">{t::PROCESS}</th>
                        <th scope="col">{common::USER}</th>
                        <th scope="col">{common::COMMAND}</th>
                        <th scope="col" class="num">{common::MEMORY}</th>
                        <th scope="col" class="num">{common::WORKING}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn has_gpus(lease: &[LeasePart]) -> bool {
    lease.iter().any(|part| !part.gpus.is_empty())
}

/// Follows the GPUs' cells.
fn places(live: Live, lease: &[LeasePart]) -> Vec<Place> {
    let mut places = Vec::new();
    for part in lease {
        for index in &part.gpus {
            let gpu = format!("{}:{index}", part.node);
            let cell = live.gpu(&part.node, *index);
            let processes = cell.and_then(|cell| cell.gpu.with(|gpu| gpu.processes.clone()));
            match processes {
                Some(all) => places.extend(all.into_iter().map(|one| (gpu.clone(), Some(one)))),
                None => places.push((gpu, None)),
            }
        }
    }
    places
}

fn process(id: JobId, (gpu, process): Place) -> AnyView {
    let Some(process) = process else {
        return view! {
            <tr>
                <th scope="row">{gpu}</th>
                <td colspan="5" class="quiet">{t::NODE_DOES_NOT_TELL}</td>
            </tr>
        }
        .into_any();
    };
    let foreign = process.attempt.is_some_and(|attempt| attempt.job != id);
    let text = |text: Option<String>| text.unwrap_or_else(|| "—".to_owned());
    let memory = process.mem_bytes.map(format::size);
    let working = process
        .sm_pct
        .map(|pct| format!("{}%", format::percent(pct)));
    view! {
        <tr>
            <th scope="row">{gpu}</th>
            <td class="num">{process.pid}</td>
            <td>{text(process.user)}</td>
            <td class="process-command">
                <code>{text(process.command)}</code>
                {foreign.then(|| view! { <span class="quiet">{t::OF_ANOTHER_JOB}</span> })}
            </td>
            <td class="num">{text(memory)}</td>
            <td class="num">{text(working)}</td>
        </tr>
    }
    .into_any()
}
