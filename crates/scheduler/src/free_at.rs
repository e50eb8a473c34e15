//! When a number of GPUs would be free, if each running job used its whole time limit and nobody
//! were before: the latest honest answer without a prediction.

use std::collections::HashMap;

use berth_domain::Timestamp;

use crate::place;
use crate::snapshot::{FreeNode, Policy, Snapshot};

/// A size and when it would be free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FreeAt {
    pub gpus: u32,
    pub nodes: u32,
    /// `None`: never, as the cluster is.
    pub at: Option<Timestamp>,
}

/// For 1, 2, 4, 8… GPUs up to the whole cluster; sizes above a node are spread evenly.
#[must_use]
pub fn free_at(snapshot: &Snapshot, now: Timestamp) -> Vec<FreeAt> {
    let total: usize = snapshot.nodes.iter().map(|node| node.gpus).sum();
    let largest = snapshot
        .nodes
        .iter()
        .map(|node| node.gpus)
        .max()
        .unwrap_or(0);
    let sizes = std::iter::successors(Some(1usize), |size| size.checked_mul(2));
    let mut open: Vec<(usize, usize, Option<Timestamp>)> = sizes
        .take_while(|size| *size <= total)
        .map(|size| (size, size.div_ceil(largest), None))
        .collect();

    let mut nodes: Vec<FreeNode> = snapshot.nodes.clone();
    let by_name: HashMap<_, _> = snapshot
        .nodes
        .iter()
        .enumerate()
        .map(|(place, node)| (node.name.clone(), place))
        .collect();
    let mut ends: Vec<_> = snapshot
        .active
        .iter()
        .map(|active| {
            let latest = active
                .deadline
                .or_else(|| now.checked_add(active.time_limit).ok());
            (latest.unwrap_or(Timestamp::MAX).max(now), &active.lease)
        })
        .collect();
    ends.sort_by_key(|(at, _)| *at);

    let mut mark = |nodes: &[FreeNode], at: Timestamp| {
        let policy = Policy::default();
        for (size, count, found) in open.iter_mut().filter(|(_, _, found)| found.is_none()) {
            if place::choose(nodes, *count, *size / *count, policy.cpu_jobs_per_node).is_some() {
                *found = Some(at);
            }
        }
        open.iter().all(|(_, _, found)| found.is_some())
    };
    let mut done = mark(&nodes, now);
    for (at, lease) in ends {
        if done {
            break;
        }
        for part in &lease.0 {
            if let Some(place) = by_name.get(&part.node) {
                nodes[*place].free.extend(part.gpus.iter().cloned());
            }
        }
        done = mark(&nodes, at);
    }
    let narrow = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
    open.into_iter()
        .map(|(size, count, at)| FreeAt {
            gpus: narrow(size),
            nodes: narrow(count),
            at,
        })
        .collect()
}
