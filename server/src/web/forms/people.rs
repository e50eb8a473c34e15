//! Letting people in, and shutting nodes' daemons out.

use axum::Form;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use berth_api::ApiError;
use berth_api::node_tokens::NodeTokenArg;
use berth_api::people::{AddPersonArg, LinkAnswer, LoginLinkArg, SetRoleArg};

use super::back;
use super::once::{Once, Part};
use crate::web::Web;
use crate::web::caller::Caller;

pub(super) async fn person(
    State(web): State<Web>,
    Caller(context): Caller,
    Form(arg): Form<AddPersonArg>,
) -> Response {
    shown(context.add_person(arg).await, &web)
}

pub(super) async fn role(Caller(context): Caller, Form(arg): Form<SetRoleArg>) -> Redirect {
    back("/admin", context.set_role(arg).await)
}

pub(super) async fn login_link(
    State(web): State<Web>,
    Caller(context): Caller,
    Form(arg): Form<LoginLinkArg>,
) -> Response {
    shown(context.login_link(arg).await, &web)
}

pub(super) async fn node_token(Caller(context): Caller, Form(arg): Form<NodeTokenArg>) -> Redirect {
    back("/admin", context.revoke_node_tokens(arg).await)
}

fn shown(made: Result<LinkAnswer, ApiError>, web: &Web) -> Response {
    let made = match made {
        Ok(made) => made,
        Err(error) => return back::<()>("/admin", Err(error)).into_response(),
    };
    let until = made.until.strftime("%F %R UTC");
    let told = format!("It logs one browser in, once, until {until}. It is not shown again.");
    Once {
        title: &format!("Login link of {}", made.name),
        parts: &[Part::Words(&told), Part::Line(&made.link)],
        back: ("/admin", "Back to Admin"),
    }
    .page(web)
}
