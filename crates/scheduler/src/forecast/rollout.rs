//! The queue run forward: in the planner's order, each job takes the GPUs that are expected to be
//! free first.
//!
//! This is list scheduling (Graham 1969) with the gaps that gangs leave kept for shorter jobs. It
//! costs one pass over the queue, not one plan for each end, so that it can run during a drag.

use std::collections::HashMap;
use std::iter::repeat_n;

use berth_domain::Timestamp;

use super::comes_by_itself;
use super::reserved::Reserved;
use crate::dispatch::{Decision, Need, Place, Places};
use crate::policy::{Backfill, Policy};
use crate::snapshot::{Facts, Snapshot};

/// How many gaps are remembered: those before the latest gangs.
const GAPS: usize = 64;

/// When each GPU of a pool is free, in seconds from now, earliest first.
type FreeAt = Vec<f64>;

/// GPUs of a pool that are free for a while before a larger job takes them.
struct Gap {
    pool: usize,
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
    let places = &decision.places;
    let mut cluster = Cluster::of(snapshot, places, now);
    cluster.strict = policy.backfill == Backfill::None;
    for (index, parts) in &decision.starts {
        let job = &snapshot.pending[*index].job;
        for part in parts {
            cluster.take(part.pool, part.gpus as usize, 0.0, length_s(job));
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
        let need = places.of_job(job);
        let at = match reserved.place(&cluster, job, need) {
            Some(at) => Some(at),
            None => cluster.place(job, need),
        };
        if let Some(at) = at {
            waits.push((*index, at));
        }
    }
    waits
}

pub(super) struct Cluster {
    pools: Vec<FreeAt>,
    gaps: Vec<Gap>,
    /// Nobody starts before those ahead of it.
    strict: bool,
    last: f64,
}

impl Cluster {
    fn of(snapshot: &Snapshot, places: &Places, now: Timestamp) -> Self {
        let mut pools: Vec<FreeAt> = vec![Vec::new(); places.pools()];
        let mut open = HashMap::new();
        for (place, node) in snapshot.nodes.iter().enumerate() {
            if node.cordoned {
                continue;
            }
            open.insert(&node.name, place);
            for part in places.parts(&snapshot.nodes, place, &node.free) {
                pools[part.pool].extend(repeat_n(0.0, part.gpus as usize));
            }
        }
        for active in &snapshot.active {
            let left = active.expected_left_s(now);
            for held in &active.lease.0 {
                let Some(node) = open.get(&held.node) else {
                    continue;
                };
                for part in places.parts(&snapshot.nodes, *node, &held.gpus) {
                    pools[part.pool].extend(repeat_n(left, part.gpus as usize));
                }
            }
        }
        for free_at in &mut pools {
            free_at.sort_by(f64::total_cmp);
        }
        Cluster {
            pools,
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
    fn place(&mut self, job: &Facts, need: &Need) -> Option<f64> {
        let (count, gpus) = (job.nodes as usize, job.gpus_per_node as usize);
        let length = length_s(job);
        if gpus == 0 {
            return None;
        }
        if count == 1
            && !self.strict
            && let Some(at) = self.fill_gap(need, gpus, length)
        {
            return Some(at);
        }
        if count == 1 && need.plain {
            let (at, pool) = self.earliest_pool(gpus)?;
            let at = self.in_turn(at);
            self.take(pool, gpus, at, length);
            return Some(at);
        }
        if count == 1 {
            let mut best: Option<(f64, &Place)> = None;
            for place in &need.places {
                if let Some(at) = self.first(place, gpus)
                    && best.is_none_or(|(earliest, _)| at < earliest)
                {
                    best = Some((at, place));
                }
            }
            let (at, place) = best?;
            let at = self.in_turn(at);
            self.take_in(place, gpus, at, length);
            return Some(at);
        }
        let mut all = self.by_node(need, gpus);
        if all.len() < count {
            return None;
        }
        // The first by name where that leaves a choice.
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        let at = self.in_turn(all[count - 1].0);
        for (_, place) in &all[..count] {
            self.take_in(place, gpus, at, length);
        }
        Some(at)
    }

    /// When each node has so many GPUs free, in its best place.
    fn by_node<'a>(&self, need: &'a Need, gpus: usize) -> Vec<(f64, &'a Place)> {
        let mut all: Vec<(f64, &Place)> = Vec::with_capacity(need.places.len());
        for place in &need.places {
            let Some(at) = self.first(place, gpus) else {
                continue;
            };
            match all.last_mut() {
                // A node with several islands is still one node.
                Some(last) if last.1.node == place.node => {
                    if at < last.0 {
                        *last = (at, place);
                    }
                }
                _ => all.push((at, place)),
            }
        }
        all
    }

    /// The pool that has so many GPUs free first, and when.
    fn earliest_pool(&self, gpus: usize) -> Option<(f64, usize)> {
        let mut best: Option<(f64, usize)> = None;
        for (pool, free_at) in self.pools.iter().enumerate() {
            if let Some(at) = free_at.get(gpus - 1).copied()
                && best.is_none_or(|(earliest, _)| at < earliest)
            {
                best = Some((at, pool));
            }
        }
        best
    }

    /// When a place has so many GPUs free, if it ever does.
    fn first(&self, place: &Place, gpus: usize) -> Option<f64> {
        if let [pool] = place.pools() {
            return self.pools[*pool].get(gpus - 1).copied();
        }
        let pools = place.pools().iter();
        let mut all: Vec<f64> = pools.flat_map(|pool| self.pools[*pool].clone()).collect();
        all.sort_by(f64::total_cmp);
        all.get(gpus - 1).copied()
    }

    /// Takes GPUs of a place that are free by then.
    fn take_in(&mut self, place: &Place, gpus: usize, at: f64, length: f64) {
        if let [pool] = place.pools() {
            self.take(*pool, gpus, at, length);
            return;
        }
        let wanted = u32::try_from(gpus).unwrap_or(u32::MAX);
        let parts = place.split(wanted, |pool| {
            let free = self.pools[pool].partition_point(|free_at| *free_at <= at);
            u32::try_from(free).unwrap_or(u32::MAX)
        });
        for part in parts {
            self.take(part.pool, part.gpus as usize, at, length);
        }
    }

    fn fill_gap(&mut self, need: &Need, gpus: usize, length: f64) -> Option<f64> {
        let allowed = |pool: usize| {
            need.plain
                || need
                    .places
                    .iter()
                    .any(|place| place.pools().contains(&pool))
        };
        let fits = |gap: &Gap| gap.gpus >= gpus && gap.from + length <= gap.to && allowed(gap.pool);
        let found = self.gaps.iter().position(fits)?;
        let gap = &mut self.gaps[found];
        let (at, pool) = (gap.from, gap.pool);
        gap.gpus -= gpus;
        let rest = Gap {
            pool,
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
    pub(super) fn earliest(&self, job: &Facts, need: &Need) -> Option<f64> {
        let gpus = job.gpus_per_node as usize;
        let last = (job.nodes as usize).checked_sub(1)?;
        let mut all = self.by_node(need, gpus);
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        all.get(last).map(|(at, _)| *at)
    }

    /// When a place has so many GPUs from this time on, if it has as many.
    pub(super) fn free_from(&self, place: &Place, gpus: usize, at: f64) -> Option<f64> {
        self.first(place, gpus).map(|free| free.max(at))
    }

    /// Takes the GPUs that are free first.
    fn take(&mut self, pool: usize, gpus: usize, at: f64, length: f64) {
        self.take_from(pool, 0, gpus, at, length);
    }

    /// Takes the GPUs of a place that come free last before this time: what is free long before
    /// stays so.
    pub(super) fn take_late(&mut self, place: &Place, gpus: u32, at: f64, length: f64) {
        let free_by =
            |pools: &[FreeAt], pool: usize| pools[pool].partition_point(|free| *free <= at);
        let parts = place.split(gpus, |pool| {
            u32::try_from(free_by(&self.pools, pool)).unwrap_or(u32::MAX)
        });
        for part in parts {
            let gpus = part.gpus as usize;
            let first = free_by(&self.pools, part.pool).saturating_sub(gpus);
            self.take_from(part.pool, first, gpus, at, length);
        }
    }

    /// What was free before the job starts is a gap.
    fn take_from(&mut self, pool: usize, first: usize, gpus: usize, at: f64, length: f64) {
        let last = first + gpus;
        let mut taken: Vec<f64> = self.pools[pool].drain(first..last).collect();
        taken.retain(|from| at - from >= 1.0);
        while let Some(from) = taken.first().copied() {
            // Those that came free at the same time are one gap.
            let same = taken
                .iter()
                .take_while(|other| **other - from < 1.0)
                .count();
            taken.drain(..same);
            self.remember(Gap {
                pool,
                gpus: same,
                from,
                to: at,
            });
        }
        let free_at = &mut self.pools[pool];
        let end = at + length;
        let place = free_at.partition_point(|other| *other <= end);
        free_at.splice(place..place, repeat_n(end, gpus));
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
