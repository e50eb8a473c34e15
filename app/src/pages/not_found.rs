//! Where there is nothing.

use berth_api::{ApiError, ErrorCode};
use leptos::prelude::*;
use leptos_meta::Title;

use crate::components::problem::answer_with;
use crate::texts::{common, frame as t};

#[component]
pub fn NotFound() -> impl IntoView {
    answer_with(&ApiError::new(ErrorCode::NotFound, t::NO_SUCH_PAGE));
    view! {
        <Title text=t::NOT_FOUND />
        <section class="problem">
            <h1>{t::NO_PAGE_HERE}</h1>
            <p>{t::MISTYPED_OR_GONE}</p>
            <p>
                <a class="button" href="/">
                    {common::DASHBOARD}
                </a>
                <a class="button" href="/jobs">
                    {common::JOBS}
                </a>
            </p>
        </section>
    }
    .into_any()
}
