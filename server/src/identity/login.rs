//! Logging in and out.

use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use berth_domain::{Role, UserName};
use berth_store::Store;
use serde::Deserialize;
use tower_sessions::Session;

use crate::clock;

/// The session's key for the user's name.
pub const SESSION_USER: &str = "user";
/// What they may be at most, where a token let them in that allows less than they are.
pub const SESSION_ROLE: &str = "role";

/// `GET /login/once/SECRET`: the link that the server printed.
pub async fn once(
    State(store): State<Store>,
    session: Session,
    Path(secret): Path<String>,
) -> Response {
    match store.redeem_login_link(&secret, clock::now()).await {
        Ok(Some(user)) => enter(&session, &user.name, None).await,
        Ok(None) => back(
            "This link was used before or has expired. Ask an admin for another, or make one with \
             `berth-server login-link`.",
        ),
        Err(error) => {
            tracing::error!(%error, "cannot redeem a login link");
            back("The database cannot be read at the moment. Try again.")
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
    State(store): State<Store>,
    session: Session,
    Form(form): Form<TokenForm>,
) -> Response {
    match store.token_user(form.token.trim(), clock::now()).await {
        Ok(Some(user)) => {
            let known = store.user(&user.name).await.ok().flatten();
            let less = known.is_none_or(|known| user.role < known.role);
            enter(&session, &user.name, less.then_some(user.role)).await
        }
        Ok(None) => back("The token is not known here. Copy it whole, or ask for a new one."),
        Err(error) => {
            tracing::error!(%error, "cannot look up a token");
            back("The database cannot be read at the moment. Try again.")
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

async fn enter(session: &Session, user: &UserName, at_most: Option<Role>) -> Response {
    // A new id, so that one planted before the login is worth nothing.
    let entered = async {
        session.cycle_id().await?;
        session.insert(SESSION_ROLE, at_most).await?;
        session.insert(SESSION_USER, user.as_str()).await
    };
    match entered.await {
        Ok(()) => Redirect::to("/").into_response(),
        Err(error) => {
            tracing::error!(%error, "cannot start a session");
            back("The session could not be kept. Try again.")
        }
    }
}

fn back(sentence: &str) -> Response {
    let query = serde_urlencoded::to_string([("error", sentence)]).unwrap_or_default();
    Redirect::to(&format!("/login?{query}")).into_response()
}
