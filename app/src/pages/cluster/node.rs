//! A node: whether it takes jobs, what runs on it, and its GPUs.

use berth_api::views::{GpuView, NodeState};
use berth_domain::{Cordon, NodeName};
use leptos::prelude::*;

use super::cordons::{CordonForm, UncordonButton};
use crate::components::moment::Moment;
use crate::components::owner::OwnerMark;
use crate::format;
use crate::icons::{Icon, icon};
use crate::live::{Live, NodeShape};

#[component]
pub fn NodePanel(name: NodeName) -> impl IntoView {
    let live = Live::here();
    let wanted = name.clone();
    let node = Memo::new(move |_| {
        live.nodes
            .with(|nodes| nodes.iter().find(|node| node.name == wanted).cloned())
    });
    let part = move |part: fn(NodeShape) -> AnyView| move || node.get().map(part);
    let cordon = Memo::new(move |_| node.with(|node| node.as_ref()?.cordon.clone()));
    let gpus = Memo::new(move |_| {
        node.with(|node| {
            node.as_ref()
                .map(|node| node.gpus.clone())
                .unwrap_or_default()
        })
    });
    let id = format!("node-{name}");
    let label = id.clone();
    let place = name.to_string();
    let of_rows = name.clone();
    view! {
        <section class="panel cluster-node" aria-labelledby=label data-node=name.to_string()>
            <header class="node-head">
                <h2 id=id>{name.to_string()}</h2>
                {part(|node| state_badge(node.state))}
                {part(facts)}
            </header>
            {move || cordon.get().map(|cordon| view! {
                <div class="cordon">
                    <CordonWords cordon />
                    <UncordonButton place=place.clone() />
                </div>
            })}
            {part(warnings)}
            <div class="table-wrap">
                <table class="gpus">
                    <caption class="visually-hidden">"GPUs of " {name.to_string()}</caption>
                    <thead>
                        <tr>
                            <th scope="col" class="num">"GPU"</th>
                            <th scope="col">"Job"</th>
                            <th scope="col" class="num">"Busy"</th>
                            <th scope="col" class="num">"Memory"</th>
                            <th scope="col">"UUID"</th>
                            <th scope="col">"Out of use"</th>
                        </tr>
                    </thead>
                    <tbody>
                        <For
                            each=move || gpus.get()
                            key=|index| *index
                            children=move |index| view! { <GpuRow node=of_rows.clone() index cordon /> }
                        />
                    </tbody>
                </table>
            </div>
            <CordonForm node=name.clone() gpus />
        </section>
    }
    .into_any()
}

fn state_badge(state: NodeState) -> AnyView {
    let (class, which) = match state {
        NodeState::Up => ("badge badge-ok", Icon::Succeeded),
        NodeState::Cordoned => ("badge badge-warn", Icon::Cancelled),
        NodeState::Draining => ("badge badge-warn", Icon::Stopping),
        NodeState::Drained => ("badge badge-idle", Icon::Held),
        NodeState::Absent => ("badge badge-bad", Icon::Lost),
    };
    view! { <span class=class>{icon(which)} {state.as_str()}</span> }.into_any()
}

/// Where it is and what runs on it, as far as is known.
fn facts(node: NodeShape) -> AnyView {
    let versions = [
        ("Berth", node.versions.berth),
        ("driver", node.versions.driver),
        ("Ray", node.versions.ray),
    ];
    let known = versions
        .into_iter()
        .filter_map(|(what, version)| Some(format!("{what} {}", version?)));
    let address = node.address.unwrap_or_else(|| "address unknown".to_owned());
    let gpus = format!("{} × {}", node.gpus.len(), node.model);
    let words: Vec<String> = [node.source.as_str().to_owned(), address, gpus]
        .into_iter()
        .chain(known)
        .collect();
    view! {
        <ul class="node-facts quiet">
            {words.into_iter().map(|word| view! { <li>{word}</li> }).collect_view()}
            <li>{match node.last_seen.filter(|_| !node.present) {
                Some(at) => view! { "last seen " <Moment at /> }.into_any(),
                None if node.present => "answers".into_any(),
                None => "has not been seen".into_any(),
            }}</li>
        </ul>
    }
    .into_any()
}

/// What is not as it should be.
fn warnings(node: NodeShape) -> AnyView {
    let foreign = (node.foreign > 0).then(|| {
        let count = format::count(node.foreign, "GPU");
        format!("{count} used outside the queue; as many less are leased here.")
    });
    let absent = (!node.present)
        .then(|| "It does not answer and gets no new jobs. What ran there is given up after the grace time.".to_owned());
    let all: Vec<String> = absent
        .into_iter()
        .chain(foreign)
        .chain(node.problems)
        .collect();
    if all.is_empty() {
        return ().into_any();
    }
    view! {
        <ul class="warnings">
            {all.into_iter().map(|text| view! { <li>{icon(Icon::Lost)} {text}</li> }).collect_view()}
        </ul>
    }
    .into_any()
}

/// Who took it out of use, when and why.
#[component]
fn CordonWords(cordon: Cordon) -> impl IntoView {
    let verb = if cordon.drain { "Drained" } else { "Cordoned" };
    view! {
        <span class="cordon-words">
            {cordon.reason} " "
            <span class="quiet">{verb} " by " {cordon.by.to_string()} ", " <Moment at=cordon.at /></span>
        </span>
    }
    .into_any()
}

#[component]
fn GpuRow(
    node: NodeName,
    index: u32,
    /// The node's.
    cordon: Memo<Option<Cordon>>,
) -> impl IntoView {
    let live = Live::here();
    let Some(cell) = live.gpu(&node, index) else {
        return ().into_any();
    };
    let gpu: Signal<GpuView> = cell.into();
    let place = format!("{node}:{index}");
    let of_button = place.clone();
    let job = Memo::new(move |_| gpu.with(|gpu| gpu.job.clone()));
    let own = Memo::new(move |_| {
        let found = gpu.with(|gpu| gpu.cordon.clone());
        found.filter(|found| cordon.with(|node| node.as_ref() != Some(found)))
    });
    let why = move || {
        gpu.with(|gpu| {
            gpu.unknown
                .clone()
                .unwrap_or_else(|| "not reported".to_owned())
        })
    };
    let uuid = gpu.with_untracked(|gpu| gpu.uuid.clone());
    let model = gpu.with_untracked(|gpu| gpu.model.clone());
    let unknown = move || view! { <span class="quiet" title=why>"—"</span> }.into_any();
    view! {
        <tr data-place=place>
            <th scope="row" class="num">{index}</th>
            <td class="gpu-job">
                {move || match job.get() {
                    Some(job) => view! {
                        <OwnerMark name=job.user.0 />
                        <a class="clip" href=format!("/jobs/{}", job.id)>{job.name}</a>
                    }
                    .into_any(),
                    None => view! { <span class="quiet">"free"</span> }.into_any(),
                }}
            </td>
            <td class="num">
                {move || match gpu.with(|gpu| gpu.busy_pct) {
                    Some(busy) => view! { {format::percent(busy)} <small>"%"</small> }.into_any(),
                    None => unknown(),
                }}
            </td>
            <td class="num gpu-memory">
                {move || match gpu.with(|gpu| gpu.mem_used_bytes) {
                    Some(used) => view! { {format::gib(used)} <small>" GiB"</small> }.into_any(),
                    None => unknown(),
                }}
            </td>
            <td class="gpu-uuid" title=model>
                <code class="clip">{uuid}</code>
            </td>
            <td class="gpu-cordon">
                {move || own.get().map(|cordon| view! {
                    <div class="cordon">
                        <CordonWords cordon />
                        <UncordonButton place=of_button.clone() />
                    </div>
                })}
            </td>
        </tr>
    }
    .into_any()
}
