//! A node: its name and its GPUs.

use berth_domain::{JobId, NodeSource};
use leptos::html;
use leptos::prelude::*;

use super::gpu_tile::{GpuTile, Joined};
use crate::live::{Live, NodeShape};
use crate::near::Near;
use crate::texts::gpus as t;

#[component]
pub fn NodeRow(node: NodeShape) -> impl IntoView {
    let live = Live::here();
    let part = NodeRef::<html::Section>::new();
    Near::provide(part);
    let cells: Vec<_> = node
        .gpus
        .iter()
        .filter_map(|index| live.gpu(&node.name, *index))
        .collect();
    let total = cells.len();
    let islands: Vec<Option<u32>> = cells
        .iter()
        .map(|cell| cell.gpu.with_untracked(|gpu| gpu.nvlink_island))
        .collect();
    let holders = Memo::new(move |_| {
        cells
            .iter()
            .map(|cell| {
                cell.holding
                    .with(|holding| holding.job.as_ref().map(|job| job.id))
            })
            .collect::<Vec<Option<JobId>>>()
    });
    let held = move || holders.with(|holders| holders.iter().flatten().count());
    let joined = move |place: usize| {
        Signal::derive(move || {
            holders.with(|holders| {
                let at =
                    |place: Option<usize>| place.and_then(|p| holders.get(p).copied()).flatten();
                let here = at(Some(place));
                Joined {
                    left: here.is_some() && at(place.checked_sub(1)) == here,
                    right: here.is_some() && at(Some(place + 1)) == here,
                }
            })
        })
    };
    let name = node.name.clone();
    let tiles = node.gpus.iter().enumerate().map(|(place, index)| {
        // Between GPUs that no NVLink joins there is more room.
        let apart = place > 0 && islands[place] != islands[place - 1];
        view! { <GpuTile node=name.clone() index=*index joined=joined(place) apart /> }
    });
    let tiles = tiles.collect_view();
    let id = format!("node-{}", node.name);
    let label = id.clone();
    view! {
        <section
            class="node"
            class:node-absent=!node.present
            aria-labelledby=label
            node_ref=part
        >
            <header class="node-head">
                <h2 id=id>{node.name.0.clone()}</h2>
                <span class="quiet">{node.model.clone()} " × " {total}</span>
                {(node.source == NodeSource::Simulated)
                    .then(|| view! { <span class="tag">{t::SIMULATED}</span> })}
                {node.cordon
                    .clone()
                    .filter(|_| node.present)
                    .map(|cordon| view! {
                        <span class="badge badge-warn" title=t::by(&cordon.by)>
                            {node.state.as_str()} ": " {cordon.reason}
                        </span>
                    })}
                {(!node.present)
                    .then(|| view! {
                        <span class="badge badge-bad">{t::DOES_NOT_ANSWER}</span>
                    })}
                {(node.foreign > 0)
                    .then(|| view! {
                        <span class="tag">{node.foreign} {t::USED_OUTSIDE}</span>
                    })}
                <span class="node-held num">
                    {held} "/" {total} <small>{t::COUNT_ALLOCATED}</small>
                </span>
            </header>
            <ul class="tiles">{tiles}</ul>
        </section>
    }
    .into_any()
}
