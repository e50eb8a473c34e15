//! What starts, what is stopped for it, and what blocks the rest: decisions as numbers, of which
//! [`plan`](crate::plan) makes leases and sentences.

mod deadline;
mod exact;
mod expected;
mod factors;
mod nonpreemptive;
mod order;
mod places;
mod preemptive;
mod profile;
mod quotas;
mod room;
mod walk;

use std::sync::Arc;

use berth_domain::{Budget, JobId, Timestamp};

use crate::policy::{Policy, PreemptionMode};
use crate::snapshot::{Gate, Pending, Snapshot};

pub(crate) use deadline::run_s;
pub(crate) use exact::Exact;
pub use factors::{Factor, FactorKind, factors};
pub(crate) use order::{ran_s, seconds_until};
pub(crate) use places::{Need, Part, Place, Places};
pub(crate) use room::Room;
use walk::Walk;

/// What the planner decided; indices are places in the snapshot.
#[derive(Debug, Default)]
pub(crate) struct Decision {
    /// Jobs and what each takes, node by node, in the order in which they start.
    pub(crate) starts: Vec<(usize, Vec<Part>)>,
    /// Running jobs to stop.
    pub(crate) stops: Vec<Stop>,
    /// Everything else that waits its turn, next one first.
    pub(crate) waiting: Vec<(usize, Why)>,
    /// What cannot start whatever is free.
    pub(crate) aside: Vec<(usize, Why)>,
    /// When the clock alone could change the decision.
    pub(crate) wake_at: Option<Timestamp>,
    /// What the parts of starts are parts of.
    pub(crate) places: Arc<Places>,
}

/// A running job to stop, and for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stop {
    /// Its place in [`Snapshot::active`].
    pub(crate) active: usize,
    pub(crate) beneficiary: JobId,
}

/// Why a job does not start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Why {
    /// Its gate says.
    Gate,
    ArrayLimit(u32),
    ExecutorDown,
    NeverFits,
    CpuSlots,
    /// It does not fit: so much is free, so much on the best node.
    NoRoom {
        free: u32,
        best: u32,
    },
    /// It would fit if it did not ask for certain nodes or GPUs.
    Constraints,
    /// It would delay somebody who is protected, or order is strict.
    Behind,
    /// The quota.
    QuotaUser {
        held: u32,
        limit: u32,
        hard: bool,
    },
    QuotaProject {
        held: u32,
        limit: u32,
        hard: bool,
    },
    /// The GPU-hours of a period are used up: so many, in whole hours.
    BudgetUser {
        used: u32,
        budget: Budget,
        until: Timestamp,
    },
    BudgetProject {
        used: u32,
        budget: Budget,
        until: Timestamp,
    },
    /// This place in [`Snapshot::reservations`] has a claim to what is free.
    Reserved(usize),
    /// It is a gang whose GPUs are kept free as they become so: when all are there, in seconds
    /// from now, how many are there now, and how many GPU-seconds stay idle.
    Draining {
        at_s: f64,
        free: u32,
        idle_s: f64,
    },
    /// Running jobs are being stopped for it.
    Preempting,
}

impl Decision {
    pub(crate) fn wake(&mut self, at: Timestamp) {
        self.wake_at = Some(self.wake_at.map_or(at, |earlier| earlier.min(at)));
    }
}

/// Places in [`Snapshot::pending`] in the order in which they are looked at.
pub(crate) fn in_order(snapshot: &Snapshot, policy: &Policy, now: Timestamp) -> Vec<usize> {
    let all = order::ordered(snapshot, policy, now);
    all.into_iter().map(|one| one.index).collect()
}

/// Decides. The one place where anything is: everybody who plans, explains, forecasts or
/// simulates comes through here.
pub(crate) fn decide(snapshot: &Snapshot, policy: &Policy, now: Timestamp) -> Decision {
    let places = Arc::new(Places::of(snapshot));
    let mut decision = Decision {
        places: Arc::clone(&places),
        ..Decision::default()
    };
    let room = Room::of(&snapshot.nodes, &places, policy.cpu_jobs_per_node);
    let mut open = Vec::with_capacity(snapshot.pending.len());
    for candidate in order::ordered(snapshot, policy, now) {
        let pending = &snapshot.pending[candidate.index];
        match aside(pending, snapshot, &places, &mut decision, now) {
            Some(why) => decision.aside.push((candidate.index, why)),
            None => open.push(candidate),
        }
    }
    for reservation in &snapshot.reservations {
        for at in reservation.turns().filter(|at| *at > now) {
            decision.wake(at);
        }
    }
    let walk = Walk::new(snapshot, policy, now, &places, room, decision);
    match policy.preemption.mode {
        PreemptionMode::On => preemptive::walk(walk, &open),
        PreemptionMode::Off => nonpreemptive::walk(walk, &open),
    }
}

/// Why a job stands aside, whatever is free.
fn aside(
    pending: &Pending,
    snapshot: &Snapshot,
    places: &Places,
    decision: &mut Decision,
    now: Timestamp,
) -> Option<Why> {
    match &pending.gate {
        Gate::Closed(_) => return Some(Why::Gate),
        Gate::Until(at, _) if *at > now => {
            decision.wake(*at);
            return Some(Why::Gate);
        }
        Gate::Until(..) | Gate::Open => {}
    }
    let job = &pending.job;
    let need = places.of_job(job);
    if snapshot.executor_down.is_none() && !need.ever_fits(job.nodes, job.gpus_per_node) {
        return Some(Why::NeverFits);
    }
    None
}
