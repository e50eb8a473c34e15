//! Why a job waits, who is ahead, who holds what it needs, and what would help: answers from the
//! same decisions that start jobs. Every action named here was tried by planning again.

mod actions;
mod holders;

use berth_domain::{JobId, PendingReason, Timestamp};
use serde::{Deserialize, Serialize};

pub use actions::{Action, Effect, Remedy};
pub use holders::Holding;

use crate::dispatch::{Factor, factors};
use crate::forecast::{Experience, Forecast};
use crate::plan::plan_and_forecast;
use crate::policy::Policy;
use crate::snapshot::Snapshot;

/// How many of those ahead are named.
const NAMED_AHEAD: usize = 10;

/// Everything there is to say about a waiting job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    pub job: JobId,
    pub reason: PendingReason,
    /// Its place among those that wait, counted from 1.
    pub place: usize,
    /// Those before it, next one first; ten at most.
    pub ahead: Vec<JobId>,
    /// Who holds the GPUs that it would get first.
    pub holders: Vec<Holding>,
    /// What made its place in the order.
    pub factors: Vec<Factor>,
    pub forecast: Option<Forecast>,
    /// What would help, at most three.
    pub actions: Vec<Action>,
}

/// Explains a waiting job; `None` when it does not wait, or would start with the next plan.
#[must_use]
pub fn explain(
    snapshot: &Snapshot,
    policy: &Policy,
    now: Timestamp,
    experience: &Experience,
    job: JobId,
) -> Option<Explanation> {
    let (plan, forecasts) = plan_and_forecast(snapshot, policy, now, experience);
    let place = plan.order.iter().position(|other| *other == job)?;
    let pending = snapshot.pending.iter().find(|one| one.job.id == job)?;
    let forecast = forecasts.get(&job).copied();
    Some(Explanation {
        job,
        reason: plan.reasons.get(&job)?.clone(),
        place: place + 1,
        ahead: plan.order[..place]
            .iter()
            .take(NAMED_AHEAD)
            .copied()
            .collect(),
        holders: holders::of(snapshot, &pending.job, now),
        factors: factors(snapshot, policy, now, &pending.job),
        forecast,
        actions: actions::that_help(snapshot, policy, now, experience, pending, forecast),
    })
}
