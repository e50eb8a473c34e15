//! What planning rests on, for everybody who asks the planner something: the same snapshot, policy
//! and experience that the control loop starts jobs by.

use std::collections::HashMap;

use berth_domain::{JobId, PolicyChoice, Reservation, Timestamp};
use berth_scheduler::{
    Change, Experience, Explanation, Facts, Forecast, Policy, Snapshot, explain, forecast,
    forecast_if, forecast_move, forecast_policy, forecast_reservation,
};

/// One moment's planning, to ask "why" and "what if" of. Nothing here changes anything.
#[derive(Clone, Debug, Default)]
pub struct Planning {
    pub snapshot: Snapshot,
    pub policy: Policy,
    pub experience: Experience,
}

impl Planning {
    /// When each waiting job is expected to start.
    #[must_use]
    pub fn forecast(&self, now: Timestamp) -> HashMap<JobId, Forecast> {
        forecast(&self.snapshot, &self.policy, now, &self.experience)
    }

    /// Why a job waits and what would help; `None` when it does not wait.
    #[must_use]
    pub fn explain(&self, job: JobId, now: Timestamp) -> Option<Explanation> {
        explain(&self.snapshot, &self.policy, now, &self.experience, job)
    }

    /// When such a job would start if it were submitted now; `None`: it never fits.
    #[must_use]
    pub fn forecast_if(&self, job: &Facts, now: Timestamp) -> Option<Forecast> {
        forecast_if(&self.snapshot, &self.policy, now, &self.experience, job)
    }

    /// Whose start a move would change.
    #[must_use]
    pub fn forecast_move(
        &self,
        job: JobId,
        to: berth_domain::MoveTo,
        now: Timestamp,
    ) -> Vec<Change> {
        forecast_move(&self.snapshot, &self.policy, now, &self.experience, job, to)
    }

    /// Whose start a reservation would change.
    #[must_use]
    pub fn forecast_reservation(&self, reservation: &Reservation, now: Timestamp) -> Vec<Change> {
        forecast_reservation(
            &self.snapshot,
            &self.policy,
            now,
            &self.experience,
            reservation,
        )
    }

    /// Whose start another policy would change.
    #[must_use]
    pub fn forecast_policy(&self, other: &Policy, now: Timestamp) -> Vec<Change> {
        let both = (&self.policy, other);
        forecast_policy(&self.snapshot, both, now, &self.experience)
    }
}

/// The policy that a choice stands for.
///
/// # Errors
/// A sentence that names what is unknown and what there is.
pub fn resolve(choice: &PolicyChoice, cpu_jobs_per_node: u32) -> Result<Policy, String> {
    let sentence = |error: String| {
        let mut chars = error.chars();
        let first = chars.next().map(|first| first.to_uppercase().to_string());
        format!("{}{}.", first.unwrap_or_default(), chars.as_str())
    };
    let mut policy = Policy::named(&choice.name).map_err(|error| sentence(error.to_string()))?;
    policy.cpu_jobs_per_node = cpu_jobs_per_node;
    for (knob, value) in &choice.knobs {
        policy
            .set(knob, value)
            .map_err(|error| sentence(error.to_string()))?;
    }
    Ok(policy)
}
