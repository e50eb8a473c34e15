//! When each waiting job would start, as a range: the planner's order run forward over expected
//! ends, and what experience says about such forecasts.

mod experience;
mod reserved;
mod rollout;
mod score;
mod what_if;

use std::collections::HashMap;

use berth_domain::{JobId, Timestamp};
use serde::{Deserialize, Serialize};

pub use experience::Experience;
pub use score::ForecastScore;
pub use what_if::{
    Change, forecast_if, forecast_move, forecast_policy, forecast_reservation, moved,
};

use crate::dispatch::{self, Decision, Why};
use crate::plan::later;
use crate::policy::Policy;
use crate::snapshot::Snapshot;

/// When a job starts, as far as anybody can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forecast {
    /// As likely earlier as later.
    pub p50: Timestamp,
    /// Nine times of ten it starts by then.
    pub p90: Timestamp,
    /// How long the queue alone makes it wait, in seconds: what experience corrects, and what
    /// [`Experience::observe`] wants back once it started.
    pub queue_s: u32,
}

/// Forecasts are no more exact than that, and what does not change is not told again.
#[must_use]
pub fn to_the_minute(at: Timestamp) -> Timestamp {
    let minutes = (at.as_second() + 30).div_euclid(60);
    Timestamp::from_second(minutes.saturating_mul(60)).unwrap_or(at)
}

/// A forecast for every job that waits its turn. Jobs that stand aside have none: what they wait
/// for is not the planner's to know.
#[must_use]
pub fn forecast(
    snapshot: &Snapshot,
    policy: &Policy,
    now: Timestamp,
    experience: &Experience,
) -> HashMap<JobId, Forecast> {
    let decision = dispatch::decide(snapshot, policy, now);
    of_decision(snapshot, policy, now, experience, &decision)
}

pub(crate) fn of_decision(
    snapshot: &Snapshot,
    policy: &Policy,
    now: Timestamp,
    experience: &Experience,
    decision: &Decision,
) -> HashMap<JobId, Forecast> {
    let waits = rollout::waits_s(snapshot, policy, now, decision);
    let mut all = HashMap::with_capacity(waits.len() + decision.starts.len());
    for (index, _) in &decision.starts {
        let job = &snapshot.pending[*index].job;
        let at_once = Forecast {
            p50: now,
            p90: now,
            queue_s: 0,
        };
        all.insert(job.id, at_once);
    }
    for (index, wait) in waits {
        let job = &snapshot.pending[index].job;
        let (p50, p90) = experience.range(wait);
        all.insert(
            job.id,
            Forecast {
                p50: later(now, p50),
                p90: later(now, p90),
                queue_s: crate::plan::whole(wait),
            },
        );
    }
    all
}

/// Whether a job that waits for this reason will start without anybody doing anything.
fn comes_by_itself(why: Why) -> bool {
    !matches!(
        why,
        Why::Gate | Why::NeverFits | Why::ExecutorDown | Why::CpuSlots
    )
}
