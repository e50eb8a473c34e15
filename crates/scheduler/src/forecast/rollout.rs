//! The queue run forward: in the planner's order, each job takes the GPUs that are expected to be
//! free first.
//!
//! This is list scheduling (Graham 1969) with the gaps that gangs leave kept for shorter jobs. It
//! costs one pass over the queue, not one plan for each end, so that it can run during a drag.

use berth_domain::Timestamp;

use super::comes_by_itself;
use super::reserved::Reserved;
use crate::dispatch::Decision;
use crate::policy::{Backfill, Policy};
use crate::snapshot::{Facts, Snapshot};

/// How many gaps are remembered: those before the latest gangs.
const GAPS: usize = 64;

/// When each GPU of a node is free, in seconds from now, earliest first.
struct Node {
    free_at: Vec<f64>,
}

/// GPUs of a node that are free for a while before a larger job takes them.
struct Gap {
    node: usize,
    gpus: usize,
    from: f64,
    to: f64,
}

/// Places in [`Snapshot::pending`] with the seconds that each is expected to wait.
pub(super) fn waits_s(
    snapshot: &Snapshot,
    policy: &Policy,
    now: Timestamp,
    decision: &Decision,
) -> Vec<(usize, f64)> {
    let mut cluster = Cluster::of(snapshot, now);
    cluster.strict = policy.backfill == Backfill::None;
    for (index, nodes) in &decision.starts {
        let job = &snapshot.pending[*index].job;
        for node in nodes {
            cluster.take(*node, job.gpus_per_node as usize, 0.0, length_s(job));
        }
    }
    let mut reserved = Reserved::keep(&mut cluster, snapshot, policy, now, decision);
    let mut waits = Vec::with_capacity(decision.waiting.len());
    for (index, _) in decision
        .waiting
        .iter()
        .filter(|(_, why)| comes_by_itself(*why))
    {
        let job = &snapshot.pending[*index].job;
        let at = match reserved.place(&cluster, job) {
            Some(at) => Some(at),
            None => cluster.place(job),
        };
        if let Some(at) = at {
            waits.push((*index, at));
        }
    }
    waits
}

pub(super) struct Cluster {
    nodes: Vec<Node>,
    gaps: Vec<Gap>,
    /// Nobody starts before those ahead of it.
    strict: bool,
    last: f64,
}

impl Cluster {
    fn of(snapshot: &Snapshot, now: Timestamp) -> Self {
        let mut nodes: Vec<Node> = snapshot
            .nodes
            .iter()
            .map(|node| Node {
                free_at: if node.cordoned {
                    Vec::new()
                } else {
                    vec![0.0; node.free.len()]
                },
            })
            .collect();
        let place: std::collections::HashMap<_, usize> = snapshot
            .nodes
            .iter()
            .enumerate()
            .filter(|(_, node)| !node.cordoned)
            .map(|(place, node)| (&node.name, place))
            .collect();
        for active in &snapshot.active {
            let left = active.expected_left_s(now);
            for part in &active.lease.0 {
                if let Some(node) = place.get(&part.node) {
                    let ends = std::iter::repeat_n(left, part.gpus.len());
                    nodes[*node].free_at.extend(ends);
                }
            }
        }
        for node in &mut nodes {
            node.free_at.sort_by(f64::total_cmp);
        }
        Cluster {
            nodes,
            gaps: Vec::new(),
            strict: false,
            last: 0.0,
        }
    }

    /// When a job may start that could at this time.
    fn in_turn(&mut self, at: f64) -> f64 {
        if !self.strict {
            return at;
        }
        self.last = self.last.max(at);
        self.last
    }

    /// Gives a job its GPUs and says when.
    fn place(&mut self, job: &Facts) -> Option<f64> {
        let (count, gpus) = (job.nodes as usize, job.gpus_per_node as usize);
        let length = length_s(job);
        if gpus == 0 {
            return None;
        }
        if count == 1
            && !self.strict
            && let Some(at) = self.fill_gap(gpus, length)
        {
            return Some(at);
        }
        let first = |node: &Node| node.free_at.get(gpus - 1).copied();
        if count == 1 {
            let mut best: Option<(f64, usize)> = None;
            for (place, node) in self.nodes.iter().enumerate() {
                if let Some(at) = first(node)
                    && best.is_none_or(|(earliest, _)| at < earliest)
                {
                    best = Some((at, place));
                }
            }
            let (at, node) = best?;
            let at = self.in_turn(at);
            self.take(node, gpus, at, length);
            return Some(at);
        }
        let mut all: Vec<(f64, usize)> = self
            .nodes
            .iter()
            .enumerate()
            .filter_map(|(place, node)| Some((first(node)?, place)))
            .collect();
        if all.len() < count {
            return None;
        }
        all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let at = self.in_turn(all[count - 1].0);
        for (_, node) in &all[..count] {
            self.take(*node, gpus, at, length);
        }
        Some(at)
    }

    fn fill_gap(&mut self, gpus: usize, length: f64) -> Option<f64> {
        let fits = |gap: &Gap| gap.gpus >= gpus && gap.from + length <= gap.to;
        let found = self.gaps.iter().position(fits)?;
        let gap = &mut self.gaps[found];
        let (at, node) = (gap.from, gap.node);
        gap.gpus -= gpus;
        let rest = Gap {
            node,
            gpus,
            from: at + length,
            to: gap.to,
        };
        if self.gaps[found].gpus == 0 {
            self.gaps.swap_remove(found);
        }
        self.remember(rest);
        Some(at)
    }

    fn remember(&mut self, gap: Gap) {
        if gap.to - gap.from < 1.0 {
            return;
        }
        if self.gaps.len() == GAPS {
            self.gaps.remove(0);
        }
        self.gaps.push(gap);
    }

    /// When so many GPUs of a node, and of how many nodes, are free; gaps aside.
    pub(super) fn earliest(&self, job: &Facts) -> Option<f64> {
        let last = (job.gpus_per_node as usize).checked_sub(1)?;
        let mut all: Vec<f64> = self
            .nodes
            .iter()
            .filter_map(|node| node.free_at.get(last).copied())
            .collect();
        all.sort_by(f64::total_cmp);
        all.get((job.nodes as usize).checked_sub(1)?).copied()
    }

    /// When a node has so many GPUs from this time on, if it has as many.
    pub(super) fn free_from(&self, node: usize, gpus: usize, at: f64) -> Option<f64> {
        let free_at = &self.nodes[node].free_at;
        let last = gpus.checked_sub(1).and_then(|last| free_at.get(last));
        last.map(|free| free.max(at))
    }

    /// Takes the GPUs that are free first.
    fn take(&mut self, node: usize, gpus: usize, at: f64, length: f64) {
        self.take_from(node, 0, gpus, at, length);
    }

    /// Takes the GPUs that come free last before this time: what is free long before stays so.
    pub(super) fn take_late(&mut self, node: usize, gpus: usize, at: f64, length: f64) {
        let free_at = &self.nodes[node].free_at;
        let first = free_at.partition_point(|free| *free <= at);
        let first = first.saturating_sub(gpus);
        self.take_from(node, first, gpus, at, length);
    }

    /// What was free before the job starts is a gap.
    fn take_from(&mut self, node: usize, first: usize, gpus: usize, at: f64, length: f64) {
        let last = first + gpus;
        let mut taken: Vec<f64> = self.nodes[node].free_at.drain(first..last).collect();
        taken.retain(|from| at - from >= 1.0);
        while let Some(from) = taken.first().copied() {
            // Those that came free at the same time are one gap.
            let same = taken
                .iter()
                .take_while(|other| **other - from < 1.0)
                .count();
            taken.drain(..same);
            self.remember(Gap {
                node,
                gpus: same,
                from,
                to: at,
            });
        }
        let free_at = &mut self.nodes[node].free_at;
        let end = at + length;
        let place = free_at.partition_point(|other| *other <= end);
        free_at.splice(place..place, std::iter::repeat_n(end, gpus));
    }
}

/// How long a waiting job is expected to run, in seconds.
fn length_s(job: &Facts) -> f64 {
    let limit = job.time_limit.as_secs_f64();
    let served = job.service.as_secs_f64();
    job.predicted.as_ref().map_or(limit, |run_time| {
        run_time.remaining(served).mean_s.min(limit)
    })
}
