//! What made a job's place in the order: "why is it third".

use berth_domain::Timestamp;
use serde::{Deserialize, Serialize};

use super::order::{Keys, seconds_since};
use crate::math;
use crate::policy::{Order, Policy, PreemptionMode};
use crate::snapshot::{Facts, Snapshot};

/// One thing that the policy looks at, and what it came to for this job.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Factor {
    pub kind: FactorKind,
    /// Under `multifactor` the points that it adds, of which more is better. Under `shortest` the
    /// number that expected work is multiplied by, of which less is better; for
    /// [`FactorKind::RunTime`] the seconds themselves.
    pub share: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactorKind {
    /// Place in the order of submission; the share is the class, 0 for low.
    Submission,
    /// How long it waited.
    Age,
    /// How much its owner used of late.
    FairShare,
    /// How many GPUs it asks for.
    Size,
    /// How long it is expected to run, or to run on.
    RunTime,
    /// How near its latest start for its deadline is.
    Deadline,
    /// It waited longer than anybody should, and goes before all that did not.
    LongestWait,
    /// It has not had its first slice yet, and goes before all that had.
    FirstSlice,
}

/// The factors of a job under a policy. A person's move stands above all of them, within a class.
#[must_use]
pub fn factors(snapshot: &Snapshot, policy: &Policy, now: Timestamp, job: &Facts) -> Vec<Factor> {
    let keys = Keys::new(snapshot, policy, now);
    let factor = |kind, share| Factor { kind, share };
    match policy.order {
        Order::Submission => {
            vec![factor(
                FactorKind::Submission,
                f64::from(u8::from(job.moved.is_some())),
            )]
        }
        Order::Multifactor => {
            let [age, fair_share, size, deadline] = keys.points(job);
            let due = job.deadline.map(|_| factor(FactorKind::Deadline, deadline));
            let all = [
                factor(FactorKind::Age, age),
                factor(FactorKind::FairShare, fair_share),
                factor(FactorKind::Size, size),
            ];
            all.into_iter().chain(due).collect()
        }
        Order::Shortest => {
            let served = job.service.as_secs_f64();
            let preemptive = policy.preemption.mode == PreemptionMode::On;
            let (measure, power) = if preemptive {
                (policy.preemption.measure, policy.preemption.size_power)
            } else {
                (policy.shortest.measure, policy.shortest.size_power)
            };
            let mut all = Vec::new();
            if keys.overdue(job) {
                all.push(factor(FactorKind::LongestWait, 0.0));
            }
            if preemptive && served < policy.preemption.first_slice.as_secs_f64() {
                all.push(factor(FactorKind::FirstSlice, 0.0));
            }
            if let Some(run_time) = &job.predicted {
                let expected = super::order::measure(run_time, measure, served);
                all.push(factor(FactorKind::RunTime, expected));
                if !preemptive {
                    let waited = seconds_since(job.submitted_at, now);
                    let aged = policy.shortest.aged(expected, waited) / expected;
                    all.push(factor(FactorKind::Age, aged));
                }
            }
            let size = math::pow(f64::from(job.gpus().max(1)), power);
            all.push(factor(FactorKind::Size, size));
            all.push(factor(
                FactorKind::FairShare,
                keys.fair(job, policy.shortest.fair_share),
            ));
            if job.deadline.is_some() {
                all.push(factor(FactorKind::Deadline, keys.due(job, served)));
            }
            all
        }
    }
}
