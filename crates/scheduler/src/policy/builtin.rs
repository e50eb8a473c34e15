//! The policies that have a name.

use super::{Backfill, Order, Policy, Preemption, Quota, RunTimeSource, Shortest, Weights};

/// There is no such policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no policy '{0}': use fifo, easy, slurm or berth")]
pub struct UnknownPolicy(pub String);

impl Policy {
    pub const NAMES: [&str; 4] = ["fifo", "easy", "slurm", "berth"];

    /// A built-in by its name.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn named(name: &str) -> Result<Self, UnknownPolicy> {
        match name {
            "fifo" => Ok(Self::fifo()),
            "easy" => Ok(Self::easy()),
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
            "there is no policy 'best': use fifo, easy, slurm or berth"
        );
    }
}
