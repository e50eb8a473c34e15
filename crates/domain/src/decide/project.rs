//! Setting up projects, and who is in them.

use super::may;
use crate::command::Actor;
use crate::event::Event;
use crate::ids::UserName;
use crate::project::Project;
use crate::refusal::Refusal;
use crate::rights::{Right, Role, Thing};
use crate::state::State;
use crate::submit::label;

/// No more than these.
const MOST_PROJECTS: usize = 1000;
/// In one project.
const MOST_MEMBERS: usize = 1000;
const ABOUT_LETTERS: usize = 500;

/// Whoever leads a project may change it; only admins make and remove one.
pub(super) fn set(
    state: &State,
    actor: &Actor,
    project: String,
    to: Option<Project>,
) -> Result<Vec<Event>, Refusal> {
    label("project", &project)?;
    let known = state.projects().0.get(&project);
    let changes = known.is_some() && to.is_some();
    allowed(state, actor, &project, changes)?;
    if let Some(to) = &to {
        if to.about.chars().count() > ABOUT_LETTERS {
            let why =
                format!("What a project is about is told in {ABOUT_LETTERS} letters at most.");
            return Err(Refusal::invalid("about", why));
        }
        if to.members.len() > MOST_MEMBERS {
            let why = format!("A project has {MOST_MEMBERS} members at most.");
            return Err(Refusal::invalid("members", why));
        }
        if to.members.values().any(|role| *role == Role::Admin) {
            return Err(no_admins());
        }
        if known.is_none() && state.projects().0.len() >= MOST_PROJECTS {
            let why = format!("There are {MOST_PROJECTS} projects already: remove one first.");
            return Err(Refusal::invalid("project", why));
        }
    }
    if known == to.as_ref() {
        return Ok(vec![]);
    }
    Ok(vec![Event::ProjectSet {
        project,
        to: to.map(Box::new),
    }])
}

pub(super) fn set_member(
    state: &State,
    actor: &Actor,
    project: String,
    user: UserName,
    role: Option<Role>,
) -> Result<Vec<Event>, Refusal> {
    label("user", user.as_str())?;
    let Some(known) = state.projects().0.get(&project) else {
        label("project", &project)?;
        return Err(Refusal::NoSuchProject { project });
    };
    allowed(state, actor, &project, true)?;
    if role == Some(Role::Admin) {
        return Err(no_admins());
    }
    let mut to = known.clone();
    match role {
        Some(role) => to.members.insert(user, role),
        None => to.members.remove(&user),
    };
    set(state, actor, project, Some(to))
}

fn allowed(state: &State, actor: &Actor, project: &str, changes: bool) -> Result<(), Refusal> {
    let right = if changes {
        Right::ChangeProject
    } else {
        Right::MakeProject
    };
    let thing = Thing::CLUSTER.within(Some(project));
    if may(state, actor, right, thing) {
        return Ok(());
    }
    let project = project.to_owned();
    Err(Refusal::ProjectNotAllowed { project, changes })
}

fn no_admins() -> Refusal {
    Refusal::invalid(
        "role",
        "In a project somebody is viewer, member or lead: admins are admins everywhere.",
    )
}
