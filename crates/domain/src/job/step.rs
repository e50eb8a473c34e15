//! How events change a job: its state machine.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Attempt, BeforeMove, Job, JobState, PastAttempt, StateName};
use crate::event::{Event, Record, Then};
use crate::ids::JobId;

/// An event that this job cannot have in its state: a bug of whoever decided it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("job {job} is {state:?}; it cannot have {event}")]
pub struct Illegal {
    pub job: JobId,
    pub state: Option<StateName>,
    pub event: String,
}

impl Job {
    /// The job that a `JobSubmitted` makes.
    pub(crate) fn submitted(record: &Record) -> Option<Job> {
        let Event::JobSubmitted {
            job,
            owner,
            spec,
            rank,
            held,
            key,
            agent,
            campaign,
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
            before_move: None,
            submitted_at: since,
            state,
            past: Vec::new(),
            key: key.clone(),
            agent: agent.clone(),
            campaign: *campaign,
            given: BTreeMap::new(),
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
            (Held { .. } | Queued { .. }, Event::JobMoved { rank, to, by, .. }) => {
                let rank = std::mem::replace(&mut self.rank, rank.clone());
                let moved = std::mem::replace(&mut self.moved, *to);
                self.before_move = by.clone().map(|by| BeforeMove { rank, moved, by });
                return Ok(());
            }
            (Finished { .. }, Event::JobUpdated { .. } | Event::JobGiven { .. }) => {
                return Err(self.illegal(event));
            }
            (_, Event::JobUpdated { spec, .. }) => {
                self.spec = (**spec).clone();
                return Ok(());
            }
            (
                _,
                Event::JobGiven {
                    agent,
                    gpus,
                    gpu_seconds,
                    ..
                },
            ) => {
                let given = self.given.entry(agent.clone()).or_default();
                given.gpus = given.gpus.saturating_add(*gpus);
                given.gpu_seconds = given.gpu_seconds.saturating_add(*gpu_seconds);
                return Ok(());
            }
            (Queued { .. }, Event::AttemptStarting { attempt, lease })
                if *attempt == self.next_attempt() =>
            {
                let (number, lease) = (attempt.number, lease.clone());
                self.before_move = None;
                Starting {
                    attempt: Attempt {
                        number,
                        lease,
                        granted_at: at,
                        told: None,
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
            (
                Running {
                    attempt: live,
                    since,
                    sessions,
                },
                Event::AttemptTold { attempt, until },
            ) if attempt.number == live.number => Running {
                attempt: Attempt {
                    told: Some(*until),
                    ..live.clone()
                },
                since: *since,
                sessions: sessions.clone(),
            },
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
                let used = live.gpu_seconds(at);
                for given in self.given.values_mut() {
                    given.gpu_seconds = given.gpu_seconds.saturating_sub(used);
                }
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
        if self.is_finished() {
            self.given.clear();
        }
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
