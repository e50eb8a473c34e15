//! How many GPUs one user or project may hold at once.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::UserName;

/// GPUs at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    pub gpus: u32,
    /// A cap: nothing beyond it, even while GPUs idle. Otherwise more may be borrowed while nobody
    /// else waits.
    #[serde(default)]
    pub hard: bool,
}

/// Everybody's quotas: what holds for all, and for whom something else does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Quotas {
    /// Of each user that is not named below.
    pub user: Option<Quota>,
    /// Of each project that is not named below.
    pub project: Option<Quota>,
    /// `None`: as many as they like.
    pub users: BTreeMap<UserName, Option<Quota>>,
    pub projects: BTreeMap<String, Option<Quota>>,
}

/// Whose quota.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    EveryUser,
    EveryProject,
    User(UserName),
    Project(String),
}

/// What to make of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Allow {
    AtMost(Quota),
    Unlimited,
    /// What holds for everybody.
    Default,
}

impl Quotas {
    /// What one user may hold; `fallback` where nothing was set.
    #[must_use]
    pub fn of_user(&self, user: &UserName, fallback: Option<Quota>) -> Option<Quota> {
        match self.users.get(user) {
            Some(named) => *named,
            None => self.user.or(fallback),
        }
    }

    /// What one project may hold; `fallback` where nothing was set.
    #[must_use]
    pub fn of_project(&self, project: &str, fallback: Option<Quota>) -> Option<Quota> {
        match self.projects.get(project) {
            Some(named) => *named,
            None => self.project.or(fallback),
        }
    }

    /// As they are after a change.
    #[must_use]
    pub fn with(&self, whose: Whose, allow: Allow) -> Self {
        let mut changed = self.clone();
        let limit = match allow {
            Allow::AtMost(quota) => Some(quota),
            Allow::Unlimited | Allow::Default => None,
        };
        let named = allow != Allow::Default;
        match whose {
            Whose::EveryUser => changed.user = limit,
            Whose::EveryProject => changed.project = limit,
            Whose::User(user) if named => {
                changed.users.insert(user, limit);
            }
            Whose::User(user) => {
                changed.users.remove(&user);
            }
            Whose::Project(project) if named => {
                changed.projects.insert(project, limit);
            }
            Whose::Project(project) => {
                changed.projects.remove(&project);
            }
        }
        changed
    }
}
