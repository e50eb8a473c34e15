//! Taking nodes and GPUs out of use, and back.

use axum::extract::State;
use axum::response::Redirect;
use axum::{Extension, Form};
use berth_api::cluster::{CordonArg, PlaceArg};
use berth_api::context::Context;
use berth_domain::Actor;
use serde::Deserialize;

use super::back;
use crate::web::Web;

/// `verb` is the button that was pressed.
#[derive(Debug, Deserialize)]
pub(super) struct CordonForm {
    place: String,
    reason: String,
    verb: String,
}

pub(super) async fn cordon(
    State(web): State<Web>,
    Extension(actor): Extension<Actor>,
    Form(form): Form<CordonForm>,
) -> Redirect {
    let context = Context {
        state: web.api,
        actor,
    };
    let arg = CordonArg {
        place: form.place,
        reason: form.reason,
        drain: form.verb == "drain",
    };
    back("/cluster", context.cordon(arg).await)
}

pub(super) async fn uncordon(
    State(web): State<Web>,
    Extension(actor): Extension<Actor>,
    Form(arg): Form<PlaceArg>,
) -> Redirect {
    let context = Context {
        state: web.api,
        actor,
    };
    back("/cluster", context.uncordon(arg).await)
}
