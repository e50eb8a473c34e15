//! Placement: which GPUs, exactly. A gang gets all its GPUs or none; best fit keeps whole nodes
//! whole.

use berth_domain::{Lease, NodeLease};

use crate::snapshot::FreeNode;

/// The nodes that a job of this size would take: those with the least room that still fits, so
/// that larger gaps stay for larger jobs; by name where that leaves a choice. Rank 0 gets the
/// first by name.
pub(crate) fn choose(
    nodes: &[FreeNode],
    count: usize,
    gpus: usize,
    cpu_limit: u32,
) -> Option<Vec<usize>> {
    let fits = |node: &FreeNode| {
        if gpus == 0 {
            node.cpu_jobs < cpu_limit
        } else {
            node.free.len() >= gpus
        }
    };
    let mut fitting: Vec<usize> = (0..nodes.len())
        .filter(|place| fits(&nodes[*place]))
        .collect();
    if fitting.len() < count {
        return None;
    }
    if gpus == 0 {
        fitting.sort_by_key(|place| nodes[*place].cpu_jobs);
    } else {
        fitting.sort_by_key(|place| nodes[*place].free.len());
    }
    fitting.truncate(count);
    fitting.sort_unstable();
    Some(fitting)
}

/// Takes the GPUs and gives the lease.
pub(crate) fn take(nodes: &mut [FreeNode], chosen: &[usize], gpus: usize) -> Lease {
    let part = |place: &usize| {
        let node = &mut nodes[*place];
        if gpus == 0 {
            node.cpu_jobs += 1;
        }
        NodeLease {
            node: node.name.clone(),
            gpus: node.free.drain(..gpus).collect(),
        }
    };
    Lease(chosen.iter().map(part).collect())
}

/// Whether the job would fit if everything were free.
pub(crate) fn ever_fits(nodes: &[FreeNode], count: usize, gpus: usize) -> bool {
    nodes.iter().filter(|node| node.gpus >= gpus).count() >= count
}
