//! Who holds what a job needs.

use std::collections::HashSet;

use berth_domain::{GpuRef, JobId, NodeName, Timestamp, UserName};
use serde::{Deserialize, Serialize};

use crate::dispatch::Places;
use crate::plan::later;
use crate::snapshot::{Active, Facts, Snapshot};

/// A running job that stands where the other would go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    pub job: JobId,
    pub owner: UserName,
    pub node: NodeName,
    pub gpus: usize,
    /// When it is expected to end.
    pub until: Timestamp,
}

/// The jobs that must end, as they are expected to, before this one fits: on the nodes where that
/// is soonest, earliest end first. Empty when it would fit now.
pub(super) fn of(snapshot: &Snapshot, job: &Facts, now: Timestamp) -> Vec<Holding> {
    let gpus = job.gpus_per_node;
    let places = Places::of(snapshot);
    let open = places
        .of_job(job)
        .places
        .iter()
        .filter(|place| !snapshot.nodes[place.node].cordoned);
    let mut all: Vec<(f64, usize, Vec<Holding>)> = open
        .filter_map(|place| {
            let node = &snapshot.nodes[place.node];
            let in_place = |gpus: &[GpuRef]| -> u32 {
                let parts = places.parts(&snapshot.nodes, place.node, gpus);
                let here = parts
                    .iter()
                    .filter(|part| place.pools().contains(&part.pool));
                here.map(|part| part.gpus).sum()
            };
            let mut here: Vec<(f64, &Active, u32)> = snapshot
                .active
                .iter()
                .filter_map(|active| {
                    let part = active.lease.0.iter().find(|part| part.node == node.name)?;
                    let held = in_place(&part.gpus);
                    (held > 0).then_some((active.expected_left_s(now), active, held))
                })
                .collect();
            here.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.job.id.cmp(&b.1.job.id)));
            let (mut free, mut at, mut holders) = (in_place(&node.free), 0.0, Vec::new());
            for (left, active, held) in here {
                if free >= gpus {
                    break;
                }
                free += held;
                at = left;
                holders.push(Holding {
                    job: active.job.id,
                    owner: active.job.owner.clone(),
                    node: node.name.clone(),
                    gpus: held as usize,
                    until: later(now, left),
                });
            }
            (free >= gpus).then_some((at, place.node, holders))
        })
        .collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut nodes = HashSet::new();
    // A node with several islands is still one node.
    all.retain(|(_, node, _)| nodes.insert(*node));
    let first = all.into_iter().take(job.nodes as usize);
    let mut all: Vec<Holding> = first.flat_map(|(_, _, holders)| holders).collect();
    all.sort_by(|a, b| a.until.cmp(&b.until).then(a.job.cmp(&b.job)));
    all
}
