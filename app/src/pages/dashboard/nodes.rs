//! The nodes with their GPUs.

use leptos::prelude::*;

use crate::components::empty::Empty;
use crate::components::node_row::NodeRow;
use crate::live::Live;
use crate::texts::dashboard as t;

#[component]
pub fn Nodes() -> impl IntoView {
    let live = Live::here();
    view! {
        <For
            each=move || live.nodes.get()
            key=|node| node.clone()
            children=|node| view! { <NodeRow node /> }
        />
        {move || live.nodes.with(Vec::is_empty).then(|| view! {
            <Empty text=t::NO_NODE_YET />
        })}
    }
    .into_any()
}
