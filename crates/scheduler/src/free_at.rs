//! When a number of GPUs would be free, if each running job used its whole time limit and nobody
//! were before: the latest honest answer without a prediction.

use berth_domain::Timestamp;

use crate::dispatch::{Places, Room};
use crate::policy::Policy;
use crate::snapshot::Snapshot;

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
    let places = Places::of_nodes(&snapshot.nodes);
    let any = places.any();
    let mut room = Room::of(
        &snapshot.nodes,
        &places,
        Policy::default().cpu_jobs_per_node,
    );
    let (total, largest) = (any.total_gpus(), any.largest_node());
    let sizes = std::iter::successors(Some(1u32), |size| size.checked_mul(2));
    let mut open: Vec<FreeAt> = sizes
        .take_while(|size| *size <= total)
        .map(|gpus| FreeAt {
            gpus,
            nodes: gpus.div_ceil(largest.max(1)),
            at: None,
        })
        .collect();
    let mut ends: Vec<_> = snapshot
        .active
        .iter()
        .map(|active| {
            let latest = active
                .limit_at()
                .or_else(|| now.checked_add(active.job.time_limit).ok());
            (latest.unwrap_or(Timestamp::MAX).max(now), &active.lease)
        })
        .collect();
    ends.sort_by_key(|(at, _)| *at);

    let mut mark = |room: &Room, at: Timestamp| {
        for size in open.iter_mut().filter(|size| size.at.is_none()) {
            if room
                .choose(any, size.nodes, size.gpus / size.nodes)
                .is_some()
            {
                size.at = Some(at);
            }
        }
        open.iter().all(|size| size.at.is_some())
    };
    let mut done = mark(&room, now);
    for (at, lease) in ends {
        if done {
            break;
        }
        for part in &lease.0 {
            let place = snapshot
                .nodes
                .iter()
                .position(|node| node.name == part.node);
            if let Some(place) = place.filter(|place| !snapshot.nodes[*place].cordoned) {
                for part in places.parts(&snapshot.nodes, place, &part.gpus) {
                    room.free[part.pool] += part.gpus;
                }
            }
        }
        done = mark(&room, at);
    }
    open
}
