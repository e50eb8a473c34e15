//! `/cluster`: what Berth runs on and why, the nodes, and what is out of use.

mod cordons;
mod ground;
mod node;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::components::empty::Empty;
use crate::components::problem::ProblemView;
use crate::live::Live;
use crate::start::Waiting;
use ground::GroundPanel;
use node::NodePanel;

#[component]
pub fn ClusterPage() -> impl IntoView {
    let waiting = Waiting::here();
    let query = use_query_map();
    let problem = move || query.with(|query| query.get("error"));
    view! {
        <Title text="Cluster" />
        <div class="page cluster">
            <h1>"Cluster"</h1>
            {move || problem().map(|problem| view! {
                <p class="banner banner-bad" role="alert">{problem}</p>
            })}
            <Suspense>
                {move || Suspend::new(async move {
                    match waiting.ready().await {
                        Ok(()) => view! { <Nodes /> }.into_any(),
                        Err(error) => view! { <ProblemView error /> }.into_any(),
                    }
                })}
            </Suspense>
            <GroundPanel />
        </div>
    }
    .into_any()
}

#[component]
fn Nodes() -> impl IntoView {
    let live = Live::here();
    let names = Memo::new(move |_| {
        live.nodes.with(|nodes| {
            nodes
                .iter()
                .map(|node| node.name.clone())
                .collect::<Vec<_>>()
        })
    });
    view! {
        <For each=move || names.get() key=|name| name.clone() children=|name| view! { <NodePanel name /> } />
        {move || names.with(Vec::is_empty).then(|| view! {
            <Empty text="No node has reported yet. What Berth looks for, and what it found, is below." />
        })}
    }
    .into_any()
}
