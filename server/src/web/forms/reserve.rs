//! Reserving GPUs, changing, cancelling and giving back.

use axum::Form;
use axum::response::Redirect;
use berth_api::ApiError;
use berth_api::reservations::ReserveArg;
use berth_domain::reservation::form::TEXTS;
use berth_domain::{ReservationId, ReserveRequest};
use serde::Deserialize;

use super::back;
use crate::web::caller::Caller;

/// What of the page's address says what is looked at.
const LOOK: [&str; 5] = ["view", "zoom", "from", "at", "open"];
/// The form besides its texts.
const REST: [&str; 2] = ["reserve", "every"];

/// `reserve` is `new`, or the number of the one that is changed. Refused, it comes back with everything
/// that was typed.
pub(super) async fn reserve(
    Caller(context): Caller,
    Form(typed): Form<Vec<(String, String)>>,
) -> Redirect {
    let which = typed.iter().find(|(name, _)| name == "reserve");
    let replace = which.and_then(|(_, which)| which.parse().ok());
    let fields = typed.iter().map(|(name, value)| (&**name, &**value));
    let (reservation, problems) = ReserveRequest::from_form(fields);
    let result = match problems.into_iter().next() {
        Some(problem) => Err(problem.into()),
        None => {
            let arg = ReserveArg {
                reservation,
                preview: false,
                replace,
            };
            context.reserve(arg).await
        }
    };
    let kept = |names: &[&str]| {
        let kept = typed
            .iter()
            .filter(|(name, _)| names.contains(&name.as_str()));
        kept.cloned().collect::<Vec<_>>()
    };
    let query = match &result {
        Ok(_) => kept(&LOOK),
        Err(error) => {
            let mut all = kept(&[&LOOK[..], &REST, &TEXTS].concat());
            all.push(("error".to_owned(), error.to_string()));
            all
        }
    };
    let query = serde_urlencoded::to_string(query).unwrap_or_default();
    Redirect::to(&format!("/timeline?{query}"))
}

/// `verb` is the button that was pressed.
#[derive(Debug, Deserialize)]
pub(super) struct ReservationForm {
    id: u64,
    verb: String,
}

pub(super) async fn change(Caller(context): Caller, Form(form): Form<ReservationForm>) -> Redirect {
    let id = ReservationId(form.id);
    let result = match form.verb.as_str() {
        "cancel" => context.cancel_reservation(id).await,
        "end" => context.end_reservation(id).await,
        other => Err(ApiError::invalid(
            "verb",
            format!("A reservation cannot be '{}'.", other.escape_debug()),
        )),
    };
    back("/timeline", result)
}
