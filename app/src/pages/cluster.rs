//! `/cluster`: the nodes, what is out of use and why, and what Berth runs on.

mod cordons;
mod figures;
mod foreign;
mod ground;
mod node;

use berth_api::cluster::{Detected, detect};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::components::empty::Empty;
use crate::components::problem::ProblemView;
use crate::live::Live;
use crate::start::Waiting;
use crate::texts::{cluster as t, common};
use node::NodePanel;

#[component]
pub fn ClusterPage() -> impl IntoView {
    let waiting = Waiting::here();
    let query = use_query_map();
    let problem = query.with_untracked(|query| query.get("error"));
    let fresh = Memo::new(move |_| query.with(|query| query.get("look").is_some()));
    let found = Resource::new_blocking(move || fresh.get(), |fresh| detect(Some(fresh)));
    view! {
        <Title text=common::CLUSTER />
        <div class="page">
            <h1>{common::CLUSTER}</h1>
            {problem.map(|problem| view! {
                <p class="banner banner-bad" role="alert">{problem}</p>
            })}
            <Suspense>
                {move || Suspend::new(async move {
                    let found = match waiting.ready().await {
                        Ok(()) => found.await,
                        Err(error) => Err(error),
                    };
                    match found {
                        Ok(found) => view! { <Cluster found /> }.into_any(),
                        Err(error) => view! { <ProblemView error /> }.into_any(),
                    }
                })}
            </Suspense>
        </div>
    }
    .into_any()
}

#[component]
fn Cluster(found: Detected) -> impl IntoView {
    let live = Live::here();
    // A node whose GPUs are others is another panel; else what is typed into it stays.
    let nodes = Memo::new(move |_| {
        let which = |node: &crate::live::NodeShape| (node.name.clone(), node.gpus.clone());
        live.nodes
            .with(|nodes| nodes.iter().map(which).collect::<Vec<_>>())
    });
    view! {
        <For
            each=move || nodes.get()
            key=|node| node.clone()
            children=|(name, gpus)| view! { <NodePanel name gpus /> }
        />
        {move || nodes.with(Vec::is_empty).then(|| view! {
            <Empty text=t::NO_NODE_YET />
        })}
        {ground::panel(found)}
    }
    .into_any()
}
