//! How an attempt ended, and what that means for its job.

use serde::{Deserialize, Serialize};

use crate::ids::UserName;

/// How the command itself ended, as the shim recorded it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum Ended {
    /// It returned this exit code.
    Code { code: i32 },
    /// It was ended by this signal.
    Signal { signal: i32 },
    /// It never ran: the program was not found, the folder does not exist, tmux refused…
    NotLaunched { why: String },
    /// It was running and is gone without a record: the host restarted, the shim was killed.
    Lost { why: String },
}

/// The end of an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    #[serde(flatten)]
    pub ended: Ended,
    /// The kernel's or CUDA's out-of-memory was seen.
    #[serde(default)]
    pub out_of_memory: bool,
}

impl Exit {
    #[must_use]
    pub fn code(code: i32) -> Self {
        Exit {
            ended: Ended::Code { code },
            out_of_memory: false,
        }
    }

    /// The code as a shell would report it: 128 + n for signal n.
    #[must_use]
    pub fn exit_code(&self) -> Option<i32> {
        match self.ended {
            Ended::Code { code } => Some(code),
            Ended::Signal { signal } => Some(128 + signal),
            Ended::NotLaunched { .. } | Ended::Lost { .. } => None,
        }
    }

    /// What the job comes to when it ended by itself.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match &self.ended {
            Ended::Code { code: 0 } => Outcome::Succeeded,
            Ended::Code { .. } | Ended::Signal { .. } if self.out_of_memory => Outcome::OutOfMemory,
            Ended::Code { .. } | Ended::Signal { .. } => Outcome::Failed,
            Ended::NotLaunched { why } => Outcome::LaunchFailed { why: why.clone() },
            Ended::Lost { why } => Outcome::NodeLost { why: why.clone() },
        }
    }
}

/// Why a job ended. The exit code stands beside it, in the attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub enum Outcome {
    Succeeded,
    Failed,
    OutOfMemory,
    TimedOut,
    Cancelled { by: UserName },
    LaunchFailed { why: String },
    NodeLost { why: String },
}

impl Outcome {
    /// The token used in lists and filters, for example `TimedOut`.
    #[must_use]
    pub fn token(&self) -> &'static str {
        match self {
            Outcome::Succeeded => "Succeeded",
            Outcome::Failed => "Failed",
            Outcome::OutOfMemory => "OutOfMemory",
            Outcome::TimedOut => "TimedOut",
            Outcome::Cancelled { .. } => "Cancelled",
            Outcome::LaunchFailed { .. } => "LaunchFailed",
            Outcome::NodeLost { .. } => "NodeLost",
        }
    }

    /// What a timeline says.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Outcome::Succeeded => "Succeeded".to_owned(),
            Outcome::Failed => "Failed".to_owned(),
            Outcome::OutOfMemory => "Ran out of memory".to_owned(),
            Outcome::TimedOut => "Passed its time limit".to_owned(),
            Outcome::Cancelled { by } => format!("Cancelled by {by}"),
            Outcome::LaunchFailed { why } => format!("Could not be launched: {why}"),
            Outcome::NodeLost { why } => format!("Lost: {why}"),
        }
    }

    /// Slurm's two letters, which people know.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Outcome::Succeeded => "CD",
            Outcome::Failed | Outcome::LaunchFailed { .. } => "F",
            Outcome::OutOfMemory => "OOM",
            Outcome::TimedOut => "TO",
            Outcome::Cancelled { .. } => "CA",
            Outcome::NodeLost { .. } => "NF",
        }
    }

    #[must_use]
    pub fn succeeded(&self) -> bool {
        matches!(self, Outcome::Succeeded)
    }

    /// Whether another try could end differently: what the user or the time limit ended stays ended.
    #[must_use]
    pub fn may_retry(&self) -> bool {
        matches!(
            self,
            Outcome::Failed
                | Outcome::OutOfMemory
                | Outcome::LaunchFailed { .. }
                | Outcome::NodeLost { .. }
        )
    }
}
