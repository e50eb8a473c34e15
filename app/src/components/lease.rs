//! The GPUs that a job holds, drawn as its nodes' tiles, and in words.

use berth_api::views::LeasePart;
use leptos::prelude::*;

use crate::live::Live;
use crate::texts::gpus as t;

/// `node-1: 0, 1 · node-2: 4`.
pub fn words(lease: &[LeasePart]) -> String {
    words_of(lease, usize::MAX)
}

/// The same, of at most so many nodes: `node-1: 0, 1 · …`.
pub fn words_of(lease: &[LeasePart], most: usize) -> String {
    let part = |part: &LeasePart| {
        if part.gpus.is_empty() {
            return part.node.to_string();
        }
        let gpus: Vec<String> = part.gpus.iter().map(u32::to_string).collect();
        format!("{}: {}", part.node, gpus.join(", "))
    };
    let mut parts: Vec<String> = lease.iter().take(most).map(part).collect();
    if lease.len() > most {
        parts.push("…".to_owned());
    }
    parts.join(" · ")
}

#[component]
pub fn LeaseTiles(lease: Vec<LeasePart>) -> impl IntoView {
    let live = Live::here();
    let parts = lease.into_iter().map(|part| {
        let nodes = live.nodes.get_untracked();
        let node = nodes.into_iter().find(|node| node.name == part.node);
        let all = node.map_or_else(|| part.gpus.clone(), |node| node.gpus);
        let tiles = all.into_iter().map(|index| {
            let held = part.gpus.contains(&index);
            view! {
                <li class:held=held>
                    {index}
                    {held.then(|| view! { <span class="visually-hidden">{t::HELD}</span> })}
                </li>
            }
        });
        let tiles = tiles.collect_view();
        view! {
            <div class="lease-node">
                <span class="lease-name">{part.node.0.clone()}</span>
                <ol class="lease-tiles num" aria-label=t::gpus_of(&part.node)>
                    {tiles}
                </ol>
            </div>
        }
    });
    view! { <div class="lease">{parts.collect_view()}</div> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_and_their_gpus() {
        let part = |node: &str, gpus: &[u32]| LeasePart {
            node: node.into(),
            gpus: gpus.to_vec(),
        };
        let lease = [
            part("node-1", &[0, 1]),
            part("node-2", &[7]),
            part("node-3", &[]),
        ];
        assert_eq!(words(&lease), "node-1: 0, 1 · node-2: 7 · node-3");
        assert_eq!(words_of(&lease, 1), "node-1: 0, 1 · …");
    }
}
