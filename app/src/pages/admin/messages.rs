//! Messages of anybody that were given up.

use berth_api::notifications::FailedView;
use leptos::prelude::*;

use crate::components::empty::Empty;
use crate::components::moment::Moment;
use crate::icons::{Icon, icon};

#[component]
pub(super) fn MessagesPanel(failed: Vec<FailedView>) -> impl IntoView {
    let none = failed
        .is_empty()
        .then(|| view! { <Empty text="Every message of the last 30 days arrived." /> });
    let lines = failed.into_iter().map(|one| {
        let whom = one
            .user
            .map_or_else(|| "the team".to_owned(), |user| user.0);
        let what = format!(
            "{} to {whom} by {}: {} ({} tries)",
            one.title, one.channel, one.problem, one.tries
        );
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
            <h2 id="messages-title">"Messages that did not arrive"</h2>
            {none}
            <ul class="failed-list">{lines}</ul>
        </section>
    }
    .into_any()
}
