//! A node: whether it takes jobs, what runs on it, and its GPUs.

use berth_api::views::{GpuView, NodeState};
use berth_domain::{Cordon, NodeName};
use leptos::prelude::*;

use super::cordons::{CordonForm, uncordon_button};
use super::{figures, foreign};
use crate::components::moment::Moment;
use crate::components::owner::OwnerMark;
use crate::format;
use crate::icons::{Icon, icon};
use crate::live::{Holding, Live, NodeShape};
use crate::texts::{cluster as t, common, gpus, units};

#[component]
pub fn NodePanel(name: NodeName, gpus: Vec<u32>) -> impl IntoView {
    let live = Live::here();
    let wanted = name.clone();
    let node = Memo::new(move |_| {
        live.nodes
            .with(|nodes| nodes.iter().find(|node| node.name == wanted).cloned())
    });
    // What follows the node; its GPUs and the form do not, so that the focus stays where it is.
    let part = move |part: fn(NodeShape) -> AnyView| move || node.get().map(part);
    let id = format!("node-{name}");
    let label = id.clone();
    let rows: Vec<AnyView> = gpus.iter().map(|index| row(node, &name, *index)).collect();
    view! {
        <section class="panel cluster-node" aria-labelledby=label>
            <header class="node-head">
                <h2 id=id>{name.to_string()}</h2>
                {part(facts)}
            </header>
            {part(troubles)}
            <div class="table-wrap">
                <table class="gpus">
                    <caption class="visually-hidden">{t::GPUS_OF} {name.to_string()}</caption>
                    <thead>
                        <tr>
                            <th scope="col" class="num">{common::GPU}</th>
                            <th scope="col">{common::JOB}</th>
                            <th scope="col" class="num">{t::BUSY_MEMORY}</th>
                            <th scope="col">{t::UUID}</th>
                            <th scope="col">{t::OUT_OF_USE}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            {figures::table(&name, &gpus)}
            <CordonForm node=name gpus />
        </section>
    }
    .into_any()
}

/// Its state, where it is and what runs on it, as far as is known.
fn facts(node: NodeShape) -> AnyView {
    let (class, which) = match node.state {
        NodeState::Up => ("badge badge-ok", Icon::Succeeded),
        NodeState::Cordoned => ("badge badge-warn", Icon::Cancelled),
        NodeState::Draining => ("badge badge-warn", Icon::Stopping),
        NodeState::Drained => ("badge badge-idle", Icon::Held),
        NodeState::Absent => ("badge badge-bad", Icon::Lost),
    };
    let versions = [
        (common::BERTH, node.versions.berth),
        (t::DRIVER, node.versions.driver),
        (t::RAY, node.versions.ray),
    ];
    let versions = versions
        .into_iter()
        .filter_map(|(what, version)| Some(format!("{what} {}", version?)));
    let address = node
        .address
        .unwrap_or_else(|| t::ADDRESS_UNKNOWN.to_owned());
    let gpus = format!("{} × {}", node.gpus.len(), node.model);
    let words: Vec<String> = [node.source.as_str().to_owned(), address, gpus]
        .into_iter()
        .chain(versions)
        .collect();
    let seen = match node.last_seen {
        Some(at) => view! { {t::LAST_SEEN} <Moment at /> }.into_any(),
        None if node.present => t::ANSWERS.into_any(),
        None => t::NOT_REACHED.into_any(),
    };
    view! {
        <span class=class>{icon(which)} {node.state.as_str()}</span>
        <span class="quiet node-facts">{words.join(" · ")} {seen}</span>
    }
    .into_any()
}

/// What is not as it should be: out of use, absent, used by others, unreadable.
fn troubles(node: NodeShape) -> AnyView {
    let cordon = node
        .cordon
        .map(|cordon| cordoned(cordon, &node.name.to_string()));
    let absent = (!node.present).then(|| t::DOES_NOT_ANSWER.to_owned());
    let foreign = (node.foreign > 0).then(|| t::used_outside(&units::gpus(node.foreign)));
    let texts = absent.into_iter().chain(foreign).chain(node.problems);
    let texts: Vec<AnyView> = texts
        .map(|text| view! { <p class="trouble">{icon(Icon::Lost)} {text}</p> }.into_any())
        .collect();
    view! {
        {cordon}
        {texts}
    }
    .into_any()
}

/// Who took a place out of use, when and why; and the way back.
fn cordoned(cordon: Cordon, place: &str) -> AnyView {
    let by = t::by(&cordon.by);
    view! {
        <div class="cordon">
            <span>
                {cordon.reason} " "
                <span class="quiet">{by} <Moment at=cordon.at /></span>
            </span>
            {uncordon_button(place)}
        </div>
    }
    .into_any()
}

/// A GPU. Only the cells that change are drawn anew.
fn row(node: Memo<Option<NodeShape>>, name: &NodeName, index: u32) -> AnyView {
    let Some(cell) = Live::here().gpu(name, index) else {
        return ().into_any();
    };
    let gpu: Signal<GpuView> = cell.gpu.into();
    let holding: Signal<Holding> = cell.holding.into();
    let place = format!("{name}:{index}");
    let of_cordon = place.clone();
    let (uuid, model) = gpu.with_untracked(|gpu| (gpu.uuid.clone(), gpu.model.clone()));
    let job = Memo::new(move |_| holding.with(|holding| holding.job.clone()));
    // Its own, not the node's.
    let cordon = Memo::new(move |_| {
        let of_node = node.with(|node| node.as_ref()?.cordon.clone());
        let found = holding.with(|holding| holding.cordon.clone());
        found.filter(|found| of_node.as_ref() != Some(found))
    });
    let outside = Memo::new(move |_| holding.with(|holding| holding.foreign.clone()));
    let on = name.clone();
    let holder = move || match job.get() {
        Some(job) => view! {
            <OwnerMark name=job.user.0 />
            <a class="clip" href=format!("/jobs/{}", job.id)>{job.name}</a>
        }
        .into_any(),
        None if outside.with(Vec::is_empty) => gpus::FREE.into_any(),
        None => ().into_any(),
    };
    let strangers = move || foreign::list(&on, outside.get());
    view! {
        <tr data-place=place>
            <th scope="row" class="num">{index}</th>
            <td class="gpu-job">{holder} {strangers}</td>
            <td class="num" title=move || gpu.with(GpuView::unknown)>
                {move || gpu.with(figures)}
            </td>
            <td class="gpu-uuid" title=model>
                <code class="clip">{uuid}</code>
            </td>
            <td>{move || cordon.get().map(|cordon| cordoned(cordon, &of_cordon))}</td>
        </tr>
    }
    .into_any()
}

/// `97%, 71 GiB`; a dash for what is not reported.
fn figures(gpu: &GpuView) -> String {
    let unknown = || "—".to_owned();
    let busy = gpu.busy_pct;
    let busy = busy.map_or_else(unknown, |busy| format!("{}%", format::percent(busy)));
    let used = gpu.mem_used_bytes;
    let used = used.map_or_else(unknown, |used| units::gib(&format::gib(used)));
    format!("{busy}, {used}")
}
