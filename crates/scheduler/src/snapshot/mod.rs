//! What the planner looks at: a small, complete copy of what matters in the state.

mod facts;
mod of_state;
mod promised;

use std::collections::BTreeMap;
use std::sync::Arc;

use berth_domain::{Cordons, GpuRef, Lease, NodeName, PendingReason, Place, Quotas, Timestamp};

pub use facts::Facts;
use serde::{Deserialize, Serialize};

use crate::fair::Usage;
use crate::reserve::Reservation;
use crate::spent::Spent;

/// The cluster and its queue at one moment.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Snapshot {
    /// Present nodes, by name.
    pub nodes: Vec<FreeNode>,
    /// Everything that waits.
    pub pending: Vec<Pending>,
    /// Everything that holds a lease.
    pub active: Vec<Active>,
    /// Why nothing can be launched at the moment.
    pub executor_down: Option<String>,
    /// Who used how much of late, for fair share.
    pub usage: Usage,
    /// What ended in the periods of budgets that are under way.
    pub spent: Spent,
    /// GPUs promised to somebody for a time.
    pub reservations: Vec<Reservation>,
    /// What each user and project may hold and use; they stand above the policy's.
    pub quotas: Quotas,
    /// What gets no new job, and why.
    pub cordons: Cordons,
    /// GPUs that somebody uses outside the queue, and what does.
    pub foreign: BTreeMap<Place, String>,
}

/// A node and what is free on it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FreeNode {
    pub name: NodeName,
    pub gpus: usize,
    /// Its GPUs, alike ones together; empty where nothing is known of them.
    pub pools: Arc<[Pool]>,
    /// In rising index order. GPUs that somebody uses outside the queue, or that are sick, are
    /// neither here nor in a lease: the planner never gives them.
    pub free: Vec<GpuRef>,
    /// Jobs without GPUs that run here.
    pub cpu_jobs: u32,
    /// Gets no new job: an admin said so.
    pub cordoned: bool,
    /// Idle, and would be free if nothing was cordoned.
    pub kept: Vec<GpuRef>,
}

/// GPUs of a node that are alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    pub model: String,
    pub mem_total_bytes: u64,
    /// The NVLink island, where the node has several.
    pub island: Option<u32>,
    /// Their indices.
    pub gpus: Vec<u32>,
}

/// A job that waits.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pending {
    pub job: Facts,
    pub gate: Gate,
}

/// What keeps a job out of the order for the time being.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Gate {
    Open,
    /// Closed until something happens.
    Closed(PendingReason),
    /// Opens by the clock alone.
    Until(Timestamp, PendingReason),
}

/// A job that holds a lease.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Active {
    pub job: Facts,
    pub lease: Lease,
    /// When it got its lease. It counts from then and not from when its command ran: otherwise it
    /// would be taken to end no sooner than a job of the same limit that starts after it. `None` if
    /// that is not known.
    pub since: Option<Timestamp>,
    /// Up to when its work is safe: what came after is lost when it is preempted. `None`: it can
    /// be stopped and resumed at any moment, at the price of a resume.
    pub checkpoint_at: Option<Timestamp>,
    /// It was told to end; its GPUs come free without doing anything more.
    pub stopping: bool,
}

impl Active {
    /// When its time limit ends it, at the latest; `None` before it runs.
    #[must_use]
    pub fn limit_at(&self) -> Option<Timestamp> {
        self.since?.checked_add(self.job.time_limit).ok()
    }

    /// How long it is expected to run on, in seconds: what is predicted, at most up to its limit.
    #[must_use]
    pub fn expected_left_s(&self, now: Timestamp) -> f64 {
        let ran = crate::dispatch::ran_s(self, now);
        let limit = (self.job.time_limit.as_secs_f64() - ran).max(1.0);
        let served = self.job.service.as_secs_f64() + ran;
        let predicted = self.job.predicted.as_ref();
        predicted.map_or(limit, |run_time| {
            run_time.remaining(served).mean_s.min(limit)
        })
    }
}
