//! How many GPUs of each node were held, as means of the parts of the time.

use std::collections::{BTreeMap, BTreeSet};

use berth_domain::NodeName;
use berth_domain::job::PastAttempt;
use berth_orchestrator::View;

use super::{Span, count, seconds};
use crate::timeline::{ManyView, SLOTS, TimelineNode};

/// What was held of each node.
pub(super) struct Held {
    from: f64,
    /// Of a slot, in seconds.
    width: f64,
    nodes: BTreeMap<NodeName, HeldOfNode>,
}

#[derive(Default)]
struct HeldOfNode {
    /// As many GPUs as its highest index tells of.
    gpus: u32,
    /// GPU-seconds in each slot.
    slots: Vec<f64>,
}

impl Held {
    pub(super) fn new((from, to): Span) -> Self {
        Held {
            from: seconds(from),
            width: (seconds(to) - seconds(from)) / count(SLOTS),
            nodes: BTreeMap::new(),
        }
    }

    pub(super) fn add(&mut self, past: &PastAttempt) {
        let end = self.width * count(SLOTS);
        let from = (seconds(past.granted_at) - self.from).max(0.0);
        let to = (seconds(past.ended_at) - self.from).min(end);
        if to <= from {
            return;
        }
        for part in past.lease.0.iter().filter(|part| !part.gpus.is_empty()) {
            let node = self.nodes.entry(part.node.clone()).or_default();
            let highest = part.gpus.iter().map(|gpu| gpu.index + 1).max();
            node.gpus = node.gpus.max(highest.unwrap_or(0));
            node.slots.resize(SLOTS, 0.0);
            for (slot, held) in node.slots.iter_mut().enumerate() {
                let (begin, end) = (count(slot) * self.width, count(slot + 1) * self.width);
                let within = to.min(end) - from.max(begin);
                *held += within.max(0.0) * count(part.gpus.len());
            }
        }
    }

    pub(super) fn nodes(
        mut self,
        view: &View,
        open: &BTreeSet<NodeName>,
        mut many: BTreeMap<NodeName, Vec<ManyView>>,
    ) -> Vec<TimelineNode> {
        let width = self.width;
        let tenths = |held: f64| {
            #[expect(clippy::cast_possible_truncation, reason = "few GPUs")]
            let mean = ((held / width * 10.0).round() / 10.0) as f32;
            mean
        };
        for node in &view.nodes {
            let known = self.nodes.entry(node.name.clone()).or_default();
            known.gpus = u32::try_from(node.gpus.len()).unwrap_or(u32::MAX);
        }
        let present = |name: &NodeName| {
            let node = view.nodes.iter().find(|node| node.name == *name);
            node.is_some_and(|node| node.present)
        };
        let nodes = self.nodes.into_iter();
        let mut nodes: Vec<TimelineNode> = nodes
            .map(|(name, node)| TimelineNode {
                gpus: node.gpus,
                present: present(&name),
                open: open.contains(&name),
                held: node.slots.into_iter().map(tenths).collect(),
                many: many.remove(&name).unwrap_or_default(),
                name,
            })
            .collect();
        // As the other pages list them.
        let place = |name: &NodeName| view.nodes.iter().position(|node| node.name == *name);
        nodes.sort_by_key(|node| place(&node.name).unwrap_or(usize::MAX));
        nodes
    }
}
