//! For who is no admin: what the page is for, and whom to ask.

use berth_api::{ApiError, ErrorCode};
use berth_domain::UserName;
use leptos::prelude::*;

use crate::components::owner::Owner;
use crate::components::problem::answer_with;
use crate::texts::{admin as t, common};

#[component]
pub(super) fn Forbidden(admins: Vec<UserName>) -> impl IntoView {
    answer_with(&ApiError::new(ErrorCode::Forbidden, t::IS_FOR_ADMINS));
    let ask = match admins.len() {
        0 => t::NO_ADMIN,
        1 => t::ASK_THE_ADMIN,
        _ => t::ASK_ONE,
    };
    let admins = admins
        .into_iter()
        .map(|name| view! { <li><Owner name=name.0 /></li> });
    view! {
        <section class="panel admin-forbidden" aria-labelledby="forbidden-title">
            <h2 id="forbidden-title">{t::IS_FOR_ADMINS_TITLE}</h2>
            <p>
                {t::WHAT_ADMINS_DO}
            </p>
            <p>{ask}</p>
            <ul class="admins" aria-label=t::ADMINS>{admins.collect_view()}</ul>
            <p class="quiet">
                {t::SEEN_WITHOUT}
                <code>"berth policy show"</code> {t::SEEN_AND} <code>"berth quota show"</code> "."
            </p>
            <p>
                <a class="button" href="/">{common::DASHBOARD}</a>
            </p>
        </section>
    }
    .into_any()
}
