//! A job, its states and its attempts. States carry their data, so that nonsense cannot be
//! written: only a job with a live attempt has a lease, only a finished one has an outcome.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::command::MoveTo;
use crate::event::{Event, Record, Then};
use crate::ids::{AttemptId, JobId, UserName};
use crate::lease::Lease;
use crate::outcome::{Exit, Outcome};
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
    pub submitted_at: Timestamp,
    pub state: JobState,
    /// Attempts that ended, oldest first.
    pub past: Vec<PastAttempt>,
    /// The client's idempotency key.
    pub key: Option<String>,
}

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
        }
    }
}

/// A live attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub number: u32,
    pub lease: Lease,
    /// When the lease was granted.
    pub granted_at: Timestamp,
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

/// An event that this job cannot have in its state: a bug of whoever decided it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("job {job} is {state:?}; it cannot have {event}")]
pub struct Illegal {
    pub job: JobId,
    pub state: Option<StateName>,
    pub event: String,
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

    /// The job that a `JobSubmitted` makes.
    pub(crate) fn submitted(record: &Record) -> Option<Job> {
        let Event::JobSubmitted {
            job,
            owner,
            spec,
            rank,
            held,
            key,
        } = &record.event
        else {
            return None;
        };
        let since = record.at;
        let state = match held {
            Some(by) => JobState::Held { since, by: *by },
            None => JobState::Queued {
                since,
                not_before: None,
            },
        };
        Some(Job {
            id: *job,
            owner: owner.clone(),
            spec: (**spec).clone(),
            rank: rank.clone(),
            moved: None,
            submitted_at: since,
            state,
            past: Vec::new(),
            key: key.clone(),
        })
    }

    /// Takes one step. The only place where a job changes.
    ///
    /// # Errors
    /// When the event does not fit the state; the job is unchanged.
    pub fn apply(&mut self, event: &Event, at: Timestamp) -> Result<(), Illegal> {
        use JobState::{Finished, Held, Queued, Running, Starting, Stopping};
        let next = match (&self.state, event) {
            (Queued { .. }, Event::JobHeld { by, .. }) => Held { since: at, by: *by },
            (Held { .. }, Event::JobHeld { by, .. }) => Held { since: at, by: *by },
            (Held { .. }, Event::JobReleased { .. }) => Queued {
                since: at,
                not_before: None,
            },
            (Held { .. } | Queued { .. }, Event::JobMoved { rank, to, .. }) => {
                self.rank = rank.clone();
                self.moved = *to;
                return Ok(());
            }
            (Finished { .. }, Event::JobUpdated { .. }) => return Err(self.illegal(event)),
            (_, Event::JobUpdated { spec, .. }) => {
                self.spec = (**spec).clone();
                return Ok(());
            }
            (Queued { .. }, Event::AttemptStarting { attempt, lease })
                if *attempt == self.next_attempt() =>
            {
                let (number, lease) = (attempt.number, lease.clone());
                Starting {
                    attempt: Attempt {
                        number,
                        lease,
                        granted_at: at,
                    },
                }
            }
            (Starting { attempt: live }, Event::AttemptRunning { attempt, sessions })
                if attempt.number == live.number =>
            {
                Running {
                    attempt: live.clone(),
                    since: at,
                    sessions: sessions.clone(),
                }
            }
            // A stop that overtook the start: the attempt runs, but stays on its way out.
            (
                Stopping {
                    attempt: live,
                    since,
                    cause,
                    ran_since: None,
                },
                Event::AttemptRunning { attempt, .. },
            ) if attempt.number == live.number => Stopping {
                attempt: live.clone(),
                since: *since,
                cause: cause.clone(),
                ran_since: Some(at),
            },
            (Starting { attempt: live }, Event::AttemptStopping { attempt, cause })
                if attempt.number == live.number =>
            {
                Stopping {
                    attempt: live.clone(),
                    since: at,
                    cause: cause.clone(),
                    ran_since: None,
                }
            }
            (
                Running {
                    attempt: live,
                    since,
                    ..
                },
                Event::AttemptStopping { attempt, cause },
            ) if attempt.number == live.number => {
                let (attempt, cause) = (live.clone(), cause.clone());
                Stopping {
                    attempt,
                    since: at,
                    cause,
                    ran_since: Some(*since),
                }
            }
            // A cancel overrides a requeue that is still stopping.
            (
                Stopping {
                    attempt: live,
                    since,
                    ran_since,
                    ..
                },
                Event::AttemptStopping { attempt, cause },
            ) if attempt.number == live.number => Stopping {
                attempt: live.clone(),
                since: *since,
                cause: cause.clone(),
                ran_since: *ran_since,
            },
            (
                Starting { attempt: live }
                | Running { attempt: live, .. }
                | Stopping { attempt: live, .. },
                Event::AttemptExited {
                    attempt,
                    exit,
                    then,
                },
            ) if attempt.number == live.number => {
                let past = PastAttempt {
                    number: live.number,
                    lease: live.lease.clone(),
                    granted_at: live.granted_at,
                    started_at: self.started_at(),
                    ended_at: at,
                    exit: exit.clone(),
                    stopped: match &self.state {
                        Stopping { cause, .. } => Some(cause.clone()),
                        _ => None,
                    },
                };
                self.past.push(past);
                match then {
                    Then::Finished { outcome } => Finished {
                        at,
                        outcome: outcome.clone(),
                    },
                    Then::Queued { not_before } => Queued {
                        since: at,
                        not_before: *not_before,
                    },
                }
            }
            (Held { .. } | Queued { .. }, Event::JobFinished { outcome, .. }) => Finished {
                at,
                outcome: outcome.clone(),
            },
            (Finished { .. }, Event::JobRequeued { rank, .. }) => {
                self.rank = rank.clone();
                Queued {
                    since: at,
                    not_before: None,
                }
            }
            _ => return Err(self.illegal(event)),
        };
        self.state = next;
        Ok(())
    }

    fn illegal(&self, event: &Event) -> Illegal {
        Illegal {
            job: self.id,
            state: Some(self.name()),
            event: format!("{event:?}"),
        }
    }
}
