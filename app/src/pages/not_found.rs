//! Where there is nothing.

use berth_api::{ApiError, ErrorCode};
use leptos::prelude::*;
use leptos_meta::Title;

use crate::components::problem::answer_with;

#[component]
pub fn NotFound() -> impl IntoView {
    answer_with(&ApiError::new(ErrorCode::NotFound, "No such page."));
    view! {
        <Title text="Not found" />
        <section class="problem">
            <h1>"There is no page here"</h1>
            <p>"The address may be mistyped, or what was here is gone."</p>
            <p>
                <a class="button" href="/">
                    "Dashboard"
                </a>
                <a class="button" href="/jobs">
                    "Jobs"
                </a>
            </p>
        </section>
    }
    .into_any()
}
