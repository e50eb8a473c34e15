//! The policies that have a name.

use std::time::Duration;

use super::{
    Backfill, Measure, Order, Policy, Preemption, Quota, RunTimeSource, Shortest, Weights,
};

/// There is no such policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no policy '{0}': use fifo, easy, priority, fair, sjf, slurm or berth")]
pub struct UnknownPolicy(pub String);

impl Policy {
    pub const NAMES: [&str; 7] = ["fifo", "easy", "priority", "fair", "sjf", "slurm", "berth"];

    /// A built-in by its name.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn named(name: &str) -> Result<Self, UnknownPolicy> {
        match name {
            "fifo" => Ok(Self::fifo()),
            "easy" => Ok(Self::easy()),
            "priority" => Ok(Self::priority()),
            "fair" => Ok(Self::fair()),
            "sjf" => Ok(Self::sjf()),
            "slurm" => Ok(Self::slurm()),
            "berth" => Ok(Self::berth()),
            _ => Err(UnknownPolicy(name.to_owned())),
        }
    }

    /// Strictly first come, first served.
    #[must_use]
    pub fn fifo() -> Self {
        Policy {
            name: "fifo".to_owned(),
            order: Order::Submission,
            backfill: Backfill::None,
            run_time: RunTimeSource::Limit,
            weights: Weights::default(),
            shortest: Shortest::default(),
            preemption: Preemption::default(),
            quota: Quota::default(),
            cpu_jobs_per_node: 16,
        }
    }

    /// First come, first served; who does not delay the first blocked job may pass it.
    #[must_use]
    pub fn easy() -> Self {
        Policy {
            name: "easy".to_owned(),
            backfill: Backfill::Easy,
            ..Self::fifo()
        }
    }

    /// Class and place in the line are everything: whoever passes delays nobody before it.
    #[must_use]
    pub fn priority() -> Self {
        Policy {
            name: "priority".to_owned(),
            backfill: Backfill::Conservative,
            ..Self::easy()
        }
    }

    /// Who used least of late goes first, whatever they ask for.
    #[must_use]
    pub fn fair() -> Self {
        Policy {
            name: "fair".to_owned(),
            weights: Weights {
                age: 0.0,
                size: 0.0,
                ..Weights::default()
            },
            ..Self::slurm()
        }
    }

    /// The shortest expected run time first, and nothing else: the least mean wait that is easy to
    /// explain, and no end to the wait of a long job.
    #[must_use]
    pub fn sjf() -> Self {
        Policy {
            name: "sjf".to_owned(),
            order: Order::Shortest,
            shortest: Shortest {
                size_power: 0.0,
                measure: Measure::Mean,
                fair_share: 0.0,
                ageing: 0.0,
                max_wait: Duration::from_secs(366 * 86_400),
                ..Shortest::default()
            },
            ..Self::easy()
        }
    }

    /// Slurm's multifactor priority with backfill.
    #[must_use]
    pub fn slurm() -> Self {
        Policy {
            name: "slurm".to_owned(),
            order: Order::Multifactor,
            ..Self::easy()
        }
    }

    /// The shortest expected work first, learned from history; blocked jobs are protected.
    #[must_use]
    pub fn berth() -> Self {
        Policy {
            name: "berth".to_owned(),
            order: Order::Shortest,
            backfill: Backfill::Easy,
            run_time: RunTimeSource::Predicted,
            ..Self::fifo()
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::berth()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_data_and_what_is_missing_is_the_default() {
        for name in Policy::NAMES {
            let policy = Policy::named(name).unwrap();
            let text = serde_json::to_string(&policy).unwrap();
            assert_eq!(serde_json::from_str::<Policy>(&text).unwrap(), policy);
        }
        assert_eq!(
            serde_json::from_str::<Policy>("{}").unwrap(),
            Policy::berth()
        );
        let error = Policy::named("best").unwrap_err().to_string();
        assert_eq!(
            error,
            "there is no policy 'best': use fifo, easy, priority, fair, sjf, slurm or berth"
        );
    }
}
