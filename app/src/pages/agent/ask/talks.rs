//! One's talks, the last one first: each can be read again and forgotten.

use berth_api::talks::TalkView;
use leptos::prelude::*;

use super::chat::{Chat, page_of};
use crate::components::empty::Empty;
use crate::components::moment::Moment;
use crate::texts::agent::ask as t;

#[component]
pub fn TalksPanel(chat: Chat) -> impl IntoView {
    let none = Memo::new(move |_| chat.talks.with(|talks| talks.talks.is_empty()));
    view! {
        <nav class="panel talks" aria-labelledby="talks-title">
            <h2 id="talks-title">{t::TALKS}</h2>
            <ul class="lines">
                <For
                    each=move || chat.talks.with(|talks| talks.talks.clone())
                    key=|talk| (talk.id, talk.said_at)
                    children=move |talk| view! { <TalkLine talk chat /> }
                />
            </ul>
            {move || none.get().then(|| view! { <Empty text=t::NO_TALKS /> })}
        </nav>
    }
    .into_any()
}

#[component]
fn TalkLine(talk: TalkView, chat: Chat) -> impl IntoView {
    let id = talk.id;
    let number = id.to_string();
    let current = move || chat.at.with(|at| *at == number).then_some("page");
    let (title, at) = (talk.title.clone(), talk.said_at);
    let label = t::forget(&talk.title);
    view! {
        <li class="line talks-line" data-talk=id.to_string()>
            <a href=page_of(id) aria-current=current>{title}</a>
            <span class="quiet num"><Moment at /></span>
            <button
                type="button"
                class="button button-quiet button-small needs-script"
                aria-label=label
                disabled=move || chat.answers_in(id)
                on:click=move |_| chat.forget(&talk)
            >
                {t::FORGET}
            </button>
        </li>
    }
    .into_any()
}
