//! What an agent, a rule or a card can do: commands that can be written down and read again.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::alert::{AlertId, Choice};
use crate::array::ArrayChange;
use crate::campaign::{CampaignChange, CampaignId, CampaignSpec};
use crate::command::{Command, JobPatch, MoveTo};
use crate::ids::{JobId, ReservationId};
use crate::reservation::ReserveRequest;
use crate::submit::SubmitRequest;
use crate::tokens::tokens;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Act {
    Submit {
        request: Box<SubmitRequest>,
    },
    Cancel {
        job: JobId,
    },
    Hold {
        job: JobId,
    },
    Release {
        job: JobId,
    },
    Move {
        job: JobId,
        to: MoveTo,
    },
    UndoMove {
        job: JobId,
    },
    Update {
        job: JobId,
        patch: Box<JobPatch>,
    },
    Requeue {
        job: JobId,
    },
    Array {
        job: JobId,
        change: ArrayChange,
    },
    Reserve {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<ReservationId>,
        request: Box<ReserveRequest>,
    },
    CancelReservation {
        id: ReservationId,
    },
    EndReservation {
        id: ReservationId,
    },
    Answer {
        alert: AlertId,
        choice: Choice,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        because: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lasts: Option<Duration>,
    },
    StartCampaign {
        spec: Box<CampaignSpec>,
    },
    ChangeCampaign {
        campaign: CampaignId,
        to: Box<CampaignChange>,
    },
}

tokens! {
    /// Kinds of acts, as a mandate allows them.
    Action, "an action" {
        Submit = "submit",
        Cancel = "cancel",
        /// Hold and release.
        Hold = "hold",
        Move = "move",
        Update = "update",
        Requeue = "requeue",
        /// Reserve, and change, end or cancel what was reserved.
        Reserve = "reserve",
        Answer = "answer",
        /// Start campaigns, and pause, resume, steer and end its own.
        Campaign = "campaign",
    }
}

impl Act {
    /// The same as a command.
    #[must_use]
    pub fn command(self) -> Command {
        match self {
            Act::Submit { request } => Command::Submit(request),
            Act::Cancel { job } => Command::Cancel(job),
            Act::Hold { job } => Command::Hold(job),
            Act::Release { job } => Command::Release(job),
            Act::Move { job, to } => Command::Move(job, to),
            Act::UndoMove { job } => Command::UndoMove(job),
            Act::Update { job, patch } => Command::Update(job, patch),
            Act::Requeue { job } => Command::Requeue(job),
            Act::Array { job, change } => Command::Array(job, change),
            Act::Reserve { id, request } => Command::Reserve(id, request),
            Act::CancelReservation { id } => Command::CancelReservation(id),
            Act::EndReservation { id } => Command::EndReservation(id),
            Act::Answer {
                alert,
                choice,
                because,
                lasts,
            } => Command::Answer {
                alert,
                choice,
                because,
                lasts,
            },
            Act::StartCampaign { spec } => Command::StartCampaign(spec),
            Act::ChangeCampaign { campaign, to } => Command::ChangeCampaign(campaign, *to),
        }
    }

    /// What a command is as an act; `None` for what no agent ever does.
    #[must_use]
    pub fn of(command: &Command) -> Option<Act> {
        Some(match command.clone() {
            Command::Submit(request) => Act::Submit { request },
            Command::Cancel(job) => Act::Cancel { job },
            Command::Hold(job) => Act::Hold { job },
            Command::Release(job) => Act::Release { job },
            Command::Move(job, to) => Act::Move { job, to },
            Command::UndoMove(job) => Act::UndoMove { job },
            Command::Update(job, patch) => Act::Update { job, patch },
            Command::Requeue(job) => Act::Requeue { job },
            Command::Array(job, change) => Act::Array { job, change },
            Command::Reserve(id, request) => Act::Reserve { id, request },
            Command::CancelReservation(id) => Act::CancelReservation { id },
            Command::EndReservation(id) => Act::EndReservation { id },
            Command::Answer {
                alert,
                choice,
                because,
                lasts,
            } => Act::Answer {
                alert,
                choice,
                because,
                lasts,
            },
            Command::StartCampaign(spec) => Act::StartCampaign { spec },
            Command::ChangeCampaign(campaign, to) => Act::ChangeCampaign {
                campaign,
                to: Box::new(to),
            },
            _ => return None,
        })
    }

    #[must_use]
    pub fn action(&self) -> Action {
        match self {
            Act::Submit { .. } => Action::Submit,
            Act::Cancel { .. } => Action::Cancel,
            Act::Hold { .. } | Act::Release { .. } => Action::Hold,
            Act::Move { .. } | Act::UndoMove { .. } => Action::Move,
            Act::Update { .. } => Action::Update,
            Act::Requeue { .. } => Action::Requeue,
            Act::Array { change, .. } => match change {
                ArrayChange::Cancel => Action::Cancel,
                ArrayChange::Hold | ArrayChange::Release => Action::Hold,
                ArrayChange::RetryFailed => Action::Requeue,
            },
            Act::Reserve { .. } | Act::CancelReservation { .. } | Act::EndReservation { .. } => {
                Action::Reserve
            }
            Act::Answer { .. } => Action::Answer,
            Act::StartCampaign { .. } | Act::ChangeCampaign { .. } => Action::Campaign,
        }
    }

    /// Whether it ends or holds something, for which it is never too late. To release lets something start.
    #[must_use]
    pub fn stops(&self) -> bool {
        match self {
            Act::Cancel { .. } | Act::Hold { .. } => true,
            Act::Array { change, .. } => {
                matches!(change, ArrayChange::Cancel | ArrayChange::Hold)
            }
            Act::ChangeCampaign { to, .. } => matches!(
                **to,
                CampaignChange::Pause { .. } | CampaignChange::End { .. }
            ),
            _ => false,
        }
    }

    /// The job that it is about.
    #[must_use]
    pub fn job(&self) -> Option<JobId> {
        match self {
            Act::Cancel { job }
            | Act::Hold { job }
            | Act::Release { job }
            | Act::Move { job, .. }
            | Act::UndoMove { job }
            | Act::Update { job, .. }
            | Act::Requeue { job }
            | Act::Array { job, .. } => Some(*job),
            _ => None,
        }
    }

    /// In words, for a card: `cancel job 17`.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Act::Submit { request } => {
                let name = request.name.as_deref();
                let program = request.command.first().map(String::as_str);
                format!("submit {}", name.or(program).unwrap_or("a job"))
            }
            Act::Cancel { job } => format!("cancel job {job}"),
            Act::Hold { job } => format!("hold job {job}"),
            Act::Release { job } => format!("release job {job}"),
            Act::Move { job, to } => format!("move job {job} {}", place(*to)),
            Act::UndoMove { job } => format!("put job {job} back to where it was"),
            Act::Update { job, .. } => format!("change job {job}"),
            Act::Requeue { job } => format!("queue job {job} again"),
            Act::Array { job, change } => format!("{} all tasks of job {job}", change.verb()),
            Act::Reserve { id: Some(id), .. } => format!("change reservation {id}"),
            Act::Reserve { id: None, .. } => "reserve GPUs".to_owned(),
            Act::CancelReservation { id } => format!("cancel reservation {id}"),
            Act::EndReservation { id } => format!("give back the rest of reservation {id}"),
            Act::Answer { alert, choice, .. } => format!("answer alert {alert} with {choice}"),
            Act::StartCampaign { spec } => format!("start campaign {}", spec.name),
            Act::ChangeCampaign { campaign, to } => {
                let verb = match **to {
                    CampaignChange::Pause { .. } => "pause",
                    CampaignChange::Resume => "resume",
                    CampaignChange::End { .. } => "end",
                    CampaignChange::Steer(_) => "steer",
                };
                format!("{verb} campaign {campaign}")
            }
        }
    }
}

fn place(to: MoveTo) -> String {
    match to {
        MoveTo::Top => "to the front".to_owned(),
        MoveTo::Bottom => "to the end".to_owned(),
        MoveTo::Before(other) => format!("before job {other}"),
        MoveTo::After(other) => format!("behind job {other}"),
    }
}
