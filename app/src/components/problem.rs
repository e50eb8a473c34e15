//! A refused or failed call, as a sentence, with the status that the page then has.

use berth_api::{ApiError, ErrorCode};
use leptos::prelude::*;

use crate::texts::frame as t;

#[component]
pub fn ProblemView(error: ApiError) -> impl IntoView {
    answer_with(&error);
    let title = match error.code() {
        ErrorCode::NotFound => t::NOT_FOUND,
        ErrorCode::Unauthenticated => t::NOT_LOGGED_IN,
        ErrorCode::Forbidden => t::NOT_ALLOWED,
        ErrorCode::Unreachable | ErrorCode::Unavailable => t::SERVER_DOES_NOT_ANSWER,
        _ => t::SOMETHING_IS_WRONG,
    };
    let next = match error.code() {
        ErrorCode::Unauthenticated => ("/login", t::LOG_IN),
        ErrorCode::NotFound => ("/jobs?user=all", t::ALL_JOBS),
        _ => ("", t::TRY_AGAIN),
    };
    view! {
        <section class="problem" role="alert">
            <h1>{title}</h1>
            <p>{error.to_string()}</p>
            <p>
                <a class="button" href=next.0 rel="external">
                    {next.1}
                </a>
            </p>
        </section>
    }
    .into_any()
}

/// Gives the page the error's HTTP status, on the server.
pub fn answer_with(error: &ApiError) {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(error.code().status());
    }
    #[cfg(not(feature = "ssr"))]
    let _ = error;
}
