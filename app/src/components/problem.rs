//! A refused or failed call, as a sentence, with the status that the page then has.

use berth_api::{ApiError, ErrorCode};
use leptos::prelude::*;

#[component]
pub fn ProblemView(error: ApiError) -> impl IntoView {
    answer_with(&error);
    let title = match error.code() {
        ErrorCode::NotFound => "Not found",
        ErrorCode::Unauthenticated => "Not logged in",
        ErrorCode::Forbidden => "Not allowed",
        ErrorCode::Unreachable | ErrorCode::Unavailable => "The server does not answer",
        _ => "Something is wrong",
    };
    let next = match error.code() {
        ErrorCode::Unauthenticated => ("/login", "Log in"),
        ErrorCode::NotFound => ("/jobs?user=all", "All jobs"),
        _ => ("", "Try again"),
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
