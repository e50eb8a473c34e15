//! Messages of anybody that were given up.

use berth_api::notifications::FailedView;
use leptos::prelude::*;

use crate::components::empty::Empty;
use crate::components::moment::Moment;
use crate::icons::{Icon, icon};
use crate::texts::admin as t;

#[component]
pub(super) fn MessagesPanel(failed: Vec<FailedView>) -> impl IntoView {
    let none = failed
        .is_empty()
        .then(|| view! { <Empty text=t::ALL_ARRIVED /> });
    let lines = failed.into_iter().map(|one| {
        let whom = one
            .user
            .map_or_else(|| t::THE_TEAM.to_owned(), |user| user.0);
        let what = t::message(&one.title, &whom, &one.channel, &one.problem, one.tries);
        view! {
            <li>
                <p class="trouble">{icon(Icon::Lost)} <span>{what}</span></p>
                <span class="quiet"><Moment at=one.at /></span>
            </li>
        }
    });
    let lines = lines.collect_view();
    view! {
        <section class="panel" aria-labelledby="messages-title">
            <h2 id="messages-title">{t::NOT_ARRIVED}</h2>
            {none}
            <ul class="failed-list">{lines}</ul>
        </section>
    }
    .into_any()
}
