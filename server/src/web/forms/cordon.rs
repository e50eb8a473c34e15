//! Taking nodes and GPUs out of use, and back.

use axum::Form;
use axum::response::Redirect;
use berth_api::cluster::{CordonArg, PlaceArg};
use serde::Deserialize;

use super::back;
use crate::web::caller::Caller;

/// `verb` is the button that was pressed.
#[derive(Debug, Deserialize)]
pub(super) struct CordonForm {
    place: String,
    reason: String,
    verb: String,
}

pub(super) async fn cordon(Caller(context): Caller, Form(form): Form<CordonForm>) -> Redirect {
    let arg = CordonArg {
        place: form.place,
        reason: form.reason,
        drain: form.verb == "drain",
    };
    back("/cluster", context.cordon(arg).await)
}

pub(super) async fn uncordon(Caller(context): Caller, Form(arg): Form<PlaceArg>) -> Redirect {
    back("/cluster", context.uncordon(arg).await)
}
