//! The states of a job, each with the data that only it knows.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Attempt;
use crate::alert::{AlertId, AlertRule};
use crate::cordon::Place;
use crate::ids::{JobId, UserName};
use crate::outcome::Outcome;

/// *Held* waits for a person, *Queued* waits for us.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum JobState {
    Held {
        since: Timestamp,
        by: HoldBy,
    },
    Queued {
        since: Timestamp,
        /// After a failed attempt: not tried again before.
        not_before: Option<Timestamp>,
    },
    /// The lease is committed; the executor was or will be asked to launch.
    Starting {
        attempt: Attempt,
    },
    Running {
        attempt: Attempt,
        since: Timestamp,
        sessions: Vec<String>,
    },
    Stopping {
        attempt: Attempt,
        since: Timestamp,
        cause: StopCause,
        /// When it began to run, if it had.
        ran_since: Option<Timestamp>,
    },
    Finished {
        at: Timestamp,
        outcome: Outcome,
    },
}

/// A state without its data: for filters, counts and words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum StateName {
    Held,
    Queued,
    Starting,
    Running,
    Stopping,
    Finished,
}

impl StateName {
    pub const ALL: [StateName; 6] = [
        StateName::Held,
        StateName::Queued,
        StateName::Starting,
        StateName::Running,
        StateName::Stopping,
        StateName::Finished,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            StateName::Held => "Held",
            StateName::Queued => "Queued",
            StateName::Starting => "Starting",
            StateName::Running => "Running",
            StateName::Stopping => "Stopping",
            StateName::Finished => "Finished",
        }
    }
}

impl std::str::FromStr for StateName {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        StateName::ALL
            .into_iter()
            .find(|name| name.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| {
                format!(
                    "'{text}' is not a state: Held, Queued, Starting, Running, Stopping, Finished"
                )
            })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldBy {
    User,
    Admin,
}

/// Why a live attempt is ended from outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "cause", rename_all = "snake_case")]
pub enum StopCause {
    Cancelled {
        by: UserName,
    },
    TimeLimit,
    /// Stopped in order to be queued again.
    Requeued {
        by: UserName,
    },
    /// Stopped by the planner so that another starts sooner, and queued again.
    Preempted {
        beneficiary: JobId,
    },
    /// A GPU that it holds cannot be used any more; queued again.
    GpuFault {
        place: Place,
        why: String,
    },
    /// It held GPUs without work and nobody answered; queued again.
    Idle {
        alert: AlertId,
        rule: AlertRule,
    },
}

impl StopCause {
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            StopCause::Cancelled { by } => format!("Cancelled by {by}; stopping"),
            StopCause::TimeLimit => "Passed its time limit; stopping".to_owned(),
            StopCause::Requeued { by } => format!("Requeued by {by}; stopping"),
            StopCause::Preempted { beneficiary } => {
                format!("Preempted for job {beneficiary}; told to save and stop")
            }
            StopCause::GpuFault { place, why } => format!("{place} is broken ({why}); stopping"),
            StopCause::Idle { alert, rule } => {
                let title = rule.title().to_lowercase();
                format!("Nobody answered alert {alert} ({title}); told to save and stop")
            }
        }
    }
}
