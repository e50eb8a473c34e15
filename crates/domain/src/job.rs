//! A job, its states and its attempts. States carry their data, so that nonsense cannot be
//! written: only a job with a live attempt has a lease, only a finished one has an outcome.

mod attempt;
mod given;
mod state;
mod step;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::attempt::{Attempt, PastAttempt};
pub use self::given::Given;
pub use self::state::{HoldBy, JobState, StateName, StopCause};
pub use self::step::Illegal;
use crate::campaign::CampaignId;
use crate::command::MoveTo;
use crate::ids::{AttemptId, JobId, UserName};
use crate::lease::Lease;
use crate::outcome::Outcome;
use crate::rank::Rank;
use crate::spec::JobSpec;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    pub id: JobId,
    pub owner: UserName,
    pub spec: JobSpec,
    /// Its place in the order.
    pub rank: Rank,
    /// Where a person put it last, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<MoveTo>,
    /// Where it was before that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_move: Option<BeforeMove>,
    pub submitted_at: Timestamp,
    pub state: JobState,
    /// Attempts that ended, oldest first.
    pub past: Vec<PastAttempt>,
    /// The client's idempotency key.
    pub key: Option<String>,
    /// The agent that submitted it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<UserName>,
    /// The campaign whose trial it is, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
    /// What agents that did not submit it gave it, as long as it waits or runs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub given: BTreeMap<UserName, Given>,
}

/// Where a waiting job was before somebody moved it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BeforeMove {
    pub rank: Rank,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<MoveTo>,
    /// Who moved it.
    pub by: UserName,
}

impl Job {
    #[must_use]
    pub fn name(&self) -> StateName {
        match self.state {
            JobState::Held { .. } => StateName::Held,
            JobState::Queued { .. } => StateName::Queued,
            JobState::Starting { .. } => StateName::Starting,
            JobState::Running { .. } => StateName::Running,
            JobState::Stopping { .. } => StateName::Stopping,
            JobState::Finished { .. } => StateName::Finished,
        }
    }

    #[must_use]
    pub fn is_finished(&self) -> bool {
        matches!(self.state, JobState::Finished { .. })
    }

    /// Held or queued.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        matches!(self.state, JobState::Held { .. } | JobState::Queued { .. })
    }

    /// The live attempt, which holds a lease.
    #[must_use]
    pub fn attempt(&self) -> Option<&Attempt> {
        match &self.state {
            JobState::Starting { attempt }
            | JobState::Running { attempt, .. }
            | JobState::Stopping { attempt, .. } => Some(attempt),
            JobState::Held { .. } | JobState::Queued { .. } | JobState::Finished { .. } => None,
        }
    }

    #[must_use]
    pub fn attempt_id(&self) -> Option<AttemptId> {
        self.attempt().map(|attempt| AttemptId {
            job: self.id,
            number: attempt.number,
        })
    }

    /// The number that the next attempt gets.
    #[must_use]
    pub fn next_attempt(&self) -> AttemptId {
        let number = self.past.last().map_or(0, |past| past.number) + 1;
        AttemptId {
            job: self.id,
            number,
        }
    }

    /// The lease of the live attempt or, once finished, of the last one.
    #[must_use]
    pub fn lease(&self) -> Option<&Lease> {
        self.attempt()
            .map(|a| &a.lease)
            .or_else(|| self.past.last().map(|past| &past.lease))
    }

    /// When its live or last attempt began to run.
    #[must_use]
    pub fn started_at(&self) -> Option<Timestamp> {
        match &self.state {
            JobState::Running { since, .. } => Some(*since),
            JobState::Stopping { ran_since, .. } => *ran_since,
            JobState::Starting { .. } => None,
            _ => self.past.last().and_then(|past| past.started_at),
        }
    }

    #[must_use]
    pub fn finished_at(&self) -> Option<Timestamp> {
        match self.state {
            JobState::Finished { at, .. } => Some(at),
            _ => None,
        }
    }

    #[must_use]
    pub fn outcome(&self) -> Option<&Outcome> {
        match &self.state {
            JobState::Finished { outcome, .. } => Some(outcome),
            _ => None,
        }
    }

    /// The exit code of the attempt that decided the outcome.
    #[must_use]
    pub fn exit_code(&self) -> Option<i32> {
        self.outcome()?;
        self.past.last().and_then(|past| past.exit.exit_code())
    }

    /// When a running job passes its time limit.
    #[must_use]
    pub fn deadline(&self) -> Option<Timestamp> {
        match &self.state {
            JobState::Running { since, .. } => since.checked_add(self.spec.time_limit).ok(),
            _ => None,
        }
    }

    /// When a running job is to be told that its time limit is near; `None` if it was, or asked for
    /// no time before it.
    #[must_use]
    pub fn tell_at(&self) -> Option<Timestamp> {
        let deadline = self.deadline()?;
        let ahead = self.spec.notice.ahead?;
        let told = self.attempt()?.told == Some(deadline);
        deadline.checked_sub(ahead).ok().filter(|_| !told)
    }

    /// GPU time that it can still use: as long as it may run, as often as it may be tried.
    #[must_use]
    pub fn gpu_seconds_ahead(&self) -> u64 {
        if self.is_finished() {
            return 0;
        }
        // What is stopped to be queued again is tried once more after this try.
        let this = match &self.state {
            JobState::Stopping {
                cause: StopCause::Requeued { .. },
                ..
            } => 1,
            _ => 0,
        };
        let tried = u32::try_from(self.past.len()).unwrap_or(u32::MAX);
        let tried = tried.saturating_add(this);
        let tries = (self.spec.max_retries + 1).saturating_sub(tried).max(1);
        let tries = u64::from(tries) + u64::from(this);
        self.spec.gpu_seconds().saturating_mul(tries)
    }

    /// Slurm's two letters: `PD R CG CD F CA TO NF OOM`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match &self.state {
            JobState::Held { .. } | JobState::Queued { .. } => "PD",
            JobState::Starting { .. } => "CF",
            JobState::Running { .. } => "R",
            JobState::Stopping { .. } => "CG",
            JobState::Finished { outcome, .. } => outcome.code(),
        }
    }
}
