//! Running jobs, as far as stopping them goes.

use berth_domain::{NodeName, PriorityClass};
use rustc_hash::FxHashMap;

use crate::dispatch::order::{Keys, NEW, ran_s, seconds_since};
use crate::dispatch::places::{Parts, Place};
use crate::dispatch::walk::Walk;
use crate::snapshot::{Active, Snapshot};

/// A running job, as far as stopping it goes.
#[derive(Clone, Debug)]
pub(super) struct Running {
    pub(super) active: usize,
    pub(super) class: PriorityClass,
    pub(super) key: f64,
    /// What a stop costs in run time: the work since its last checkpoint, and the resume.
    pub(super) cost: f64,
    /// Its key less what a stop costs: those with most of it are stopped first, so that of alike
    /// jobs the one that loses the least work is.
    pub(super) yields: f64,
    /// What it has.
    pub(super) parts: Parts,
    /// It may be stopped now.
    pub(super) stoppable: bool,
    /// It may be stopped now for a job that has its first slice before it.
    pub(super) yields_to_new: bool,
    /// It may be stopped once it ran for a while longer.
    pub(super) soon: bool,
    pub(super) stopped: bool,
}

impl Running {
    /// How much of it is in a place.
    pub(super) fn on(&self, place: &Place) -> u32 {
        let pools = place.pools();
        let here = self.parts.iter().filter(|part| pools.contains(&part.pool));
        here.map(|part| part.gpus).sum()
    }

    /// Whether all of it is on one node.
    pub(super) fn is_together(&self) -> bool {
        let mut nodes = self.parts.iter().map(|part| part.node);
        let first = nodes.next();
        first.is_some() && nodes.all(|node| Some(node) == first)
    }

    pub(super) fn gpus(&self) -> u32 {
        self.parts.iter().map(|part| part.gpus).sum()
    }
}

/// Every job that runs and is not on its way out, in the order in which they would be stopped.
pub(super) struct AllRunning {
    pub(super) all: Vec<Running>,
    /// Places in `all` of who is on each pool.
    pub(super) by_pool: Vec<Vec<usize>>,
}

impl AllRunning {
    pub(super) fn of(walk: &Walk<'_>) -> Self {
        let all = all(walk);
        let mut by_pool = vec![Vec::new(); walk.places.pools()];
        for (place, one) in all.iter().enumerate() {
            for part in &one.parts {
                by_pool[part.pool].push(place);
            }
        }
        AllRunning { all, by_pool }
    }
}

/// When jobs that run have run long enough to be stopped, the plan may change.
pub(super) fn wake(walk: &mut Walk<'_>) {
    let (snapshot, now) = (walk.snapshot, walk.now);
    let min_run = walk.policy.preemption.min_run;
    if snapshot.pending.is_empty() {
        return;
    }
    for active in &snapshot.active {
        if active.job.preemptible
            && !active.stopping
            && ran_s(active, now) < min_run.as_secs_f64()
            && let Some(since) = active.since
            && let Ok(at) = since.checked_add(min_run)
        {
            walk.decision.wake(at);
        }
    }
}

fn all(walk: &Walk<'_>) -> Vec<Running> {
    let (snapshot, policy, now) = (walk.snapshot, walk.policy, walk.now);
    let keys = Keys::new(snapshot, policy, now);
    let nodes = open_nodes(snapshot);
    let min_run = policy.preemption.min_run;
    let mut all = Vec::with_capacity(snapshot.active.len());
    for (index, active) in snapshot
        .active
        .iter()
        .enumerate()
        .filter(|(_, one)| !one.stopping)
    {
        let long_enough = ran_s(active, now) >= min_run.as_secs_f64();
        let lost = active
            .checkpoint_at
            .map_or(0.0, |at| seconds_since(at, now));
        let again = policy.preemption.max_preemptions;
        let may = active.job.preemptible && again.is_none_or(|most| active.job.preemptions < most);
        let key = keys.running(active);
        let cost = lost + policy.preemption.resume_cost.as_secs_f64();
        all.push(Running {
            active: index,
            cost,
            yields: key - policy.preemption.hysteresis * cost,
            class: active.job.class,
            key,
            parts: parts(active, walk, &nodes),
            stoppable: may && long_enough,
            yields_to_new: may
                && (long_enough
                    || key > -NEW / 2.0
                        && ran_s(active, now) >= policy.preemption.min_run_new.as_secs_f64()),
            soon: may && !long_enough,
            stopped: false,
        });
    }
    all.sort_by(|a, b| b.yields.total_cmp(&a.yields).then(a.active.cmp(&b.active)));
    all
}

impl Running {
    pub(super) fn now(&self) -> bool {
        self.stoppable
    }

    pub(super) fn for_new(&self) -> bool {
        self.yields_to_new
    }

    pub(super) fn sooner_or_later(&self) -> bool {
        self.stoppable || self.soon
    }
}

/// The GPUs of jobs that are on their way out, by pool: they are as good as free for whom they
/// were stopped, so that nobody else is stopped for the same.
pub(super) fn ending(walk: &Walk<'_>) -> Vec<u32> {
    let mut gpus = vec![0; walk.places.pools()];
    let ending = walk.snapshot.active.iter().filter(|active| active.stopping);
    let mut ending = ending.peekable();
    if ending.peek().is_none() {
        return gpus;
    }
    let nodes = open_nodes(walk.snapshot);
    for active in ending {
        for part in parts(active, walk, &nodes) {
            gpus[part.pool] += part.gpus;
        }
    }
    gpus
}

/// Nodes that may be given, by name.
fn open_nodes(snapshot: &Snapshot) -> FxHashMap<&NodeName, usize> {
    let open = snapshot
        .nodes
        .iter()
        .enumerate()
        .filter(|(_, node)| !node.cordoned);
    open.map(|(place, node)| (&node.name, place)).collect()
}

fn parts(active: &Active, walk: &Walk<'_>, nodes: &FxHashMap<&NodeName, usize>) -> Parts {
    let held = active.lease.0.iter().filter(|part| !part.gpus.is_empty());
    let on = held.filter_map(|part| Some((*nodes.get(&part.node)?, &part.gpus)));
    on.flat_map(|(node, gpus)| walk.places.parts(&walk.snapshot.nodes, node, gpus))
        .collect()
}
