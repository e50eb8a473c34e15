//! An attempt: one try at running a job, on one lease.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::StopCause;
use crate::lease::Lease;
use crate::outcome::Exit;

/// A live attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub number: u32,
    pub lease: Lease,
    /// When the lease was granted.
    pub granted_at: Timestamp,
    /// It was told to save before this time, which was its time limit then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<Timestamp>,
}

impl Attempt {
    /// GPU time that it has used until then.
    #[must_use]
    pub fn gpu_seconds(&self, at: Timestamp) -> u64 {
        let held = at.duration_since(self.granted_at).as_secs();
        let held = u64::try_from(held).unwrap_or_default();
        let gpus = u64::try_from(self.lease.gpu_count()).unwrap_or_default();
        gpus.saturating_mul(held)
    }
}

/// An attempt that ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastAttempt {
    pub number: u32,
    pub lease: Lease,
    pub granted_at: Timestamp,
    /// When the command began to run; `None` if it never did.
    pub started_at: Option<Timestamp>,
    pub ended_at: Timestamp,
    pub exit: Exit,
    /// Why it was ended from outside, if it was.
    #[serde(default)]
    pub stopped: Option<StopCause>,
}

impl PastAttempt {
    /// How long it held its lease.
    #[must_use]
    pub fn held(&self) -> Duration {
        let held = self.ended_at.duration_since(self.granted_at);
        Duration::try_from(held).unwrap_or_default()
    }

    #[must_use]
    pub fn was_preempted(&self) -> bool {
        matches!(self.stopped, Some(StopCause::Preempted { .. }))
    }
}
