//! Logging in and out.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Path, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Form};
use berth_api::context::{Door, DoorKind, Entered, Entry};
use berth_domain::audit::{self, Origin};
use berth_domain::{Actor, Role, UserName};
use berth_store::{SESSION_DAYS, Store};
use serde::Deserialize;
use tower_sessions::cookie::time::Duration;
use tower_sessions::{Expiry, Session};

use super::oidc::Provider;
use super::pace::Pace;
use super::remote::Remote;
use super::{oidc, password};
use crate::clock;

/// How long a browser stays logged in that nobody uses.
pub const LASTS: Expiry = Expiry::OnInactivity(Duration::days(SESSION_DAYS));
/// The session's key for the user's name.
pub const SESSION_USER: &str = "user";
/// What they may be at most, where a token let them in that allows less than they are.
pub const SESSION_ROLE: &str = "role";
/// How and when they came.
pub const SESSION_ENTERED: &str = "entered";

/// What the doors are kept with. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Logins {
    pub store: Store,
    /// Who the user is that the server runs as.
    pub admin: UserName,
    pub pace: Pace,
    /// Single sign-on, if it is set up.
    pub provider: Option<Arc<Provider>>,
    /// Proxies that say truly whom they were called by.
    pub proxies: Arc<[IpAddr]>,
}

impl Logins {
    /// The address that a request comes from; `None`: this host.
    pub fn address(&self, request: &Request) -> Option<IpAddr> {
        let ConnectInfo(remote) = request.extensions().get::<ConnectInfo<Remote>>()?;
        remote.address(request.headers(), &self.proxies)
    }
}

/// Before every route by which a password or a token is tried.
pub async fn paced(State(logins): State<Logins>, request: Request, next: Next) -> Response {
    let step = logins
        .address(&request)
        .map_or(Ok(()), |from| logins.pace.step(from));
    match step {
        Ok(()) => next.run(request).await,
        Err(wait) => back(&password::too_often(wait).to_string()),
    }
}

/// `GET /login/once/SECRET`: the link that the server printed.
pub async fn once(
    State(logins): State<Logins>,
    Extension(door): Extension<Door>,
    session: Session,
    Path(secret): Path<String>,
) -> Response {
    match logins.store.redeem_login_link(&secret, clock::now()).await {
        Ok(Some(user)) => {
            let entering = logins.entering(&door, session);
            entering.enter(&user.name, None, Entry::Link).await
        }
        Ok(None) => back(
            "This link was used before or has expired. Ask an admin for another, or make one with \
             `berth-server login-link`.",
        ),
        Err(error) => {
            tracing::error!(%error, "cannot redeem a login link");
            back(UNREADABLE)
        }
    }
}

#[derive(Debug, Deserialize)]
pub struct TokenForm {
    #[serde(default)]
    token: String,
}

/// `POST /login`: a token, pasted.
pub async fn with_token(
    State(logins): State<Logins>,
    Extension(door): Extension<Door>,
    session: Session,
    Form(form): Form<TokenForm>,
) -> Response {
    let store = &logins.store;
    match store.token_user(form.token.trim(), clock::now()).await {
        Ok(Some(user)) => {
            let known = store.user(&user.name).await.ok().flatten();
            let less = known.is_none_or(|known| user.role < known.role);
            let at_most = less.then_some(user.role);
            let entering = logins.entering(&door, session);
            entering.enter(&user.name, at_most, Entry::Token).await
        }
        Ok(None) => back("The token is not known here. Copy it whole, or ask for a new one."),
        Err(error) => {
            tracing::error!(%error, "cannot look up a token");
            back(UNREADABLE)
        }
    }
}

/// `POST /logout`.
pub async fn logout(session: Session) -> Response {
    if let Err(error) = session.flush().await {
        tracing::error!(%error, "cannot end a session");
    }
    Redirect::to("/login").into_response()
}

pub(super) const UNREADABLE: &str = "The database cannot be read at the moment. Try again.";

/// A browser that is let in.
#[derive(Debug)]
pub(super) struct Entering<'a> {
    logins: &'a Logins,
    address: Option<IpAddr>,
    session: Session,
}

impl Logins {
    pub(super) fn entering(&self, door: &Door, session: Session) -> Entering<'_> {
        Entering {
            logins: self,
            address: door.address,
            session,
        }
    }

    /// Writes a try to log in down, and how it came out.
    pub(super) async fn tried(
        &self,
        address: Option<IpAddr>,
        name: &str,
        subject: &str,
        refused: Option<String>,
    ) {
        let origin = Origin {
            door: DoorKind::Login,
            address,
        };
        let actor = Actor::user(name, Role::Viewer);
        let entry = audit::Entry {
            subject: Some(subject.to_owned()),
            refused,
            ..audit::Entry::new(clock::now(), &actor, origin, "log_in")
        };
        if let Err(error) = self.store.write_audit(&entry).await {
            tracing::error!(%error, name, "a login cannot be written down");
        }
    }
}

impl Entering<'_> {
    pub(super) async fn enter(
        &self,
        user: &UserName,
        at_most: Option<Role>,
        by: Entry,
    ) -> Response {
        let (session, at) = (&self.session, clock::now());
        // A new id, so that one planted before the login is worth nothing.
        let entered = async {
            session.cycle_id().await?;
            session.remove_value(oidc::SESSION_UNDER_WAY).await?;
            session.set_expiry(Some(LASTS));
            session.insert(SESSION_ROLE, at_most).await?;
            session.insert(SESSION_ENTERED, Entered { by, at }).await?;
            session.insert(SESSION_USER, user.as_str()).await
        };
        match entered.await {
            Ok(()) => {
                let how = match by {
                    Entry::Link => "by a login link",
                    Entry::Password => "by password",
                    Entry::Token => "by a token",
                    Entry::Sso => "by single sign-on",
                };
                let name = user.as_str();
                self.logins.tried(self.address, name, how, None).await;
                Redirect::to("/").into_response()
            }
            Err(error) => {
                tracing::error!(%error, "cannot start a session");
                back("The session could not be kept. Try again.")
            }
        }
    }
}

pub(super) fn back(sentence: &str) -> Response {
    let query = serde_urlencoded::to_string([("error", sentence)]).unwrap_or_default();
    Redirect::to(&format!("/login?{query}")).into_response()
}
