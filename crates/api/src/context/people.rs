//! Who may log in. They are no part of the queue's state, so there is no command: the store alone
//! knows them.

use berth_domain::audit::Difference;
use berth_domain::{Command, Job, Right, Role, Timestamp, UserName};
use berth_store::{Person, Store, StoreError, TokenKind, User};
use jiff::SignedDuration;

use super::{Context, command_error, store_error};
use crate::people::{
    AddPersonArg, AdminsAnswer, LinkAnswer, LoginLinkArg, PeopleAnswer, PersonView, SetRoleArg,
};
use crate::{ApiError, ErrorCode};

/// How long a login link can be used.
const LINK_HOURS: i64 = 24;
/// So much of a name that nobody has is repeated.
const NAME_SHOWN: usize = 64;

/// Makes a link to the server at this address that logs one browser in as the user, once.
///
/// # Errors
/// When the database cannot be written.
pub async fn new_link(
    store: &Store,
    url: &str,
    user: &UserName,
    now: Timestamp,
) -> Result<LinkAnswer, StoreError> {
    let until = now + SignedDuration::from_hours(LINK_HOURS);
    let secret = store
        .create_token(user, TokenKind::LoginLink, "", Some(until), now)
        .await?;
    Ok(LinkAnswer {
        name: user.clone(),
        link: format!("{url}/login/once/{secret}"),
        until,
    })
}

impl Context {
    pub(crate) async fn people(&self) -> Result<PeopleAnswer, ApiError> {
        self.need(Right::ManagePeople, "see who may log in")?;
        let view = self.state.handle.current().await;
        let roster = self.state.store.roster().await.map_err(store_error)?;
        let person = |person: Person| {
            let name = person.user.name;
            let active = view.active.iter().filter(|job| job.owner == name);
            let gpus: u32 = active.clone().map(|job: &Job| job.spec.gpus()).sum();
            PersonView {
                role: person.user.role,
                since: person.since,
                last_seen: person.logged_in.max(person.submitted),
                running: u32::try_from(active.count()).unwrap_or(u32::MAX),
                waiting: person.waiting,
                gpus,
                name,
            }
        };
        Ok(PeopleAnswer {
            people: roster.into_iter().map(person).collect(),
        })
    }

    pub(crate) async fn admins(&self) -> Result<AdminsAnswer, ApiError> {
        let users = self.state.store.users().await.map_err(store_error)?;
        let admins = users.into_iter().filter(|user| user.role == Role::Admin);
        Ok(AdminsAnswer {
            admins: admins.map(|user| user.name).collect(),
        })
    }

    /// # Errors
    /// When the name cannot be one or is taken, or the caller is no admin.
    pub async fn add_person(&self, arg: AddPersonArg) -> Result<LinkAnswer, ApiError> {
        self.need(Right::ManagePeople, "add people")?;
        let name = UserName(arg.name.trim().to_owned());
        let now = self.state.clock.now();
        let added = self.state.store.ensure_user(&name, arg.role, now).await;
        match added {
            Ok(true) => {
                let role = set("role", None, Some(arg.role.as_str()), &name);
                self.did("add_person", format!("user {name}"), vec![role])
                    .await;
            }
            Ok(false) => {
                let why = format!("There is a user {name} already: make a login link for them.");
                return Err(taken(why));
            }
            Err(StoreError::BadUserName(_)) => {
                let why = "A user name is 1 to 64 of a-z, 0-9, '.', '_' and '-', without spaces and \
                           capitals.";
                return Err(ApiError::invalid("name", why));
            }
            Err(error) => return Err(store_error(error)),
        }
        self.link_for(&name).await
    }

    /// # Errors
    /// When there is nobody of that name, or the caller is no admin.
    pub async fn login_link(&self, arg: LoginLinkArg) -> Result<LinkAnswer, ApiError> {
        self.need(Right::ManagePeople, "make login links")?;
        let name = UserName(arg.name.trim().to_owned());
        self.known(&name).await?;
        self.link_for(&name).await
    }

    /// Makes somebody something else. A viewer runs nothing, so the agents that act for one are stopped.
    ///
    /// # Errors
    /// When there is nobody of that name, they are the only admin, or the caller is no admin.
    pub async fn set_role(&self, arg: SetRoleArg) -> Result<PeopleAnswer, ApiError> {
        self.need(Right::ManagePeople, "say who is what")?;
        let name = UserName(arg.name.trim().to_owned());
        let before = self.known(&name).await?.role;
        let store = &self.state.store;
        let done = store.set_role(&name, arg.role).await;
        if !done.map_err(store_error)? {
            let why = format!("{name} is the only admin. Make another one first.");
            return Err(ApiError::new(ErrorCode::Conflict, why));
        }
        let role = set(
            "role",
            Some(before.as_str()),
            Some(arg.role.as_str()),
            &name,
        );
        self.did("set_role", format!("user {name}"), vec![role])
            .await;
        if arg.role == Role::Viewer {
            self.stop_agents_of(&name).await?;
        }
        self.people().await
    }

    async fn stop_agents_of(&self, name: &UserName) -> Result<(), ApiError> {
        let view = self.state.handle.current().await;
        let theirs = view.agents.all.values();
        let theirs = theirs.filter(|agent| agent.acts_for == *name && agent.stopped.is_none());
        for agent in theirs {
            let stop = Command::StopAgents {
                agent: Some(agent.name.clone()),
                why: format!("{name} is a viewer now"),
                jobs: false,
            };
            let sent = self.send(stop).await;
            sent.map_err(command_error)?;
        }
        Ok(())
    }

    async fn known(&self, name: &UserName) -> Result<User, ApiError> {
        let known = self.state.store.user(name).await.map_err(store_error)?;
        if let Some(known) = known {
            return Ok(known);
        }
        let shown: String = name.as_str().chars().take(NAME_SHOWN).collect();
        let why = format!(
            "There is no user '{}'. Add them first.",
            shown.escape_debug()
        );
        Err(ApiError::new(ErrorCode::NotFound, why))
    }

    async fn link_for(&self, name: &UserName) -> Result<LinkAnswer, ApiError> {
        let state = &self.state;
        let made = new_link(&state.store, &state.teller.url, name, state.clock.now()).await;
        let made = made.map_err(store_error)?;
        self.did("make_login_link", format!("user {name}"), Vec::new())
            .await;
        Ok(made)
    }
}

/// A value of somebody that is another now.
fn set(path: &str, before: Option<&str>, after: Option<&str>, of: &UserName) -> Difference {
    let json = |text: Option<&str>| text.map(|text| format!("\"{text}\""));
    Difference {
        of: format!("user {of}"),
        path: path.to_owned(),
        before: json(before),
        after: json(after),
    }
}

fn taken(why: String) -> ApiError {
    let mut error = ApiError::new(ErrorCode::Conflict, why);
    error.error.field = Some("name".to_owned());
    error
}
