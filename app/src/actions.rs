//! What can be done to a job, where it may be done, and doing it.

pub mod array;

use berth_api::jobs::{self, JobAnswer, JobArg};
use berth_api::views::JobRow;
use berth_api::{ApiError, ErrorCode};
use berth_domain::{JobId, StateName};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::components::confirm::{Ask, Confirm};
use crate::notice::Notices;
use crate::texts::{acts as t, common};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    Cancel,
    Hold,
    Release,
    Requeue,
}

impl Act {
    /// What fits the state that a job is in.
    pub fn fitting(state: StateName) -> Vec<Act> {
        match state {
            StateName::Held => vec![Act::Release, Act::Cancel],
            StateName::Queued => vec![Act::Hold, Act::Cancel],
            StateName::Starting | StateName::Running => vec![Act::Requeue, Act::Cancel],
            StateName::Stopping => vec![],
            StateName::Finished => vec![Act::Requeue],
        }
    }

    /// The last part of the form's address.
    pub fn verb(self) -> &'static str {
        match self {
            Act::Cancel => "cancel",
            Act::Hold => "hold",
            Act::Release => "release",
            Act::Requeue => "requeue",
        }
    }

    /// What the button says.
    pub fn label(self, state: StateName) -> &'static str {
        match self {
            Act::Cancel => common::CANCEL,
            Act::Hold => common::HOLD,
            Act::Release => common::RELEASE,
            Act::Requeue if state == StateName::Finished => t::RUN_AGAIN,
            Act::Requeue => t::REQUEUE,
        }
    }

    fn done(self, id: JobId) -> String {
        match self {
            Act::Cancel => t::cancelled(id),
            Act::Hold => t::held(id),
            Act::Release => t::queued(id),
            Act::Requeue => t::queued_again(id),
        }
    }

    /// What is asked before; only what ends something that runs or waits is asked about.
    fn question(self, row: &JobRow) -> Option<Ask> {
        let (id, name) = (row.id, &row.name);
        let ask = |title: String, text: &str, verb: &'static str| {
            Some(Ask {
                title,
                text: text.to_owned(),
                verb,
            })
        };
        match (self, row.is_active()) {
            (Act::Cancel, true) => ask(
                t::cancel(id, name),
                t::PROCESSES_GET_SIGTERM,
                t::CANCEL_THE_JOB,
            ),
            (Act::Cancel, false) => {
                ask(t::cancel(id, name), t::LEAVES_THE_QUEUE, t::CANCEL_THE_JOB)
            }
            (Act::Requeue, true) => ask(
                t::stop_and_queue(id, name),
                t::UNSAVED_IS_LOST,
                t::REQUEUE_THE_JOB,
            ),
            _ => None,
        }
    }

    pub async fn send(self, id: JobId) -> Result<JobAnswer, ApiError> {
        let body = JobArg { id };
        match self {
            Act::Cancel => jobs::cancel_job(body).await,
            Act::Hold => jobs::hold_job(body).await,
            Act::Release => jobs::release_job(body).await,
            Act::Requeue => jobs::requeue_job(body).await,
        }
    }
}

/// What is needed to act: taken where the component is made.
#[derive(Clone, Copy, Debug)]
pub struct Doer {
    notices: Notices,
    confirm: Confirm,
}

impl Doer {
    pub fn here() -> Self {
        Doer {
            notices: Notices::here(),
            confirm: Confirm::here(),
        }
    }

    /// Asks if need be, then does it and says how that went.
    pub fn act(self, act: Act, row: &JobRow) {
        let id = row.id;
        let go = move || {
            spawn_local(async move {
                match act.send(id).await {
                    Ok(_) => self.notices.say(act.done(id)),
                    Err(error) => self.notices.refuse(&worded(error)),
                }
            });
        };
        match act.question(row) {
            Some(question) => self.confirm.ask(question, Callback::new(move |()| go())),
            None => go(),
        }
    }
}

/// Says what to do where the message cannot know it.
fn worded(error: ApiError) -> ApiError {
    if error.code() == ErrorCode::Unreachable {
        return ApiError::new(ErrorCode::Unreachable, t::PERHAPS_NOTHING_WAS_DONE);
    }
    error
}
