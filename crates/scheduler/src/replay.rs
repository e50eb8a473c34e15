//! Today's queue run on by the planner itself: on a copy of the present it plans, starts, lets end and
//! plans again, until those who wait have started. What a change would come to is the difference of
//! two such runs.
//!
//! A forecast is one pass over the queue and costs a plan; this costs a plan for each start and end, and
//! in turn knows all that the planner knows: time limits, reservations, quotas, arrays and whom it would
//! stop. How long jobs run the caller says: what is predicted, or what came of them.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::time::Duration;

use berth_domain::{GpuRef, JobId, Lease, NodeName, Timestamp};

use crate::dispatch;
use crate::plan::{self, later};
use crate::policy::Policy;
use crate::snapshot::{Active, Facts, Gate, Pending, Snapshot};
use crate::spent::Use;

/// So often the planner may stop some for others at one moment.
const ROUNDS: u32 = 16;
/// What was told to end does so within this.
const STOPS_S: f64 = 30.0;

/// What the planner does not know.
pub struct Script<'a> {
    /// How long a job runs on, in seconds, that ran so long in its present attempt.
    pub left_s: &'a dyn Fn(&Facts, f64) -> f64,
    /// Who comes later and when, in order of time.
    pub arrivals: &'a [(Timestamp, Pending)],
    /// It is followed no further than this, in time and in plans.
    pub until: Timestamp,
    pub most_plans: u32,
}

impl std::fmt::Debug for Script<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Script")
            .field("arrivals", &self.arrivals.len())
            .field("until", &self.until)
            .field("most_plans", &self.most_plans)
            .finish_non_exhaustive()
    }
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// When each job first started of those that waited or came.
    pub starts: HashMap<JobId, Timestamp>,
    /// Up to when it was followed: what has no start starts later. [`Timestamp::MAX`] when nobody waited any
    /// more, or nothing could happen any more: what has no start then has none.
    pub until: Timestamp,
    /// GPU time that was free while somebody waited, in GPU-seconds.
    pub idle_gpu_s: f64,
    pub plans: u32,
}

impl Snapshot {
    /// The same with only those of the waiting jobs that come first, and `also`: the others hardly matter
    /// to them. What waits for something that no plan brings is left out, and so is what needs no GPU.
    #[must_use]
    pub fn first(&self, policy: &Policy, now: Timestamp, most: usize, also: &[JobId]) -> Self {
        let mut left = most;
        let mut kept = Vec::new();
        for index in dispatch::in_order(self, policy, now) {
            let one = &self.pending[index];
            if matches!(one.gate, Gate::Closed(_)) || one.job.gpus() == 0 {
                continue;
            }
            if left > 0 || also.contains(&one.job.id) {
                kept.push(one.clone());
            }
            left = left.saturating_sub(1);
        }
        Snapshot {
            nodes: self.nodes.clone(),
            pending: kept,
            active: self.active.clone(),
            executor_down: self.executor_down.clone(),
            usage: self.usage.clone(),
            spent: self.spent.clone(),
            reservations: self.reservations.clone(),
            quotas: self.quotas.clone(),
            cordons: self.cordons.clone(),
            foreign: self.foreign.clone(),
        }
    }
}

/// Runs the queue on.
#[must_use]
pub fn replay(
    snapshot: Snapshot,
    policy: &Policy,
    now: Timestamp,
    script: &Script<'_>,
) -> Replayed {
    let mut run = Run::new(snapshot, policy, now, script);
    let until = run.go();
    Replayed {
        starts: run.starts,
        until,
        idle_gpu_s: run.idle_gpu_s,
        plans: run.plans,
    }
}

struct Run<'a> {
    snapshot: Snapshot,
    policy: &'a Policy,
    script: &'a Script<'a>,
    now: Timestamp,
    nodes: HashMap<NodeName, usize>,
    /// An end of an attempt that was stopped before is stale.
    ends: BinaryHeap<Reverse<(Timestamp, JobId, u32)>>,
    attempts: HashMap<JobId, Attempt>,
    starts: HashMap<JobId, Timestamp>,
    idle_gpu_s: f64,
    plans: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Attempt {
    number: u32,
    /// What is left of it when it begins, if that is known.
    left_s: Option<f64>,
}

impl<'a> Run<'a> {
    fn new(snapshot: Snapshot, policy: &'a Policy, now: Timestamp, script: &'a Script<'a>) -> Self {
        let names = snapshot.nodes.iter().map(|node| node.name.clone());
        let mut run = Run {
            nodes: names.zip(0..).collect(),
            policy,
            script,
            now,
            ends: BinaryHeap::new(),
            attempts: HashMap::new(),
            starts: HashMap::new(),
            idle_gpu_s: 0.0,
            plans: 0,
            snapshot: Snapshot::default(),
        };
        for active in &snapshot.active {
            let left = if active.stopping {
                STOPS_S
            } else {
                (script.left_s)(&active.job, dispatch::ran_s(active, now))
            };
            run.ends.push(Reverse((later(now, left), active.job.id, 0)));
            let attempt = Attempt {
                number: 0,
                left_s: Some(left),
            };
            run.attempts.insert(active.job.id, attempt);
        }
        run.snapshot = snapshot;
        run
    }

    /// Returns up to when it was followed.
    fn go(&mut self) -> Timestamp {
        let mut arrivals = self.script.arrivals.iter().peekable();
        loop {
            let wake = self.plan();
            if self.plans >= self.script.most_plans {
                return self.now;
            }
            let end = self.ends.peek().map(|Reverse((at, ..))| *at);
            let next = arrivals.peek().map(|(at, _)| *at);
            // When nobody waits any more the rest changes nothing for anybody.
            if self.snapshot.pending.is_empty() && next.is_none() {
                return Timestamp::MAX;
            }
            let Some(at) = [end, next, wake].into_iter().flatten().min() else {
                return Timestamp::MAX;
            };
            if at > self.script.until {
                self.advance(self.script.until);
                return self.now;
            }
            self.advance(at.max(self.now));
            while let Some(Reverse((end, job, attempt))) = self.ends.peek().copied()
                && end <= self.now
            {
                self.ends.pop();
                if self
                    .attempts
                    .get(&job)
                    .is_some_and(|one| one.number == attempt)
                {
                    self.end(job);
                }
            }
            while let Some((_, pending)) = arrivals.next_if(|(at, _)| *at <= self.now) {
                self.snapshot.pending.push(pending.clone());
            }
        }
    }

    fn advance(&mut self, to: Timestamp) {
        let open = |one: &Pending| match &one.gate {
            Gate::Open => true,
            Gate::Until(at, _) => *at <= self.now,
            Gate::Closed(_) => false,
        };
        if self.snapshot.pending.iter().any(open) {
            let nodes = self.snapshot.nodes.iter().filter(|node| !node.cordoned);
            let free: usize = nodes.map(|node| node.free.len()).sum();
            let span = to.duration_since(self.now).as_secs_f64().max(0.0);
            self.idle_gpu_s += f64::from(u32::try_from(free).unwrap_or(u32::MAX)) * span;
        }
        self.now = to;
    }

    /// Plans and does what the plan says; returns when to plan again by the clock alone.
    fn plan(&mut self) -> Option<Timestamp> {
        for _ in 0..ROUNDS {
            self.plans += 1;
            let decision = dispatch::decide(&self.snapshot, self.policy, self.now);
            let leases = plan::leases(&self.snapshot, self.policy, self.now, &decision);
            let stops = plan::preemptions(&self.snapshot, &decision);
            let mut started: Vec<usize> = decision.starts.iter().map(|(index, _)| *index).collect();
            for ((_, lease), index) in leases.into_iter().zip(&started) {
                self.start(*index, lease);
            }
            started.sort_unstable();
            for index in started.into_iter().rev() {
                self.snapshot.pending.remove(index);
            }
            for stop in &stops {
                self.stop(stop.job);
            }
            if stops.is_empty() {
                let soonest = later(self.now, 1.0);
                return decision.wake_at.map(|at| at.max(soonest));
            }
        }
        None
    }

    fn start(&mut self, index: usize, lease: Lease) {
        let job = self.snapshot.pending[index].job.clone();
        for part in &lease.0 {
            if let Some(node) = self.nodes.get(&part.node) {
                let free = &mut self.snapshot.nodes[*node].free;
                free.retain(|gpu| !part.gpus.contains(gpu));
            }
        }
        self.starts.entry(job.id).or_insert(self.now);
        let attempt = self.attempts.entry(job.id).or_default();
        attempt.number += 1;
        let left = attempt
            .left_s
            .unwrap_or_else(|| (self.script.left_s)(&job, 0.0))
            .max(1.0);
        attempt.left_s = Some(left);
        let end = later(self.now, left);
        self.ends.push(Reverse((end, job.id, attempt.number)));
        self.snapshot.active.push(Active {
            job,
            lease,
            since: Some(self.now),
            checkpoint_at: None,
            stopping: false,
        });
    }

    fn end(&mut self, job: JobId) {
        if let Some(active) = self.take(job) {
            self.charge(&active);
        }
    }

    /// It is stopped for another and waits again, less what it has done.
    fn stop(&mut self, job: JobId) {
        let Some(active) = self.take(job) else { return };
        self.charge(&active);
        let ran = dispatch::ran_s(&active, self.now);
        let attempt = self.attempts.entry(job).or_default();
        attempt.number += 1;
        let resume = self.policy.preemption.resume_cost.as_secs_f64();
        attempt.left_s = attempt.left_s.map(|left| (left - ran).max(0.0) + resume);
        let service = active.job.service + Duration::try_from_secs_f64(ran).unwrap_or_default();
        self.snapshot.pending.push(Pending {
            job: Facts {
                service,
                preemptions: active.job.preemptions + 1,
                ..active.job
            },
            gate: Gate::Open,
        });
    }

    /// Takes a running job out; its GPUs are free.
    fn take(&mut self, job: JobId) -> Option<Active> {
        let mut all = self.snapshot.active.iter();
        let index = all.position(|active| active.job.id == job)?;
        let active = self.snapshot.active.remove(index);
        for part in &active.lease.0 {
            if let Some(node) = self.nodes.get(&part.node) {
                let free: &mut Vec<GpuRef> = &mut self.snapshot.nodes[*node].free;
                free.extend(part.gpus.iter().cloned());
                free.sort_by_key(|gpu| gpu.index);
            }
        }
        Some(active)
    }

    fn charge(&mut self, active: &Active) {
        let (job, to) = (&active.job, self.now);
        let (owner, project) = (&job.owner, job.project.as_deref());
        let amount = dispatch::ran_s(active, to) * f64::from(job.gpus());
        self.snapshot.usage.charge(owner, project, amount, to);
        if !self.snapshot.quotas.hours.is_empty() {
            let used = Use {
                gpus: job.gpus(),
                from: active.since.unwrap_or(to),
                to,
            };
            self.snapshot.spent.charge(owner, project, used);
        }
    }
}
