//! What is written down of who did what: by which door, from where, and what was before and after.

use std::fmt;
use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::agent::AgentRule;
use crate::campaign::CampaignChange;
use crate::command::{Actor, Command};
use crate::ids::UserName;
use crate::quota::Whose;

/// How somebody came in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DoorKind {
    /// Berth itself.
    #[default]
    Berth,
    /// A browser that is logged in.
    Browser,
    /// Whoever showed a token: the CLI, other tools.
    Token,
    /// A process on the server's host, through its socket.
    Socket,
    /// An AI agent's tools.
    Mcp,
    /// The assistant, for whoever asked it.
    Assistant,
    /// Nobody yet: a login.
    Login,
    /// A command of `berth-server` on its host.
    Host,
}

impl DoorKind {
    pub const ALL: [DoorKind; 8] = [
        DoorKind::Berth,
        DoorKind::Browser,
        DoorKind::Token,
        DoorKind::Socket,
        DoorKind::Mcp,
        DoorKind::Assistant,
        DoorKind::Login,
        DoorKind::Host,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            DoorKind::Berth => "berth",
            DoorKind::Browser => "browser",
            DoorKind::Token => "token",
            DoorKind::Socket => "socket",
            DoorKind::Mcp => "mcp",
            DoorKind::Assistant => "assistant",
            DoorKind::Login => "login",
            DoorKind::Host => "host",
        }
    }

    /// By its name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        DoorKind::ALL.into_iter().find(|door| door.as_str() == name)
    }
}

impl fmt::Display for DoorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a call comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Origin {
    pub door: DoorKind,
    /// `None`: from within the server's host.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub address: Option<IpAddr>,
}

/// One value that is another than before.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Difference {
    /// `job 17`.
    pub of: String,
    /// `spec.class`; empty: all of it.
    pub path: String,
    /// As JSON; `None`: it was not there. What may be secret is left out.
    pub before: Option<String>,
    pub after: Option<String>,
}

/// Something that somebody did, or was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Entry {
    pub at: Timestamp,
    pub actor: UserName,
    /// For whom, where it was an agent.
    pub acts_for: Option<UserName>,
    pub origin: Origin,
    /// `cancel`, `set_quota`, `log_in`.
    pub act: String,
    /// `job 17`.
    pub subject: Option<String>,
    /// Why not, where it was refused.
    pub refused: Option<String>,
    pub differences: Vec<Difference>,
}

impl Entry {
    #[must_use]
    pub fn new(at: Timestamp, actor: &Actor, origin: Origin, act: &str) -> Self {
        let acts_for = match actor {
            Actor::Agent { acts_for, .. } => Some(acts_for.clone()),
            Actor::User { .. } | Actor::Berth => None,
        };
        Entry {
            at,
            actor: UserName::from(actor.name()),
            acts_for,
            origin,
            act: act.to_owned(),
            subject: None,
            refused: None,
            differences: Vec::new(),
        }
    }
}

impl Command {
    /// What it is called in the audit log; `None`: it is Berth's own bookkeeping.
    #[must_use]
    pub fn act(&self) -> Option<&'static str> {
        Some(match self {
            Command::Submit(_) => "submit",
            Command::Cancel(_) => "cancel",
            Command::Hold(_) => "hold",
            Command::Release(_) => "release",
            Command::Move(..) => "move",
            Command::UndoMove(_) => "undo_move",
            Command::Update(..) => "update",
            Command::Requeue(_) => "requeue",
            Command::Array(_, change) => match change {
                crate::array::ArrayChange::Cancel => "cancel_array",
                crate::array::ArrayChange::Hold => "hold_array",
                crate::array::ArrayChange::Release => "release_array",
                crate::array::ArrayChange::RetryFailed => "retry_failed",
            },
            Command::SetPolicy(_) => "set_policy",
            Command::Reserve(None, _) => "reserve",
            Command::Reserve(Some(_), _) => "change_reservation",
            Command::CancelReservation(_) => "cancel_reservation",
            Command::EndReservation(_) => "end_reservation",
            Command::SetQuota(..) => "set_quota",
            Command::SetProject(_, Some(_)) => "set_project",
            Command::SetProject(_, None) => "remove_project",
            Command::SetMember { .. } => "set_member",
            Command::Cordon { drain: false, .. } => "cordon",
            Command::Cordon { drain: true, .. } => "drain",
            Command::Uncordon(_) => "uncordon",
            Command::Answer { .. } => "answer_alert",
            Command::Adopt(_) => "adopt",
            Command::SetAgent(_) => "set_agent",
            Command::RemoveAgent(_) => "remove_agent",
            Command::StopAgents { .. } => "stop_agents",
            Command::ResumeAgents(_) => "resume_agents",
            Command::SetRule { .. } => "set_rule",
            Command::AnswerCard { .. } => "answer_card",
            Command::UndoCard(_) => "undo_card",
            Command::Propose(_) => "propose",
            Command::StartCampaign(_) => "start_campaign",
            Command::ChangeCampaign(_, change) => match change {
                CampaignChange::Pause { .. } => "pause_campaign",
                CampaignChange::Resume => "resume_campaign",
                CampaignChange::End { .. } => "end_campaign",
                CampaignChange::Steer(_) => "steer_campaign",
            },
            Command::RunTrial(..) => "run_trial",
            Command::Measured(..)
            | Command::UseModel { .. }
            | Command::EndTrial { .. }
            | Command::AskedFor { .. } => return None,
        })
    }

    /// What it is about, where that is known before it is done.
    #[must_use]
    pub fn subject(&self) -> Option<String> {
        Some(match self {
            Command::Cancel(job)
            | Command::Hold(job)
            | Command::Release(job)
            | Command::Move(job, _)
            | Command::UndoMove(job)
            | Command::Update(job, _)
            | Command::Requeue(job) => format!("job {job}"),
            Command::Array(job, _) => format!("the array of job {job}"),
            Command::Reserve(Some(id), _)
            | Command::CancelReservation(id)
            | Command::EndReservation(id) => format!("reservation {id}"),
            Command::SetPolicy(_) => "the policy".to_owned(),
            Command::SetQuota(whose, _) => match whose {
                Whose::EveryUser => "every user".to_owned(),
                Whose::EveryProject => "every project".to_owned(),
                Whose::User(user) => format!("user {user}"),
                Whose::Project(project) => format!("project {project}"),
            },
            Command::SetProject(project, _) | Command::SetMember { project, .. } => {
                format!("project {project}")
            }
            Command::Cordon { place, .. } | Command::Uncordon(place) => place.to_string(),
            Command::Answer { alert, .. } => format!("alert {alert}"),
            Command::Adopt(asked) => format!("process {} on {}", asked.pid, asked.node),
            Command::SetAgent(asked) => format!("agent {}", asked.name),
            Command::RemoveAgent(agent) => format!("agent {agent}"),
            Command::StopAgents { agent, .. } | Command::ResumeAgents(agent) => match agent {
                Some(agent) => format!("agent {agent}"),
                None => "all agents".to_owned(),
            },
            Command::SetRule { rule, .. } => format!("rule {}", AgentRule::as_str(*rule)),
            Command::AnswerCard { card, .. }
            | Command::UndoCard(card)
            | Command::Measured(card, _) => {
                format!("card {card}")
            }
            Command::ChangeCampaign(campaign, _)
            | Command::RunTrial(campaign, _)
            | Command::EndTrial { campaign, .. }
            | Command::AskedFor { campaign, .. } => format!("campaign {campaign}"),
            Command::Submit(_)
            | Command::Reserve(None, _)
            | Command::Propose(_)
            | Command::UseModel { .. }
            | Command::StartCampaign(_) => return None,
        })
    }
}
