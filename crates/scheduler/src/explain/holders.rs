//! Who holds what a job needs.

use berth_domain::{JobId, NodeName, Timestamp, UserName};
use serde::{Deserialize, Serialize};

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
    let gpus = job.gpus_per_node as usize;
    let mut nodes: Vec<(f64, Vec<Holding>)> = snapshot
        .nodes
        .iter()
        .filter(|node| !node.cordoned && node.gpus >= gpus)
        .filter_map(|node| {
            let mut here: Vec<(f64, &Active, usize)> = snapshot
                .active
                .iter()
                .filter_map(|active| {
                    let part = active.lease.0.iter().find(|part| part.node == node.name)?;
                    let held = (active.expected_left_s(now), active, part.gpus.len());
                    Some(held).filter(|_| !part.gpus.is_empty())
                })
                .collect();
            here.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.job.id.cmp(&b.1.job.id)));
            let (mut free, mut at, mut holders) = (node.free.len(), 0.0, Vec::new());
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
                    gpus: held,
                    until: later(now, left),
                });
            }
            (free >= gpus).then_some((at, holders))
        })
        .collect();
    nodes.sort_by(|a, b| a.0.total_cmp(&b.0));
    let first = nodes.into_iter().take(job.nodes as usize);
    let mut all: Vec<Holding> = first.flat_map(|(_, holders)| holders).collect();
    all.sort_by(|a, b| a.until.cmp(&b.until).then(a.job.cmp(&b.job)));
    all
}
