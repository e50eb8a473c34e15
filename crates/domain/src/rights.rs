//! Who may do what on what: one table, which every door asks.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::UserName;
use crate::job::Job;

/// What somebody is, here or in a project. Each may do all that the one before may.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees everything that is no secret, and changes nothing.
    Viewer,
    /// Runs jobs.
    #[default]
    Member,
    /// Decides among people: whose job goes first, who has to wait.
    Lead,
    /// Runs the cluster.
    Admin,
}

impl Role {
    pub const ALL: [Role; 4] = [Role::Viewer, Role::Member, Role::Lead, Role::Admin];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Member => "member",
            Role::Lead => "lead",
            Role::Admin => "admin",
        }
    }

    /// By its name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Role::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// Who has at least this role, for a sentence: `a lead or an admin`.
    #[must_use]
    pub const fn or_above(self) -> &'static str {
        match self {
            Role::Viewer => "anybody",
            Role::Member => "a member",
            Role::Lead => "a lead or an admin",
            Role::Admin => "an admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Right {
    /// Cluster, queue, history, logs, the ledger: what everybody sees of everything.
    See,
    /// What a job's environment holds, and a campaign's.
    SeeSecrets,
    /// Jobs, arrays, sweeps, campaigns.
    Submit,
    /// Class critical.
    UseCritical,
    /// Cancel, hold, release, move, change, requeue.
    ChangeJob,
    /// What somebody with more rights than its owner held.
    ReleaseHeld,
    /// Have a job pass others' jobs; whose are passed counts.
    PassJobs,
    /// A process outside the queue.
    Adopt,
    /// For oneself or a project.
    Reserve,
    /// For another person.
    ReserveForOthers,
    ChangeReservation,
    ChangeCampaign,
    AnswerAlert,
    /// What an agent or a rule suggests, or did.
    AnswerCard,
    /// Make, change, remove, stop and resume agents.
    ChangeAgent,
    /// How far a rule goes.
    SetRule,
    SetQuota,
    /// Make and remove projects.
    MakeProject,
    /// Who is in a project, and who may run jobs in it.
    ChangeProject,
    SetPolicy,
    Cordon,
    /// Who may log in, what they are, their links.
    ManagePeople,
    /// Tokens of nodes.
    ManageNodes,
    /// Who did what.
    SeeAudit,
}

/// What it is done to: whose it is, and in which project.
#[derive(Clone, Copy, Debug)]
pub struct Thing<'a> {
    /// `None`: the cluster's.
    pub owner: Option<&'a UserName>,
    pub project: Option<&'a str>,
}

impl<'a> Thing<'a> {
    pub const CLUSTER: Thing<'static> = Thing {
        owner: None,
        project: None,
    };

    #[must_use]
    pub const fn of(owner: &'a UserName) -> Self {
        Thing {
            owner: Some(owner),
            project: None,
        }
    }

    #[must_use]
    pub fn job(job: &'a Job) -> Self {
        Thing::of(&job.owner).within(job.spec.project.as_deref())
    }

    #[must_use]
    pub const fn within(self, project: Option<&'a str>) -> Self {
        Thing { project, ..self }
    }
}

/// Of what, as the table sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// Their own.
    Own,
    /// Somebody else's.
    Others,
    /// Nobody's: the cluster's.
    Cluster,
}

impl Right {
    pub const ALL: [Right; 24] = [
        Right::See,
        Right::SeeSecrets,
        Right::Submit,
        Right::UseCritical,
        Right::ChangeJob,
        Right::ReleaseHeld,
        Right::PassJobs,
        Right::Adopt,
        Right::Reserve,
        Right::ReserveForOthers,
        Right::ChangeReservation,
        Right::ChangeCampaign,
        Right::AnswerAlert,
        Right::AnswerCard,
        Right::ChangeAgent,
        Right::SetRule,
        Right::SetQuota,
        Right::MakeProject,
        Right::ChangeProject,
        Right::SetPolicy,
        Right::Cordon,
        Right::ManagePeople,
        Right::ManageNodes,
        Right::SeeAudit,
    ];

    /// The table: the least role for what is one's own, for others', and for the cluster's; `None`: that is
    /// not a thing.
    #[must_use]
    pub const fn row(self) -> [Option<Role>; 3] {
        use Role::{Admin, Lead, Member, Viewer};
        match self {
            Right::See => [Some(Viewer), Some(Viewer), Some(Viewer)],
            Right::SeeSecrets => [Some(Viewer), Some(Admin), None],
            Right::Submit => [Some(Member), None, None],
            Right::UseCritical => [Some(Lead), Some(Lead), None],
            Right::ChangeJob => [Some(Member), Some(Lead), None],
            Right::ReleaseHeld => [Some(Lead), Some(Lead), None],
            Right::PassJobs => [Some(Member), Some(Lead), None],
            Right::Adopt => [Some(Member), Some(Admin), None],
            Right::Reserve => [Some(Member), None, None],
            Right::ReserveForOthers => [None, Some(Lead), None],
            Right::ChangeReservation => [Some(Member), Some(Lead), None],
            Right::ChangeCampaign => [Some(Member), Some(Lead), None],
            Right::AnswerAlert => [Some(Member), Some(Lead), Some(Admin)],
            Right::AnswerCard => [Some(Member), Some(Lead), Some(Admin)],
            Right::ChangeAgent => [Some(Member), Some(Admin), Some(Admin)],
            Right::SetRule => [None, None, Some(Admin)],
            Right::SetQuota => [None, None, Some(Admin)],
            Right::MakeProject => [None, None, Some(Admin)],
            Right::ChangeProject => [None, None, Some(Lead)],
            Right::SetPolicy => [None, None, Some(Admin)],
            Right::Cordon => [None, None, Some(Admin)],
            Right::ManagePeople => [None, None, Some(Admin)],
            Right::ManageNodes => [None, None, Some(Admin)],
            Right::SeeAudit => [Some(Viewer), Some(Admin), Some(Admin)],
        }
    }

    /// The least role that may do it; `None`: nobody may.
    #[must_use]
    pub const fn least(self, of: Of) -> Option<Role> {
        let [own, others, cluster] = self.row();
        match of {
            Of::Own => own,
            Of::Others => others,
            Of::Cluster => cluster,
        }
    }

    /// Whether somebody of this role may.
    #[must_use]
    pub fn allows(self, role: Role, of: Of) -> bool {
        self.least(of).is_some_and(|least| role >= least)
    }
}
