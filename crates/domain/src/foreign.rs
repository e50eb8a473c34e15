//! Processes on GPUs outside every lease. A GPU with one is not leased, unless an admin said that it
//! does not matter; its owner or an admin may adopt it as a job.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{AttemptId, GpuUuid, NodeName};

/// A process on a GPU that the lease of that GPU does not explain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ForeignProcess {
    /// On its host.
    pub pid: u32,
    /// When it began, in clock ticks since the host's: tells it from a later one of the same number.
    pub started: u64,
    /// The Unix user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The attempt that started it, on another GPU than its own or before it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<AttemptId>,
    /// When it was first seen there.
    pub since: Timestamp,
    /// An admin said that the GPU may be leased beside it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ignored: bool,
}

impl ForeignProcess {
    /// Whether it is the same process, whatever is known of it.
    #[must_use]
    pub fn is(&self, pid: u32, started: u64) -> bool {
        (self.pid, self.started) == (pid, started)
    }

    /// `process 4711 of ana (python train.py)`.
    #[must_use]
    pub fn words(&self) -> String {
        let of = self
            .user
            .as_ref()
            .map_or(String::new(), |user| format!(" of {user}"));
        let command = self
            .command
            .as_ref()
            .map_or(String::new(), |command| format!(" ({command})"));
        format!("process {}{of}{command}", self.pid)
    }
}

/// By GPU; those without any are left out.
pub type Foreign = BTreeMap<GpuUuid, Vec<ForeignProcess>>;

/// A process that was not started by Berth and is now a job of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adopted {
    pub node: NodeName,
    pub pid: u32,
    /// As in [`ForeignProcess::started`].
    pub started: u64,
}
