//! For who is no admin: what the page is for, and whom to ask.

use berth_api::{ApiError, ErrorCode};
use berth_domain::UserName;
use leptos::prelude::*;

use crate::components::owner::Owner;
use crate::components::problem::answer_with;

#[component]
pub(super) fn Forbidden(admins: Vec<UserName>) -> impl IntoView {
    answer_with(&ApiError::new(
        ErrorCode::Forbidden,
        "This page is for admins.",
    ));
    let ask = match admins.len() {
        0 => "There is no admin at the moment.",
        1 => "Ask the admin:",
        _ => "Ask one of the admins:",
    };
    let admins = admins
        .into_iter()
        .map(|name| view! { <li><Owner name=name.0 /></li> });
    view! {
        <section class="panel admin-forbidden" aria-labelledby="forbidden-title">
            <h2 id="forbidden-title">"This page is for admins"</h2>
            <p>
                "Here they choose how the queue is ordered, say who may hold how many GPUs, and let \
                 people and nodes in. Your own jobs need none of it."
            </p>
            <p>{ask}</p>
            <ul class="admins" aria-label="Admins">{admins.collect_view()}</ul>
            <p class="quiet">
                "What holds for you can be seen without them: "
                <code>"berth policy show"</code> " and " <code>"berth quota show"</code> "."
            </p>
            <p>
                <a class="button" href="/">"Dashboard"</a>
            </p>
        </section>
    }
    .into_any()
}
