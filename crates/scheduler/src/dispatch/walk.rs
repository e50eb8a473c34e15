//! What both walks share: the state of one plan in the making, and what a job must pass before
//! GPUs are looked for.

use std::collections::HashMap;

use berth_domain::{JobId, Timestamp};

use super::exact::Exact;
use super::order::Candidate;
use super::places::{Part, Places};
use super::quotas::Quotas;
use super::room::{Gauge, Room};
use super::{Decision, Why};
use crate::policy::Policy;
use crate::snapshot::{Facts, Snapshot};

pub(super) struct Walk<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) policy: &'a Policy,
    pub(super) now: Timestamp,
    pub(super) places: &'a Places,
    pub(super) room: Room,
    pub(super) decision: Decision,
    /// Places in [`Snapshot::reservations`] of those that bind at this time.
    pub(super) standing: Vec<usize>,
    /// Where exact GPUs are promised.
    pub(super) exact: Exact<'a>,
    tasks: RunningTasks,
    quotas: Quotas<'a>,
    /// Over a quota while others may wait: looked at again when it is known who does.
    pub(super) deferred: Vec<(Candidate<'a>, Why)>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        snapshot: &'a Snapshot,
        policy: &'a Policy,
        now: Timestamp,
        places: &'a Places,
        room: Room,
        decision: Decision,
    ) -> Self {
        Walk {
            snapshot,
            policy,
            now,
            places,
            room,
            decision,
            standing: standing(snapshot, now),
            exact: Exact::new(snapshot, places, policy, now),
            tasks: RunningTasks::of(snapshot),
            quotas: Quotas::of(snapshot, policy, now),
            deferred: Vec::new(),
        }
    }

    /// Whether the job is to look for GPUs; if not, what becomes of it is written down.
    pub(super) fn admit(&mut self, candidate: &Candidate<'a>) -> bool {
        let job = candidate.job;
        if let Some(limit) = self.tasks.full(job) {
            let why = Why::ArrayLimit(limit);
            self.decision.aside.push((candidate.index, why));
            return false;
        }
        if self.snapshot.executor_down.is_some() {
            self.wait(candidate, Why::ExecutorDown);
            return false;
        }
        if job.gpus_per_node == 0 {
            match self.room.choose(self.places.of_job(job), job.nodes, 0) {
                Some(chosen) => self.start(candidate, chosen),
                None => self.wait(candidate, Why::CpuSlots),
            }
            return false;
        }
        let over = self.quotas.over(job);
        if let Some((Why::BudgetUser { until, .. } | Why::BudgetProject { until, .. }, _)) = over {
            self.decision.wake(until);
        }
        match over {
            None => true,
            // A cap: whatever is free, and whoever waits.
            Some((why, true)) => {
                self.decision.aside.push((candidate.index, why));
                false
            }
            Some((why, false)) => {
                self.deferred.push((*candidate, why));
                false
            }
        }
    }

    pub(super) fn start(&mut self, candidate: &Candidate<'a>, parts: Vec<Part>) {
        let job = candidate.job;
        self.room.take(&parts);
        for part in &parts {
            self.exact.take(job, *part);
        }
        self.tasks.start(job);
        self.quotas.start(job);
        self.decision.starts.push((candidate.index, parts));
    }

    pub(super) fn wait(&mut self, candidate: &Candidate<'a>, why: Why) {
        self.decision.waiting.push((candidate.index, why));
    }

    /// What a job would take now, of no pool more than is allowed.
    pub(super) fn choose(&self, job: &Facts, allowed: impl Fn(usize) -> u32) -> Option<Vec<Part>> {
        let need = self.places.of_job(job);
        self.room
            .choose_if(need, job.nodes, job.gpus_per_node, allowed)
    }

    /// What is free now.
    pub(super) fn gauge(&self) -> Gauge {
        Gauge {
            free: self.room.free_gpus(),
            best: self.room.best(self.places.any()),
        }
    }

    /// Why a job does not fit that does not.
    pub(super) fn no_room(&self, job: &Facts, Gauge { free, best }: Gauge) -> Why {
        let any = self.places.any();
        let fits_elsewhere = || {
            let found = self.room.choose(any, job.nodes, job.gpus_per_node);
            found.is_some()
        };
        if job.constraints.is_some() && fits_elsewhere() {
            return Why::Constraints;
        }
        Why::NoRoom { free, best }
    }

    /// Takes out of the deferred those that may borrow, because nobody waits whom the quota
    /// protects; the others wait.
    pub(super) fn borrowers(&mut self) -> Vec<Candidate<'a>> {
        let pending = &self.snapshot.pending;
        let waiting: Vec<&Facts> = self
            .decision
            .waiting
            .iter()
            .filter(|(_, why)| !matches!(why, Why::CpuSlots | Why::ExecutorDown))
            .map(|(index, _)| &pending[*index].job)
            .collect();
        let mut borrowers = Vec::new();
        for (candidate, why) in std::mem::take(&mut self.deferred) {
            let job = candidate.job;
            let protected = |other: &&Facts| match why {
                Why::QuotaProject { .. } | Why::BudgetProject { .. } => {
                    other.project != job.project
                }
                _ => other.owner != job.owner,
            };
            if waiting.iter().any(protected) {
                self.decision.waiting.push((candidate.index, why));
            } else {
                borrowers.push(candidate);
            }
        }
        self.quotas.lift();
        borrowers
    }
}

/// Places of the reservations that bind at this time.
pub(super) fn standing(snapshot: &Snapshot, now: Timestamp) -> Vec<usize> {
    let all = snapshot.reservations.iter().enumerate();
    all.filter(|(_, one)| one.stands(now, &snapshot.active))
        .map(|(place, _)| place)
        .collect()
}

/// How many tasks of each array run.
struct RunningTasks(HashMap<JobId, u32>);

impl RunningTasks {
    fn of(snapshot: &Snapshot) -> Self {
        let mut running = HashMap::new();
        for (array, _) in snapshot.active.iter().filter_map(|active| active.job.array) {
            *running.entry(array).or_default() += 1;
        }
        RunningTasks(running)
    }

    /// The limit, if it is reached.
    fn full(&self, job: &Facts) -> Option<u32> {
        let (array, limit) = job.array?;
        let limit = limit?;
        let running = self.0.get(&array).copied().unwrap_or(0);
        (running >= limit).then_some(limit)
    }

    fn start(&mut self, job: &Facts) {
        if let Some((array, _)) = job.array {
            *self.0.entry(array).or_default() += 1;
        }
    }
}
