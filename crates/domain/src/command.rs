//! What people and tools may ask for, and who asks.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use crate::agent::{AgentRule, CardId, Draft, Effect, Mandate, Mode};
use crate::alert::{AlertId, Choice};
use crate::array::ArrayChange;
use crate::campaign::{CampaignChange, CampaignId, CampaignSpec, TrialDraft, TrialEnd};
use crate::constraints::Constraints;
use crate::cordon::Place;
use crate::ids::{JobId, NodeName, ReservationId, UserName};
use crate::notice::Notice;
use crate::policy::PolicyChoice;
use crate::project::Project;
use crate::quota::{SetTo, Whose};
use crate::reservation::ReserveRequest;
use crate::rights::Role;
use crate::spec::{Dependency, PriorityClass};
use crate::submit::SubmitRequest;

/// Who acts. The server derives it from the session or token, never from a field of the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Actor {
    User {
        name: UserName,
        /// Journals of before there were roles say whether it was an admin.
        #[serde(alias = "admin", deserialize_with = "role_or_admin")]
        role: Role,
    },
    /// A program that acts for a person, within its mandate and with no more rights than theirs.
    Agent {
        name: UserName,
        acts_for: UserName,
        /// Its person's.
        #[serde(default)]
        role: Role,
    },
    /// Berth itself: planner, time limits, executor reports, inventory.
    Berth,
}

fn role_or_admin<'de, D: Deserializer<'de>>(from: D) -> Result<Role, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Role(Role),
        Admin(bool),
    }
    Ok(match Written::deserialize(from)? {
        Written::Role(role) => role,
        Written::Admin(true) => Role::Admin,
        Written::Admin(false) => Role::Member,
    })
}

impl Actor {
    #[must_use]
    pub fn user(name: impl Into<UserName>, role: Role) -> Self {
        Actor::User {
            name: name.into(),
            role,
        }
    }

    /// The person behind it; Berth stands for itself.
    #[must_use]
    pub fn person(&self) -> UserName {
        match self {
            Actor::User { name, .. } => name.clone(),
            Actor::Agent { acts_for, .. } => acts_for.clone(),
            Actor::Berth => UserName::from("berth"),
        }
    }

    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Actor::User { name, .. } | Actor::Agent { name, .. } => name.as_str(),
            Actor::Berth => "berth",
        }
    }
}

/// A change that somebody wants.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    Submit(Box<SubmitRequest>),
    /// Ends the job wherever it is; a running one gets SIGTERM, the grace, SIGKILL.
    Cancel(JobId),
    /// Keeps a queued job from starting.
    Hold(JobId),
    Release(JobId),
    Move(JobId, MoveTo),
    /// Puts a job back to where it was before whoever asks moved it last.
    UndoMove(JobId),
    Update(JobId, Box<JobPatch>),
    /// Stops a running job and queues it again, or queues a finished one again.
    Requeue(JobId),
    /// Changes all tasks of the array or sweep to which this job belongs.
    Array(JobId, ArrayChange),
    /// Has the planner follow another policy from now on.
    SetPolicy(PolicyChoice),
    /// Promises GPUs; with a number it changes that reservation.
    Reserve(Option<ReservationId>, Box<ReserveRequest>),
    CancelReservation(ReservationId),
    /// Gives back what is left of the occurrence that is under way.
    EndReservation(ReservationId),
    SetQuota(Whose, SetTo),
    /// Sets up a project or changes it; `None`: it is but a word again.
    SetProject(String, Option<Project>),
    /// What somebody is in a project; `None`: no member any more.
    SetMember {
        project: String,
        user: UserName,
        role: Option<Role>,
    },
    /// Gives a node or a GPU no new job; what runs there goes on.
    Cordon {
        place: Place,
        reason: String,
        /// To wait for what runs there to end.
        drain: bool,
    },
    Uncordon(Place),
    /// Answers an alert, and does what was chosen.
    Answer {
        alert: AlertId,
        choice: Choice,
        /// Needed to keep things as they are.
        because: Option<String>,
        /// How long to keep them so; `None`: two hours.
        lasts: Option<Duration>,
    },
    /// Makes a process that runs outside the queue a job, with a lease of the GPUs that it uses.
    Adopt(Box<AdoptRequest>),
    /// Makes an agent, or gives one another mandate.
    SetAgent(Box<AgentRequest>),
    /// Its jobs stay.
    RemoveAgent(UserName),
    /// Stops one agent, or all and the rules that Berth follows by itself, at once.
    StopAgents {
        agent: Option<UserName>,
        why: String,
        /// Their jobs are cancelled too.
        jobs: bool,
    },
    ResumeAgents(Option<UserName>),
    /// How far a rule goes, for all or for one project; `None`: as if it was never said.
    SetRule {
        rule: AgentRule,
        project: Option<String>,
        mode: Option<Mode>,
    },
    /// Does what a card suggests, or not.
    AnswerCard {
        card: CardId,
        approve: bool,
    },
    /// Takes back what was done.
    UndoCard(CardId),
    /// What a rule of Berth's own found should be done.
    Propose(Box<Draft>),
    /// What came of something that was done.
    Measured(CardId, Effect),
    /// A language model was asked for an agent, and cost so much. Berth only.
    UseModel {
        agent: UserName,
        /// In millionths of a dollar.
        micros: u64,
    },
    StartCampaign(Box<CampaignSpec>),
    ChangeCampaign(CampaignId, CampaignChange),
    /// Submits the job of a trial, once: a trial that is known already is not run again. Berth only.
    RunTrial(CampaignId, Box<TrialDraft>),
    /// What came of a trial, whose job has ended. Berth only.
    EndTrial {
        campaign: CampaignId,
        trial: u32,
        end: TrialEnd,
    },
    /// A language model was asked for trials of a campaign, and cost so much. Berth only.
    AskedFor {
        campaign: CampaignId,
        /// In millionths of a dollar.
        micros: u64,
    },
}

/// An agent as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentRequest {
    pub name: UserName,
    /// `None`: for whoever asks. Only admins say somebody else.
    pub acts_for: Option<UserName>,
    pub mandate: Mandate,
}

/// Which process becomes a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AdoptRequest {
    pub node: NodeName,
    pub pid: u32,
    /// `None`: its program.
    pub name: Option<String>,
    pub project: Option<String>,
    /// From now on; `None`: the usual one.
    pub time_limit: Option<Duration>,
}

/// Where a waiting job goes in the order of its class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum MoveTo {
    Top,
    Bottom,
    Before(JobId),
    After(JobId),
}

/// What may be changed after submission; `None` leaves a value as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JobPatch {
    pub name: Option<String>,
    pub time_limit: Option<Duration>,
    pub class: Option<PriorityClass>,
    pub max_retries: Option<u32>,
    pub preemptible: Option<bool>,
    /// The size, while the job waits.
    pub nodes: Option<u32>,
    pub gpus: Option<u32>,
    /// Replaces all dependencies, while the job waits.
    pub dependencies: Option<Vec<Dependency>>,
    /// `Some(None)` removes the begin time.
    pub begin: Option<Option<Timestamp>>,
    pub deadline: Option<Option<Timestamp>>,
    pub notice: Option<Notice>,
    /// While the job waits.
    pub per_gpu: Option<bool>,
    /// Of a task of an array: below how many running tasks of it this one may start. Those that wait with
    /// it keep to theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_once: Option<u32>,
    pub constraints: ConstraintsPatch,
}

/// What to ask of nodes and GPUs from now on, while the job waits; lists are replaced.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ConstraintsPatch {
    pub gpu_models: Option<Vec<String>>,
    pub min_gpu_mem_bytes: Option<Option<u64>>,
    pub nodes: Option<Vec<NodeName>>,
    pub exclude: Option<Vec<NodeName>>,
    pub nvlink: Option<bool>,
}

impl ConstraintsPatch {
    /// What is asked after the change.
    #[must_use]
    pub fn apply(self, to: &Constraints) -> Constraints {
        Constraints {
            gpu_models: self.gpu_models.unwrap_or_else(|| to.gpu_models.clone()),
            min_gpu_mem_bytes: self.min_gpu_mem_bytes.unwrap_or(to.min_gpu_mem_bytes),
            nodes: self.nodes.unwrap_or_else(|| to.nodes.clone()),
            exclude: self.exclude.unwrap_or_else(|| to.exclude.clone()),
            nvlink: self.nvlink.unwrap_or(to.nvlink),
        }
    }
}
