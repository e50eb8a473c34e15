//! Which GPUs of a node a job gets, where exact ones are promised to somebody.
//!
//! Everything else decides by counts. A GPU that is promised by name is given to others only if they
//! are done before, so that on its node counts alone are not enough.

use std::collections::HashMap;

use berth_domain::{GpuRef, Timestamp};

use super::walk::standing;
use crate::policy::{Policy, PreemptionMode};
use crate::snapshot::{Facts, Snapshot};

#[derive(Clone, Debug)]
pub(crate) struct Exact<'a> {
    snapshot: &'a Snapshot,
    now: Timestamp,
    /// Jobs that may be stopped may be anywhere: they make way.
    preemption: bool,
    /// By node, where exact GPUs are promised: places in its free GPUs that are not given yet, each
    /// with the reservations that name it.
    marked: HashMap<usize, Vec<(usize, Vec<usize>)>>,
    /// By node, everywhere else: how many of its free GPUs are given.
    given: HashMap<usize, usize>,
}

impl<'a> Exact<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot, policy: &Policy, now: Timestamp) -> Self {
        let mut exact = Exact {
            snapshot,
            now,
            preemption: policy.preemption.mode == PreemptionMode::On,
            marked: HashMap::new(),
            given: HashMap::new(),
        };
        if snapshot.reservations.iter().all(|one| one.exact.is_empty()) {
            return exact;
        }
        let standing = standing(snapshot, now);
        for (place, node) in snapshot.nodes.iter().enumerate() {
            let names = |index: u32| {
                let all = standing.iter().copied();
                all.filter(|one| {
                    let reservation = &snapshot.reservations[*one];
                    reservation.exact.contains(&index) && reservation.may_be_on(&node.name)
                })
                .collect::<Vec<usize>>()
            };
            let free = node.free.iter().enumerate();
            let marks: Vec<_> = free.map(|(at, gpu)| (at, names(gpu.index))).collect();
            if marks.iter().any(|(_, marks)| !marks.is_empty()) {
                exact.marked.insert(place, marks);
            }
        }
        exact
    }

    /// Whether the node has enough GPUs for the job that nobody else is promised by name in the
    /// seconds that it takes; of the reservations that `counts` says.
    pub(crate) fn fits(
        &self,
        node: usize,
        job: &Facts,
        length_s: f64,
        counts: impl Fn(usize) -> bool,
    ) -> bool {
        let Some(left) = self.marked.get(&node) else {
            return true;
        };
        if self.preemption && job.preemptible {
            return true;
        }
        let open = left.iter().filter(|(_, marks)| {
            let mut marks = marks.iter().filter(|one| counts(**one));
            !marks.any(|one| self.is_kept_from(*one, job, length_s))
        });
        open.count() >= job.gpus_per_node as usize
    }

    fn is_kept_from(&self, reservation: usize, job: &Facts, length_s: f64) -> bool {
        let reservation = &self.snapshot.reservations[reservation];
        !reservation.includes(job) && reservation.meets(self.now, length_s)
    }

    /// Gives a job GPUs of each of these nodes, by place in what is free there: those promised to
    /// it first, then those promised to nobody, then those promised furthest ahead.
    pub(crate) fn take(&mut self, job: &Facts, nodes: &[usize]) -> Vec<Vec<GpuRef>> {
        let parts = nodes.iter();
        parts.map(|node| self.take_on(*node, job)).collect()
    }

    fn take_on(&mut self, node: usize, job: &Facts) -> Vec<GpuRef> {
        let (snapshot, now) = (self.snapshot, self.now);
        let wanted = job.gpus_per_node as usize;
        let free = &snapshot.nodes[node].free;
        let Some(left) = self.marked.get_mut(&node) else {
            let from = self.given.entry(node).or_default();
            let taken = free[*from..*from + wanted].to_vec();
            *from += wanted;
            return taken;
        };
        let rank = |(at, marks): &(usize, Vec<usize>)| {
            let all = marks.iter().map(|one| &snapshot.reservations[*one]);
            let own = all.clone().any(|one| one.includes(job));
            let soonest = all
                .filter(|one| !one.includes(job))
                .map(|one| one.start)
                .min();
            let kept = soonest.map(|at| -at.duration_since(now).as_secs());
            (kept.is_some(), !own, kept, *at)
        };
        left.sort_by_key(rank);
        let mut places: Vec<usize> = left.drain(..wanted).map(|(at, _)| at).collect();
        // As indices rise in every lease.
        places.sort_unstable();
        places.into_iter().map(|at| free[at].clone()).collect()
    }
}
