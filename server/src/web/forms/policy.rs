//! Choosing the policy, after a look at what it would do, and setting quotas.

use axum::extract::State;
use axum::response::Redirect;
use axum::{Extension, Form};
use berth_api::ApiError;
use berth_api::context::Context;
use berth_api::planner::PolicyArg;
use berth_api::quotas::QuotaArg;
use berth_domain::Actor;

use super::back;
use crate::web::Web;

/// `verb` is the button that was pressed: `preview` or `apply`. What was typed comes back with a preview
/// and with a refusal.
pub(super) async fn policy(
    State(web): State<Web>,
    Extension(actor): Extension<Actor>,
    Form(typed): Form<Vec<(String, String)>>,
) -> Redirect {
    let context = Context {
        state: web.api,
        actor,
    };
    let Some(arg) = PolicyArg::from_form(pairs(&typed)) else {
        let error = ApiError::invalid("policy", "Say which policy.");
        return back::<()>("/admin", Err(error));
    };
    let mut kept = arg.to_form();
    if pairs(&typed).any(|field| field == ("verb", "preview")) {
        kept.push(("preview".to_owned(), "1".to_owned()));
    } else {
        match context.set_policy(arg).await {
            Ok(_) => return Redirect::to("/admin"),
            Err(error) => kept.push(("error".to_owned(), error.to_string())),
        }
    }
    let query = serde_urlencoded::to_string(kept).unwrap_or_default();
    Redirect::to(&format!("/admin?{query}"))
}

pub(super) async fn quota(
    State(web): State<Web>,
    Extension(actor): Extension<Actor>,
    Form(typed): Form<Vec<(String, String)>>,
) -> Redirect {
    let context = Context {
        state: web.api,
        actor,
    };
    let set = async {
        let arg = QuotaArg::from_form(pairs(&typed))?;
        context.set_quota(arg).await
    };
    back("/admin", set.await)
}

fn pairs(typed: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
    typed.iter().map(|(name, value)| (&**name, &**value))
}
