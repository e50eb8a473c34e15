//! Choosing the policy, after a look at what it would do, and setting quotas.

use axum::Form;
use axum::response::Redirect;
use berth_api::ApiError;
use berth_api::planner::PolicyArg;
use berth_api::quotas::QuotaArg;

use super::back;
use crate::web::caller::Caller;

/// `verb` is the button that was pressed: `preview` or `apply`. What was typed comes back with a preview
/// and with a refusal.
pub(super) async fn policy(
    Caller(context): Caller,
    Form(typed): Form<Vec<(String, String)>>,
) -> Redirect {
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
    Caller(context): Caller,
    Form(typed): Form<Vec<(String, String)>>,
) -> Redirect {
    let set = async {
        let arg = QuotaArg::from_form(pairs(&typed))?;
        context.set_quota(arg).await
    };
    back("/admin", set.await)
}

fn pairs(typed: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
    typed.iter().map(|(name, value)| (&**name, &**value))
}
