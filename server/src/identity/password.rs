//! Local passwords: hashed by argon2, looked at as seldom as the wrong ones before them allow.

use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Form};
use berth_api::context::{Context, Door, Entry, store_error};
use berth_api::{ApiError, ErrorCode};
use berth_domain::{Timestamp, UserName};
use berth_store::User;
use serde::Deserialize;
use tokio::sync::Semaphore;
use tower_sessions::Session;

use super::login::{Logins, back};
use crate::clock;
use crate::web::caller::Caller;

/// In characters. What is long needs no signs and capitals.
const SHORTEST: usize = 12;
const LONGEST: usize = 256;
const LONGEST_NAME: usize = 64;
/// A hash takes 19 MiB and a processor: more at a time would only be later.
static AT_A_TIME: Semaphore = Semaphore::const_new(2);
/// Of nobody: who tries a name that there is none of waits as long.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$YmVydGgtbm9ib2R5cw$\
                       y1mN0cJ4Yb7dW3Hc0f9m3l0n8o1sVfW0rA1mXk2y3zQ";

#[derive(Debug, Deserialize)]
pub struct PasswordForm {
    #[serde(default)]
    user: String,
    #[serde(default)]
    password: String,
}

/// `POST /login/password`.
pub async fn log_in(
    State(logins): State<Logins>,
    Extension(door): Extension<Door>,
    session: Session,
    Form(form): Form<PasswordForm>,
) -> Response {
    let name = form.user.trim();
    match check(&logins, name, form.password).await {
        Ok(user) => {
            let entering = logins.entering(&door, session);
            entering.enter(&user.name, None, Entry::Password).await
        }
        Err(error) => {
            let name: String = name.chars().take(LONGEST_NAME).collect();
            let why = Some(error.to_string());
            logins.tried(door.address, &name, "by password", why).await;
            back(&error.to_string())
        }
    }
}

async fn check(logins: &Logins, name: &str, password: String) -> Result<User, ApiError> {
    let wrong = || {
        ApiError::new(
            ErrorCode::Unauthenticated,
            "Name or password is wrong. An admin can make you a login link, with which you set another.",
        )
    };
    if name.is_empty() || name.len() > LONGEST_NAME {
        return Err(wrong());
    }
    let (store, now) = (&logins.store, clock::now());
    if let Some(until) = store.locked_until(name, now).await.map_err(store_error)? {
        return Err(locked(name, until, now));
    }
    let user = UserName(name.to_owned());
    let kept = store.password(&user).await.map_err(store_error)?;
    let known = store.user(&user).await.map_err(store_error)?;
    let phc = kept.unwrap_or_else(|| NOBODYS.to_owned());
    match (known, matches(phc, password).await) {
        (Some(user), true) => {
            let forgot = store.forget_wrong_passwords(name).await;
            forgot.map_err(store_error)?;
            Ok(user)
        }
        _ => {
            let until = store.wrong_password(name, now).await.map_err(store_error)?;
            Err(until.map_or_else(wrong, |until| locked(name, until, now)))
        }
    }
}

fn locked(name: &str, until: Timestamp, now: Timestamp) -> ApiError {
    let wait = until.duration_since(now).as_secs().max(1);
    let wait = match wait {
        1..120 => format!("{wait} seconds"),
        _ => format!("{} minutes", wait.div_euclid(60) + 1),
    };
    ApiError::new(
        ErrorCode::TooMany,
        format!(
            "Too many wrong passwords for '{}': none is looked at for {wait}. A login link lets you in at once.",
            name.escape_debug()
        ),
    )
}

async fn matches(phc: String, password: String) -> bool {
    let Ok(_turn) = AT_A_TIME.acquire().await else {
        return false;
    };
    let checked = tokio::task::spawn_blocking(move || {
        let hash = PasswordHash::new(&phc).ok()?;
        let same = Argon2::default().verify_password(password.as_bytes(), &hash);
        same.ok()
    });
    checked.await.ok().flatten().is_some()
}

async fn hashed(password: String) -> Result<String, ApiError> {
    let failed = || ApiError::new(ErrorCode::Internal, "The password could not be hashed.");
    let _turn = AT_A_TIME.acquire().await.map_err(|_| failed())?;
    let hashed = tokio::task::spawn_blocking(move || {
        let hash: Result<PasswordHash, _> = Argon2::default().hash_password(password.as_bytes());
        hash.map(|hash| hash.to_string())
    });
    hashed.await.map_err(|_| failed())?.map_err(|_| failed())
}

#[derive(Debug, Deserialize)]
pub struct NewPasswordForm {
    #[serde(default)]
    old: String,
    #[serde(default)]
    new: String,
    #[serde(default)]
    again: String,
}

/// `POST /forms/password`: sets one's own. Whoever came by a login link does not have to know the old one;
/// all other browsers have to log in again.
pub async fn set(
    State(logins): State<Logins>,
    Caller(context): Caller,
    session: Session,
    Form(form): Form<NewPasswordForm>,
) -> Response {
    let name = context.actor.person();
    match change(&logins, &context, form).await {
        Ok(()) => {}
        Err(error) => {
            let query = serde_urlencoded::to_string([("error", error.to_string())]);
            return Redirect::to(&format!("/settings?{}", query.unwrap_or_default()))
                .into_response();
        }
    }
    let here = session.id().map(|id| id.to_string()).unwrap_or_default();
    if let Err(error) = logins.store.end_other_sessions(&name, &here).await {
        tracing::error!(%error, "other sessions go on after a new password");
    }
    context
        .did("set_password", format!("user {name}"), Vec::new())
        .await;
    Redirect::to("/settings?said=password").into_response()
}

async fn change(logins: &Logins, context: &Context, form: NewPasswordForm) -> Result<(), ApiError> {
    let name = &context.actor.person();
    let now = context.my_login().await?;
    if !now.can_set {
        let why = "To set a first password, come by a login link, which an admin makes, or by single \
                   sign-on: a token does not do.";
        return Err(ApiError::new(ErrorCode::Forbidden, why));
    }
    if now.asks_old {
        check(logins, name.as_str(), form.old).await?;
    }
    acceptable(&form.new, name)?;
    if form.new != form.again {
        return Err(ApiError::invalid("again", "The two are not the same."));
    }
    let phc = hashed(form.new).await?;
    let set = logins.store.set_password(name, &phc, clock::now()).await;
    set.map_err(store_error)
}

fn acceptable(password: &str, name: &UserName) -> Result<(), ApiError> {
    let length = password.chars().count();
    if !(SHORTEST..=LONGEST).contains(&length) {
        let why = format!(
            "A password has {SHORTEST} to {LONGEST} characters, this one {length}: a few words are easier \
             to keep in mind than signs."
        );
        return Err(ApiError::invalid("new", why));
    }
    let mut different: Vec<char> = password.chars().collect();
    different.sort_unstable();
    different.dedup();
    if different.len() < 5 || password.contains(name.as_str()) && name.as_str().len() > 3 {
        let why = "That is guessed too easily: it repeats itself or holds your name.";
        return Err(ApiError::invalid("new", why));
    }
    Ok(())
}

/// How long whoever tries too often is told to wait.
pub fn too_often(wait: Duration) -> ApiError {
    ApiError::new(
        ErrorCode::TooMany,
        format!(
            "Too many tries to log in from your address. Try again in {} seconds.",
            wait.as_secs() + 1
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Were it no hash, or of another cost, who has no name would be told sooner than who has.
    #[test]
    fn nobodys_hash_costs_what_anybodys_does_and_fits_nothing() {
        let nobodys = PasswordHash::new(NOBODYS).unwrap();
        let anybodys: PasswordHash = Argon2::default().hash_password(b"anything").unwrap();
        assert_eq!(nobodys.algorithm, anybodys.algorithm);
        assert_eq!(nobodys.version, anybodys.version);
        assert_eq!(nobodys.params, anybodys.params);
        let hash = |hash: &PasswordHash| hash.hash.as_ref().map(|hash| hash.as_bytes().len());
        assert_eq!(hash(&nobodys), hash(&anybodys));
        assert!(
            Argon2::default()
                .verify_password(b"anything", &nobodys)
                .is_err()
        );
    }
}
