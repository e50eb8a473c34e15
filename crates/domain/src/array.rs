//! Arrays and sweeps as a whole: jobs that were submitted together are counted and changed together.

use serde::{Deserialize, Serialize};

use crate::ids::{JobId, UserName};
use crate::job::{Job, StateName};
use crate::outcome::Outcome;

/// An array or a sweep: named by the number of its first task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Array {
    pub owner: UserName,
    /// That of the first task, without its parameters.
    pub name: String,
    pub tasks: Tasks,
}

/// How many tasks there are, by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Tasks {
    pub held: u32,
    pub queued: u32,
    /// Starting, running or stopping.
    pub active: u32,
    pub succeeded: u32,
    /// Ended in any other way, unless somebody cancelled it.
    pub failed: u32,
    pub cancelled: u32,
}

/// What is done to all tasks of an array to which it can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ArrayChange {
    /// Ends those that wait or run.
    Cancel,
    /// Keeps those that are queued from starting.
    Hold,
    Release,
    /// Queues those again that failed.
    RetryFailed,
}

impl Tasks {
    #[must_use]
    pub fn total(&self) -> u32 {
        self.live() + self.succeeded + self.failed + self.cancelled
    }

    /// Not finished.
    #[must_use]
    pub fn live(&self) -> u32 {
        self.held + self.queued + self.active
    }

    /// Where tasks in this state are counted; `outcome` is a finished one's token.
    pub fn of(&mut self, state: StateName, outcome: Option<&str>) -> &mut u32 {
        match (state, outcome) {
            (StateName::Held, _) => &mut self.held,
            (StateName::Queued, _) => &mut self.queued,
            (StateName::Starting | StateName::Running | StateName::Stopping, _) => &mut self.active,
            (StateName::Finished, Some("Succeeded")) => &mut self.succeeded,
            (StateName::Finished, Some("Cancelled")) => &mut self.cancelled,
            (StateName::Finished, _) => &mut self.failed,
        }
    }
}

impl ArrayChange {
    #[must_use]
    pub fn verb(self) -> &'static str {
        match self {
            ArrayChange::Cancel => "cancel",
            ArrayChange::Hold => "hold",
            ArrayChange::Release => "release",
            ArrayChange::RetryFailed => "retry",
        }
    }
}

/// What all tasks are called together: the first one's name without the parameters (`lr=1e-3`) that
/// a sweep adds.
#[must_use]
pub fn common_name(first: &str) -> String {
    let words: Vec<&str> = first
        .split(' ')
        .filter(|word| !word.contains('='))
        .collect();
    match words.join(" ") {
        name if name.is_empty() => first.to_owned(),
        name => name,
    }
}

/// Where a task counts, if the job is one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted {
    pub array: JobId,
    state: StateName,
    outcome: Option<&'static str>,
}

impl Counted {
    pub(crate) fn of(job: &Job) -> Option<Self> {
        Some(Counted {
            array: job.spec.array?.array,
            state: job.name(),
            outcome: job.outcome().map(Outcome::token),
        })
    }

    pub(crate) fn place(self, tasks: &mut Tasks) -> &mut u32 {
        tasks.of(self.state, self.outcome)
    }
}
