//! The order in which waiting jobs are looked at: class, then the policy's key, then the order of
//! submission; what people moved stands where they put it.

use std::cmp::Ordering;
use std::time::Duration;

use berth_domain::{JobId, MoveTo, PriorityClass, Timestamp};

use super::deadline::urgency;
use crate::fair::FairShare;
use crate::math;
use crate::policy::{Measure, Order, Policy, PreemptionMode};
use crate::predict::RunTime;
use crate::snapshot::{Active, Facts, Snapshot};

/// A waiting job in the order, with what the walk needs of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate<'a> {
    /// Its place in [`Snapshot::pending`].
    pub(crate) index: usize,
    pub(crate) job: &'a Facts,
    class: PriorityClass,
    /// Smaller goes first within a class.
    pub(crate) key: f64,
}

/// Waiting jobs, next one first.
pub(crate) fn ordered<'a>(
    snapshot: &'a Snapshot,
    policy: &Policy,
    now: Timestamp,
) -> Vec<Candidate<'a>> {
    let keys = Keys::new(snapshot, policy, now);
    let mut all: Vec<Candidate<'a>> = snapshot
        .pending
        .iter()
        .enumerate()
        .map(|(index, pending)| Candidate {
            index,
            job: &pending.job,
            class: pending.job.class,
            key: keys.waiting(&pending.job),
        })
        .collect();
    if !all.is_sorted_by(|a, b| compare(a, b).is_le()) {
        all.sort_unstable_by(compare);
    }
    if policy.order != Order::Submission && all.iter().any(|one| one.job.moved.is_some()) {
        put_where_moved(&mut all);
    }
    all
}

fn compare(a: &Candidate<'_>, b: &Candidate<'_>) -> Ordering {
    b.class
        .cmp(&a.class)
        .then_with(|| a.key.total_cmp(&b.key))
        .then_with(|| a.job.rank.cmp(&b.job.rank))
        .then_with(|| a.job.id.cmp(&b.job.id))
}

/// Takes out what people moved, in the order of their ranks, and puts each where it belongs. A
/// job that was moved next to one that no longer waits goes where the policy puts it.
fn put_where_moved(all: &mut Vec<Candidate<'_>>) {
    let waits = |id: JobId, all: &[Candidate<'_>]| all.iter().any(|one| one.job.id == id);
    let mut moved: Vec<Candidate<'_>> = all
        .iter()
        .filter(|one| match one.job.moved {
            Some(MoveTo::Before(id) | MoveTo::After(id)) => waits(id, all),
            Some(MoveTo::Top | MoveTo::Bottom) => true,
            None => false,
        })
        .copied()
        .collect();
    // Tops from the last one to the first, so that the lowest rank ends up first.
    moved.sort_by(|a, b| a.job.rank.cmp(&b.job.rank));
    all.retain(|one| moved.iter().all(|other| other.job.id != one.job.id));
    let place = |all: &[Candidate<'_>], one: &Candidate<'_>, id: JobId| {
        let found = all.iter().position(|other| other.job.id == id);
        found.filter(|at| all[*at].job.class == one.job.class)
    };
    let (tops, mut others): (Vec<_>, Vec<_>) = moved
        .into_iter()
        .partition(|one| one.job.moved == Some(MoveTo::Top));
    for one in tops.into_iter().rev() {
        let first = all.partition_point(|other| other.job.class > one.job.class);
        all.insert(first, one);
    }
    // One may stand next to another that was moved: go round until none finds its place.
    while !others.is_empty() {
        let before = others.len();
        others.retain(|one| {
            let at = match one.job.moved {
                Some(MoveTo::Before(id)) => place(all, one, id),
                Some(MoveTo::After(id)) => place(all, one, id).map(|at| at + 1),
                _ => Some(bottom(all, one)),
            };
            if let Some(at) = at {
                all.insert(at, *one);
            }
            at.is_none()
        });
        if others.len() == before {
            break;
        }
    }
    // Moved next to each other in a circle: as the policy orders them.
    for one in others {
        let at = all.partition_point(|other| compare(other, &one).is_lt());
        all.insert(at, one);
    }
}

/// Behind all of its class that were there when it was moved to the bottom: those of lower rank.
fn bottom(all: &[Candidate<'_>], one: &Candidate<'_>) -> usize {
    let last = all
        .iter()
        .rposition(|other| other.job.class == one.job.class && other.job.rank < one.job.rank);
    last.map_or_else(
        || all.partition_point(|other| other.job.class > one.job.class),
        |at| at + 1,
    )
}

/// What the keys of all jobs share.
pub(crate) struct Keys<'a> {
    policy: &'a Policy,
    now: Timestamp,
    cluster_gpus: f64,
    fair_share: FairShare<'a>,
    /// Of the policy's exponents: without preemption, with it, and of new jobs.
    size: Powers,
    size_left: Powers,
    size_new: Powers,
}

/// GPUs to a power, of common sizes worked out once.
struct Powers {
    exponent: f64,
    /// Of one GPU and up; empty until there are many to work out.
    known: Vec<f64>,
}

impl Powers {
    fn new(exponent: f64, jobs: usize) -> Self {
        let sizes = if jobs > 64 { 16u32 } else { 0 };
        Powers {
            exponent,
            known: (1..=sizes)
                .map(|gpus| math::pow(f64::from(gpus), exponent))
                .collect(),
        }
    }

    fn of(&self, gpus: u32) -> f64 {
        let gpus = gpus.max(1);
        match self.known.get(gpus as usize - 1) {
            Some(known) => *known,
            None => math::pow(f64::from(gpus), self.exponent),
        }
    }
}

impl<'a> Keys<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot, policy: &'a Policy, now: Timestamp) -> Self {
        let gpus: usize = snapshot.nodes.iter().map(|node| node.gpus).sum();
        let jobs = snapshot.pending.len().max(snapshot.active.len());
        Keys {
            size: Powers::new(policy.shortest.size_power, jobs),
            size_left: Powers::new(policy.preemption.size_power, jobs),
            size_new: Powers::new(policy.preemption.new_size_power, jobs),
            fair_share: FairShare::new(&snapshot.usage, &snapshot.quotas),
            policy,
            now,
            cluster_gpus: f64::from(u32::try_from(gpus.max(1)).unwrap_or(u32::MAX)),
        }
    }

    /// A waiting job's key; smaller goes first.
    pub(crate) fn waiting(&self, job: &Facts) -> f64 {
        match self.policy.order {
            Order::Submission => 0.0,
            Order::Multifactor => -self.multifactor(job),
            Order::Shortest if self.overdue(job) => OVERDUE,
            Order::Shortest if self.policy.preemption.mode == PreemptionMode::On => {
                self.attained(job, job.service.as_secs_f64(), self.waited(job))
            }
            Order::Shortest => self.shortest(job),
        }
    }

    /// A running job's key on the same scale, for preemption.
    pub(crate) fn running(&self, active: &Active) -> f64 {
        let job = &active.job;
        if self.waited(job) - ran_s(active, self.now) >= self.policy.shortest.max_wait.as_secs_f64()
        {
            return OVERDUE;
        }
        let served = active.job.service.as_secs_f64() + ran_s(active, self.now);
        self.attained(&active.job, served, 0.0)
    }

    /// Slurm's job priority (<https://slurm.schedmd.com/priority_multifactor.html>).
    fn multifactor(&self, job: &Facts) -> f64 {
        self.points(job).iter().sum()
    }

    /// Its parts: for age, fair share, size and deadline.
    pub(super) fn points(&self, job: &Facts) -> [f64; 4] {
        let weights = &self.policy.weights;
        let age = seconds_since(job.submitted_at, self.now) / weights.max_age.as_secs_f64();
        [
            weights.age * age.min(1.0),
            weights.fair_share * self.fair_share.factor(job),
            weights.size * f64::from(job.gpus()) / self.cluster_gpus,
            weights.deadline * urgency(job, job.service.as_secs_f64(), self.now),
        ]
    }

    fn shortest(&self, job: &Facts) -> f64 {
        let due = self.due(job, job.service.as_secs_f64());
        let Some(run_time) = &job.predicted else {
            // Whose deadline draws near before the others, of which nothing is known either.
            return (due - 1.0) * UNKNOWN;
        };
        let knobs = &self.policy.shortest;
        let expected = measure(run_time, knobs.measure, job.service.as_secs_f64());
        let size = self.size.of(job.gpus());
        let waited = seconds_since(job.submitted_at, self.now);
        knobs.aged(expected, waited) * size * self.fair(job, knobs.fair_share) * due
    }

    fn attained(&self, job: &Facts, served_s: f64, waited_s: f64) -> f64 {
        let knobs = &self.policy.preemption;
        let slice = knobs.first_slice.as_secs_f64();
        if served_s < slice {
            // Before everything that had its first slice; among each other by what the rest of
            // the slice takes.
            let first = job.predicted.as_ref().map_or(slice - served_s, |run_time| {
                run_time.service_until(served_s, slice)
            });
            let size = self.size_new.of(job.gpus());
            return first * size - NEW;
        }
        let remaining = job
            .predicted
            .as_ref()
            .map_or(served_s.max(slice), |run_time| {
                measure(run_time, knobs.measure, served_s)
            });
        let size = self.size_left.of(job.gpus());
        let patience = 1.0 + waited_s / (knobs.patience.max(1e-6) * served_s.max(slice));
        remaining * size / patience
            * self.fair(job, self.policy.shortest.fair_share)
            * self.due(job, served_s)
    }

    /// What the deadline makes of a job's expected work, as a factor: 1 for who has time, 0 for who
    /// must start now.
    pub(super) fn due(&self, job: &Facts, served_s: f64) -> f64 {
        let power = self.policy.shortest.deadline;
        if job.deadline.is_none() || power == 0.0 {
            return 1.0;
        }
        math::pow(1.0 - urgency(job, served_s, self.now), power)
    }

    /// Whether a job waited longer than anybody should.
    pub(super) fn overdue(&self, job: &Facts) -> bool {
        self.waited(job) >= self.policy.shortest.max_wait.as_secs_f64()
    }

    /// How long a job has been kept from running, in seconds.
    fn waited(&self, job: &Facts) -> f64 {
        (seconds_since(job.submitted_at, self.now) - job.service.as_secs_f64()).max(0.0)
    }

    /// Slurm's idea of an equal part, as a factor on expected work.
    pub(super) fn fair(&self, job: &Facts, weight: f64) -> f64 {
        if weight == 0.0 {
            return 1.0;
        }
        1.0 + weight * self.fair_share.load(job)
    }
}

/// The key of who waited too long, below that of everybody else who had the first slice. New jobs
/// still go first: that takes minutes, and they come every day.
const OVERDUE: f64 = -1.0;
/// How far before the others a job comes of which nothing is known, at the most: not before those
/// who waited too long.
const UNKNOWN: f64 = 0.5;
/// Below every key of a job that had its first slice: more GPU-seconds than any job has.
pub(crate) const NEW: f64 = 1e12;

pub(super) fn measure(run_time: &RunTime, measure: Measure, served_s: f64) -> f64 {
    match measure {
        Measure::Mean => run_time.remaining(served_s).mean_s,
        Measure::Gittins => run_time.gittins_s(served_s),
        Measure::Median => run_time.quantile_after(served_s, 0.5) - served_s,
    }
}

/// How long an attempt has been running.
pub(crate) fn ran_s(active: &Active, now: Timestamp) -> f64 {
    active.since.map_or(0.0, |since| seconds_since(since, now))
}

/// From now until then, never negative.
pub(crate) fn seconds_until(now: Timestamp, then: Timestamp) -> f64 {
    seconds_since(now, then)
}

/// Never negative: a clock that was set back makes nobody younger than new.
pub(crate) fn seconds_since(from: Timestamp, now: Timestamp) -> f64 {
    let ms = (now.as_millisecond() - from.as_millisecond()).max(0);
    Duration::from_millis(ms.unsigned_abs()).as_secs_f64()
}
