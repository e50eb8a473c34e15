//! Projects: who is in them, and as what. A project that nobody set up is but a word on jobs, which
//! everybody may use.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::command::Actor;
use crate::ids::UserName;
use crate::rights::{Of, Right, Role, Thing};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Project {
    /// What it is about.
    pub about: String,
    /// Only its members run jobs in it.
    pub closed: bool,
    /// What people are in it, which counts where it is more than what they are elsewhere.
    pub members: BTreeMap<UserName, Role>,
}

/// All that were set up, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Projects(pub BTreeMap<String, Project>);

impl Projects {
    pub(crate) fn set(&mut self, name: &str, to: Option<&Project>) {
        match to {
            Some(project) => self.0.insert(name.to_owned(), project.clone()),
            None => self.0.remove(name),
        };
    }

    /// What somebody is in a project.
    #[must_use]
    pub fn role_in(&self, project: &str, who: &UserName) -> Option<Role> {
        self.0.get(project)?.members.get(who).copied()
    }

    /// What somebody is in the projects that they are in.
    #[must_use]
    pub fn of(&self, who: &UserName) -> BTreeMap<String, Role> {
        let inside = self.0.iter().filter_map(|(name, project)| {
            let role = project.members.get(who)?;
            Some((name.clone(), *role))
        });
        inside.collect()
    }

    /// Whether whoever acts may do it. What a role is needed for stands in [`Right::row`] alone.
    #[must_use]
    pub fn may(&self, actor: &Actor, right: Right, thing: Thing<'_>) -> bool {
        let (who, role, agent) = match actor {
            Actor::Berth => return true,
            Actor::User { name, role } => (name, *role, false),
            Actor::Agent { acts_for, role, .. } => (acts_for, *role, true),
        };
        let inside = thing.project.and_then(|name| self.role_in(name, who));
        let role = inside.map_or(role, |inside| role.max(inside));
        // An agent is never more than a member, whatever its person is.
        let role = if agent { role.min(Role::Member) } else { role };
        let of = match thing.owner {
            None => Of::Cluster,
            Some(owner) if owner == who => Of::Own,
            Some(_) => Of::Others,
        };
        right.allows(role, of)
    }

    /// Whether somebody's jobs may run in a project, by who is in it.
    #[must_use]
    pub fn is_open_to(&self, project: &str, actor: &Actor) -> bool {
        let Some(known) = self.0.get(project).filter(|known| known.closed) else {
            return true;
        };
        let (who, role) = match actor {
            Actor::Berth => return true,
            Actor::User { name, role } => (name, *role),
            Actor::Agent { acts_for, .. } => (acts_for, Role::Member),
        };
        let inside = known.members.get(who).copied();
        role >= Role::Lead || inside.is_some_and(|inside| inside >= Role::Member)
    }
}
