//! Why a command is refused: one enum, one sentence each that says what is wrong and what to do.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::agent::{Bar, CardId};
use crate::alert::{AlertId, Choice};
use crate::array::ArrayChange;
use crate::campaign::CampaignId;
use crate::ids::{JobId, NodeName, ReservationId, UserName};

/// A refused command. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Refusal {
    /// A field of the request cannot be accepted; `message` is a whole sentence.
    #[error("{message}")]
    Invalid { field: String, message: String },
    #[error("There is no job {job}. `berth queue --all` lists yours.")]
    NoSuchJob { job: JobId },
    #[error("Job {job} belongs to {owner}. Only {owner}, a lead or an admin can {verb} it.")]
    NotYours {
        job: JobId,
        owner: UserName,
        verb: String,
    },
    #[error(
        "Job {job} would pass job {other} of {owner}. Your own jobs may pass each other; ask a lead or an \
         admin to put one before somebody else's, or move it behind job {other}."
    )]
    PassesOthers {
        job: JobId,
        other: JobId,
        owner: UserName,
    },
    #[error(
        "There is no move of yours to take back: job {job} was not moved, or not by you, or it has \
         started since."
    )]
    NothingToUndo { job: JobId },
    #[error("Job {job} was held by a lead or an admin. Only they can release it.")]
    HeldByAdmin { job: JobId },
    #[error("Job {job} is {state}; only a {needed} job can be {done}.")]
    WrongState {
        job: JobId,
        state: String,
        needed: String,
        done: String,
    },
    #[error(
        "Job {job} is not a task of an array or sweep. Leave out --array to change the job alone."
    )]
    NoArray { job: JobId },
    #[error("Array {array} has no task to {}: {}.", .change.verb(), needed(*.change))]
    NoTask { array: JobId, change: ArrayChange },
    #[error("Job {job} ended too long ago to be queued again. Submit it anew.")]
    TooOld { job: JobId },
    #[error(
        "Only a lead or an admin can use class critical. Submit with class high, or ask one of them."
    )]
    ClassNotAllowed,
    #[error("Only an admin can change the policy. `berth policy preview` shows what it would do.")]
    PolicyNotAllowed,
    #[error("Only an admin can cordon and uncordon. `berth nodes` shows what is cordoned and why.")]
    CordonNotAllowed,
    #[error("There is no open alert {alert}. `berth alerts` lists them.")]
    NoSuchAlert { alert: AlertId },
    #[error("Alert {alert} asks {asks}. Only {asks}, a lead or an admin can answer it.")]
    AlertNotYours { alert: AlertId, asks: UserName },
    #[error("Alert {alert} asks the admins. Only an admin can answer it.")]
    AlertForAdmins { alert: AlertId },
    #[error("Alert {alert} cannot be answered with '{choice}'. It can be with: {choices}.")]
    NotAChoice {
        alert: AlertId,
        choice: Choice,
        choices: String,
    },
    #[error(
        "No process {pid} is known to use a GPU of {node} outside the queue. `berth nodes --foreign` \
         lists those that do."
    )]
    NotForeign { node: NodeName, pid: u32 },
    #[error("Process {pid} belongs to {owner}. Only {owner} or an admin can adopt it.")]
    AdoptNotYours { pid: u32, owner: String },
    #[error(
        "Process {pid} uses {place}, which job {holder} holds. It can be adopted when that ends, or \
         end the process."
    )]
    AdoptLeased {
        pid: u32,
        place: String,
        holder: JobId,
    },
    #[error("Only an admin can set quotas. `berth quota show` shows them.")]
    QuotaNotAllowed,
    #[error("There is no reservation {id}. `berth reserve list` lists them.")]
    NoSuchReservation { id: ReservationId },
    #[error(
        "Reservation {id} was made by {owner}. Only who made or holds it, a lead or an admin can {verb} it."
    )]
    ReservationNotYours {
        id: ReservationId,
        owner: UserName,
        verb: String,
    },
    #[error(
        "Only a lead or an admin can reserve for {user}. Reserve for yourself or for a project."
    )]
    ReserveForOthers { user: UserName },
    #[error(
        "Reservation {id} is not under way, so there is nothing to give back. \
         `berth reserve cancel {id}` removes it."
    )]
    NotUnderWay { id: ReservationId },
    #[error(
        "At {} {label} (number {id}) keeps {theirs} of {there}, and {wanted} cannot be kept beside \
         it. Choose another time, or fewer GPUs.",
        crate::sentence::moment(*at)
    )]
    Promised {
        at: Timestamp,
        id: ReservationId,
        label: String,
        theirs: String,
        wanted: String,
        /// GPUs of the cluster.
        there: u32,
    },
    /// The mandate does not allow it.
    #[error("Agent {agent} may not do this: {bar}.")]
    Mandate { agent: UserName, bar: Bar },
    #[error("There is no agent {agent}. `berth agent list` lists them.")]
    NoSuchAgent { agent: UserName },
    #[error("Agent {agent} acts for {owner}. Only {owner} or an admin can {verb} it.")]
    AgentNotYours {
        agent: UserName,
        owner: UserName,
        verb: String,
    },
    #[error("Only an admin can {what}. You can stop and resume the agents that act for you.")]
    AgentsNotAllowed { what: String },
    #[error("There is no card {card} that can be {done}: it was answered, is void, or is too old.")]
    NoSuchCard { card: CardId, done: String },
    #[error("Card {card} asks {}. Only they, a lead or an admin can answer it.", asks.as_ref().map_or("the admins", UserName::as_str))]
    CardNotYours {
        card: CardId,
        asks: Option<UserName>,
    },
    #[error("There is no campaign {campaign}. `berth campaign list` lists them.")]
    NoSuchCampaign { campaign: CampaignId },
    #[error(
        "Campaign {campaign} belongs to {owner}. Only {owner}, a lead or an admin can {verb} it."
    )]
    CampaignNotYours {
        campaign: CampaignId,
        owner: UserName,
        verb: String,
    },
    #[error("Campaign {campaign} is {state}, so that it cannot be {done}.")]
    CampaignState {
        campaign: CampaignId,
        state: String,
        done: String,
    },
    /// Its budget, or a switch, does not allow another trial.
    #[error("Campaign {campaign} may not run another trial: {bar}.")]
    Campaign { campaign: CampaignId, bar: Bar },
    /// A viewer wants to change something.
    #[error(
        "You are a viewer here: you see everything and change nothing. Ask an admin to make you a member."
    )]
    OnlyLooks,
    #[error("There is no project {project}. `berth project list` lists those that were set up.")]
    NoSuchProject { project: String },
    #[error(
        "Project {project} is closed: only its members run jobs in it. Ask one of its leads to let you in."
    )]
    ProjectClosed { project: String },
    #[error("Only {} can {} project {project}.", if *.changes { "its leads and admins" } else { "an admin" }, if *.changes { "change" } else { "make or remove" })]
    ProjectNotAllowed { project: String, changes: bool },
    #[error("{at} is in the past: begin must be in the future, or left out.")]
    BeginInPast { at: Timestamp },
    #[error("{at} is in the past: a deadline must be ahead, or left out.")]
    DeadlineInPast { at: Timestamp },
    #[error(
        "The deadline {deadline} is not after {begin}, before which the job does not begin. Move \
         one of them."
    )]
    DeadlineBeforeBegin {
        deadline: Timestamp,
        begin: Timestamp,
    },
}

impl Refusal {
    #[must_use]
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Refusal::Invalid {
            field: field.to_owned(),
            message: message.into(),
        }
    }

    /// The field of the request that is to blame, where there is one.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match self {
            Refusal::Invalid { field, .. } => Some(field),
            Refusal::ClassNotAllowed => Some("class"),
            Refusal::BeginInPast { .. } => Some("begin"),
            Refusal::ReserveForOthers { .. } => Some("user"),
            Refusal::NoSuchProject { .. }
            | Refusal::ProjectClosed { .. }
            | Refusal::ProjectNotAllowed { .. } => Some("project"),
            Refusal::Promised { .. } => Some("start"),
            Refusal::DeadlineInPast { .. } | Refusal::DeadlineBeforeBegin { .. } => {
                Some("deadline")
            }
            _ => None,
        }
    }
}

fn needed(change: ArrayChange) -> &'static str {
    match change {
        ArrayChange::Cancel => "all have ended",
        ArrayChange::Hold => "none is queued",
        ArrayChange::Release => "none is held",
        ArrayChange::RetryFailed => "none failed, or those that did ended too long ago",
    }
}
