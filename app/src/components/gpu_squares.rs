//! How many GPUs a job asks for, as little squares grouped by node, and in words for readers.

use leptos::prelude::*;

use crate::texts::{gpus as t, units};

/// More than this many squares are told as a number only.
const MOST: u32 = 16;

#[component]
pub fn GpuSquares(nodes: u32, gpus_per_node: u32) -> impl IntoView {
    let total = nodes * gpus_per_node;
    let words = match (nodes, total) {
        (_, 0) => t::NO_GPU.to_owned(),
        (1, n) => units::gpus(n),
        (nodes, n) => t::gpus_on_nodes(n, nodes),
    };
    let squares = (total <= MOST).then(|| {
        let group = move |_| {
            let cells = (0..gpus_per_node).map(|_| view! { <i></i> }).collect_view();
            view! { <span class="squares-node">{cells}</span> }
        };
        (0..nodes).map(group).collect_view()
    });
    let title = words.clone();
    view! {
        <span class="squares" title=title>
            <span class="num" aria-hidden="true">
                {total}
            </span>
            <span class="squares-all" aria-hidden="true">
                {squares}
            </span>
            <span class="visually-hidden">{words}</span>
        </span>
    }
    .into_any()
}
