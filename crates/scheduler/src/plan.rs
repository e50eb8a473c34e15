//! The plan: in strict order, everything that fits starts until something does not.
//!
//! Order: priority class, then the rank that people can change by moving a job. Jobs that cannot
//! start whatever is free (held, waiting for another job or for a time) stand aside and hold
//! nobody up; jobs without GPUs compete with nobody and start when a node has room.

use std::cmp::Reverse;
use std::collections::HashMap;

use berth_domain::{JobId, Lease, PendingReason, Timestamp};

use crate::place;
use crate::snapshot::{FreeNode, Gate, Pending, Policy, Snapshot};

/// What to do now, and why everything else waits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// In the order in which they start.
    pub starts: Vec<(JobId, Lease)>,
    /// Everything that still waits, next one first; those that stand aside last.
    pub order: Vec<JobId>,
    /// One for each job in `order`.
    pub reasons: HashMap<JobId, PendingReason>,
    /// When the clock alone could change the plan.
    pub wake_at: Option<Timestamp>,
}

#[must_use]
pub fn plan(snapshot: &Snapshot, policy: &Policy, now: Timestamp) -> Plan {
    let mut plan = Plan::default();
    let mut nodes = snapshot.nodes.clone();
    let mut running_tasks: HashMap<JobId, u32> = HashMap::new();
    for array in snapshot.active.iter().filter_map(|active| active.array) {
        *running_tasks.entry(array).or_default() += 1;
    }
    let mut ordered: Vec<&Pending> = snapshot.pending.iter().collect();
    ordered.sort_unstable_by(|a, b| {
        (Reverse(a.class), &a.rank, a.id).cmp(&(Reverse(b.class), &b.rank, b.id))
    });

    let mut aside = Vec::new();
    // The first job that fits nowhere at the moment, and how many wait up to the current one.
    let mut head: Option<JobId> = None;
    let mut ahead = 0;
    for job in ordered {
        let reason = match blocked_before_order(job, &running_tasks, &mut plan.wake_at, now) {
            Some(reason) => {
                plan.reasons.insert(job.id, reason);
                aside.push(job.id);
                continue;
            }
            None => match start(job, &mut nodes, snapshot, policy, (head, ahead)) {
                Ok(lease) => {
                    if let Some((array, _)) = job.array {
                        *running_tasks.entry(array).or_default() += 1;
                    }
                    plan.starts.push((job.id, lease));
                    continue;
                }
                Err(reason) => reason,
            },
        };
        if matches!(reason, PendingReason::NeverFits { .. }) {
            aside.push(job.id);
        } else {
            if job.gpus_per_node > 0 {
                head.get_or_insert(job.id);
                ahead += 1;
            }
            plan.order.push(job.id);
        }
        plan.reasons.insert(job.id, reason);
    }
    plan.order.append(&mut aside);
    plan
}

/// Why a job stands aside, whatever is free.
fn blocked_before_order(
    job: &Pending,
    running_tasks: &HashMap<JobId, u32>,
    wake_at: &mut Option<Timestamp>,
    now: Timestamp,
) -> Option<PendingReason> {
    match &job.gate {
        Gate::Closed(reason) => return Some(reason.clone()),
        Gate::Until(at, reason) if *at > now => {
            *wake_at = Some(wake_at.map_or(*at, |earlier| earlier.min(*at)));
            return Some(reason.clone());
        }
        Gate::Until(..) | Gate::Open => {}
    }
    let (array, limit) = job.array?;
    let running = running_tasks.get(&array).copied().unwrap_or(0);
    (running >= limit).then_some(PendingReason::ArrayLimit { limit })
}

/// The job's lease, or why it waits.
fn start(
    job: &Pending,
    nodes: &mut [FreeNode],
    snapshot: &Snapshot,
    policy: &Policy,
    (head, ahead): (Option<JobId>, u32),
) -> Result<Lease, PendingReason> {
    if let Some(why) = &snapshot.executor_down {
        return Err(PendingReason::ExecutorDown { why: why.clone() });
    }
    let (count, gpus) = (job.nodes as usize, job.gpus_per_node as usize);
    // Strict order: behind a job that waits for GPUs nobody takes any.
    if let Some(first) = head.filter(|_| gpus > 0) {
        if !place::ever_fits(nodes, count, gpus) {
            return Err(never_fits(job, nodes));
        }
        return Err(PendingReason::Priority { ahead, first });
    }
    if let Some(chosen) = place::choose(nodes, count, gpus, policy.cpu_jobs_per_node) {
        return Ok(place::take(nodes, &chosen, gpus));
    }
    if !place::ever_fits(nodes, count, gpus) {
        return Err(never_fits(job, nodes));
    }
    if gpus == 0 {
        return Err(PendingReason::CpuSlots {
            limit: policy.cpu_jobs_per_node,
        });
    }
    let free: usize = nodes.iter().map(|node| node.free.len()).sum();
    let wanted_gpus = job.nodes * job.gpus_per_node;
    let free_gpus = count_of(free);
    if free < count * gpus {
        return Err(PendingReason::Resources {
            wanted_gpus,
            free_gpus,
        });
    }
    Err(PendingReason::Fragmentation {
        nodes: job.nodes,
        gpus_per_node: job.gpus_per_node,
        free_gpus,
        best_node_free: count_of(nodes.iter().map(|node| node.free.len()).max().unwrap_or(0)),
    })
}

fn never_fits(job: &Pending, nodes: &[FreeNode]) -> PendingReason {
    PendingReason::NeverFits {
        nodes: job.nodes,
        gpus_per_node: job.gpus_per_node,
        largest_node: count_of(nodes.iter().map(|node| node.gpus).max().unwrap_or(0)),
        present_nodes: count_of(nodes.len()),
    }
}

fn count_of(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
