//! Why a job waits, who is ahead, who holds what it needs, and what would help: answers from the
//! same decisions that start jobs. Every action named here was tried by planning again.

mod actions;
mod holders;

use std::time::Duration;

use berth_domain::{JobId, PendingReason, Timestamp};
use serde::{Deserialize, Serialize};

pub use actions::{Action, Effect, Remedy};
pub use holders::Holding;

use crate::dispatch::{Factor, factors, run_s};
use crate::forecast::{Experience, Forecast};
use crate::plan::{later, plan_and_forecast};
use crate::policy::Policy;
use crate::snapshot::{Facts, Snapshot};

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
    /// Whether it is expected to meet its deadline, if it has one and a forecast.
    #[serde(default)]
    pub due: Option<Due>,
    /// What would help, at most three.
    pub actions: Vec<Action>,
}

/// A deadline, and when the job is expected to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    pub deadline: Timestamp,
    /// As likely earlier as later.
    pub end: Timestamp,
}

impl Due {
    fn of(job: &Facts, forecast: &Forecast) -> Option<Self> {
        let (run_s, _) = run_s(job, job.service.as_secs_f64());
        Some(Due {
            deadline: job.deadline?,
            end: later(forecast.p50, run_s),
        })
    }

    /// How long after the deadline the job is expected to end; `None` if it makes it.
    #[must_use]
    pub fn late_by(&self) -> Option<Duration> {
        let late = self.end.duration_since(self.deadline);
        Duration::try_from(late).ok().filter(|late| !late.is_zero())
    }
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
        due: forecast.and_then(|forecast| Due::of(&pending.job, &forecast)),
        actions: actions::that_help(snapshot, policy, now, experience, pending, forecast),
    })
}
