//! One's API tokens, without script.

use axum::Form;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use berth_api::tokens::{NewTokenArg, TokenArg};
use berth_domain::Role;
use serde::Deserialize;

use super::back;
use super::once::{Once, Part};
use crate::web::Web;
use crate::web::caller::Caller;

const PAGE: &str = "/settings";

/// What is left open comes as an empty text.
#[derive(Debug, Deserialize)]
pub(super) struct TokenForm {
    label: String,
    #[serde(default)]
    lasts: String,
    #[serde(default)]
    role: String,
}

pub(super) async fn create(
    State(web): State<Web>,
    Caller(context): Caller,
    Form(form): Form<TokenForm>,
) -> Response {
    let arg = NewTokenArg {
        label: form.label,
        lasts: Some(form.lasts).filter(|lasts| !lasts.is_empty()),
        role: Role::named(&form.role),
    };
    let made = match context.create_token(arg).await {
        Ok(made) => made,
        Err(error) => return back::<()>(PAGE, Err(error)).into_response(),
    };
    let line = format!("export BERTH_TOKEN={}", made.token);
    Once {
        title: "Your new token",
        parts: &[
            Part::Words("It is not shown again. Where it is to be used:"),
            Part::Line(&line),
        ],
        back: (PAGE, "Back to settings"),
    }
    .page(&web)
}

pub(super) async fn revoke(Caller(context): Caller, Form(arg): Form<TokenArg>) -> Redirect {
    back(PAGE, context.revoke_token(arg).await)
}
