//! Who may log in. They are no part of the queue's state, so there is no command: the store alone
//! knows them.

use berth_domain::{Job, Timestamp, UserName};
use berth_store::{Person, Store, StoreError, TokenKind};
use jiff::SignedDuration;

use super::{Context, store_error};
use crate::people::{
    AddPersonArg, AdminsAnswer, LinkAnswer, LoginLinkArg, PeopleAnswer, PersonView,
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
        self.only_admins("see who may log in")?;
        let view = self.state.handle.current().await;
        let roster = self.state.store.roster().await.map_err(store_error)?;
        let person = |person: Person| {
            let name = person.user.name;
            let active = view.active.iter().filter(|job| job.owner == name);
            let gpus: u32 = active.clone().map(|job: &Job| job.spec.gpus()).sum();
            PersonView {
                admin: person.user.admin,
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
        let admins = users.into_iter().filter(|user| user.admin);
        Ok(AdminsAnswer {
            admins: admins.map(|user| user.name).collect(),
        })
    }

    /// # Errors
    /// When the name cannot be one or is taken, or the caller is no admin.
    pub async fn add_person(&self, arg: AddPersonArg) -> Result<LinkAnswer, ApiError> {
        self.only_admins("add people")?;
        let name = UserName(arg.name.trim().to_owned());
        let now = self.state.clock.now();
        let added = self.state.store.ensure_user(&name, arg.admin, now).await;
        match added {
            Ok(true) => tracing::info!(by = self.actor.name(), %name, "somebody was added"),
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
        self.only_admins("make login links")?;
        let name = UserName(arg.name.trim().to_owned());
        let known = self.state.store.user(&name).await.map_err(store_error)?;
        if known.is_none() {
            let shown: String = name.as_str().chars().take(NAME_SHOWN).collect();
            let why = format!(
                "There is no user '{}'. Add them first.",
                shown.escape_debug()
            );
            return Err(ApiError::new(ErrorCode::NotFound, why));
        }
        self.link_for(&name).await
    }

    async fn link_for(&self, name: &UserName) -> Result<LinkAnswer, ApiError> {
        let state = &self.state;
        let made = new_link(&state.store, &state.teller.url, name, state.clock.now()).await;
        let made = made.map_err(store_error)?;
        tracing::info!(by = self.actor.name(), %name, "a login link was made");
        Ok(made)
    }
}

fn taken(why: String) -> ApiError {
    let mut error = ApiError::new(ErrorCode::Conflict, why);
    error.error.field = Some("name".to_owned());
    error
}
