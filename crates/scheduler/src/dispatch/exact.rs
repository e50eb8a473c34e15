//! Which GPUs of a pool a job gets, where exact ones are promised to somebody.
//!
//! Everything else decides by counts. A GPU that is promised by name is given to others only if they
//! are done before, so that in its pool counts alone are not enough.

use std::collections::HashMap;

use berth_domain::{GpuRef, Timestamp};

use super::places::{Part, Places};
use super::walk::standing;
use crate::policy::{Policy, PreemptionMode};
use crate::snapshot::{Facts, Snapshot};

#[derive(Clone, Debug)]
pub(crate) struct Exact<'a> {
    snapshot: &'a Snapshot,
    places: &'a Places,
    now: Timestamp,
    /// Jobs that may be stopped may be anywhere: they make way.
    preemption: bool,
    /// By pool, where exact GPUs are promised: its free GPUs that are not given yet, each with the
    /// reservations that name it.
    marked: HashMap<usize, Vec<(&'a GpuRef, Vec<usize>)>>,
    /// By pool, everywhere else: how many of its free GPUs are given.
    given: HashMap<usize, usize>,
}

impl<'a> Exact<'a> {
    pub(crate) fn new(
        snapshot: &'a Snapshot,
        places: &'a Places,
        policy: &Policy,
        now: Timestamp,
    ) -> Self {
        let mut exact = Exact {
            snapshot,
            places,
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
            for part in places.parts(&snapshot.nodes, place, &node.free) {
                let free = places.free(node, part);
                let marks: Vec<_> = free.map(|gpu| (gpu, names(gpu.index))).collect();
                if marks.iter().any(|(_, marks)| !marks.is_empty()) {
                    exact.marked.insert(part.pool, marks);
                }
            }
        }
        exact
    }

    /// How many GPUs the pool has for the job, at most, that nobody else is promised by name in the
    /// seconds that it takes; of the reservations that `counts` says.
    pub(crate) fn open(
        &self,
        pool: usize,
        job: &Facts,
        length_s: f64,
        counts: impl Fn(usize) -> bool,
    ) -> u32 {
        let Some(left) = self.marked.get(&pool) else {
            return u32::MAX;
        };
        if self.preemption && job.preemptible {
            return u32::MAX;
        }
        let open = left.iter().filter(|(_, marks)| {
            let mut marks = marks.iter().filter(|one| counts(**one));
            !marks.any(|one| self.is_kept_from(*one, job, length_s))
        });
        u32::try_from(open.count()).unwrap_or(u32::MAX)
    }

    fn is_kept_from(&self, reservation: usize, job: &Facts, length_s: f64) -> bool {
        let reservation = &self.snapshot.reservations[reservation];
        !reservation.includes(job) && reservation.meets(self.now, length_s)
    }

    /// Gives a job what it takes of a pool: GPUs promised to it first, then those promised to nobody,
    /// then those promised furthest ahead.
    pub(crate) fn take(&mut self, job: &Facts, part: Part) -> Vec<GpuRef> {
        let (snapshot, now) = (self.snapshot, self.now);
        let wanted = part.gpus as usize;
        let Some(left) = self.marked.get_mut(&part.pool) else {
            let from = self.given.entry(part.pool).or_default();
            let free = self.places.free(&snapshot.nodes[part.node], part);
            let taken = free.skip(*from).take(wanted).cloned().collect();
            *from += wanted;
            return taken;
        };
        let rank = |(gpu, marks): &(&GpuRef, Vec<usize>)| {
            let all = marks.iter().map(|one| &snapshot.reservations[*one]);
            let own = all.clone().any(|one| one.includes(job));
            let soonest = all
                .filter(|one| !one.includes(job))
                .map(|one| one.start)
                .min();
            let kept = soonest.map(|at| -at.duration_since(now).as_secs());
            (kept.is_some(), !own, kept, gpu.index)
        };
        left.sort_by_key(rank);
        let wanted = wanted.min(left.len());
        left.drain(..wanted).map(|(gpu, _)| gpu.clone()).collect()
    }
}
