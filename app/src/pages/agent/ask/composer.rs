//! The field to ask in. Enter asks, Shift and Enter begins a line; while an answer comes, Escape stops it.

use leptos::ev::KeyboardEvent;
use leptos::html;
use leptos::prelude::*;

use super::chat::{Chat, page_of};
use crate::components::field::tie;
use crate::icons::{Icon, icon};
use crate::pages::agent::desk::focus;
use crate::texts::agent::ask as t;

/// The field's element.
pub const FIELD: &str = "question";
/// The server takes no more characters.
const LONGEST: u32 = 8000;

#[component]
pub fn Composer(chat: Chat) -> impl IntoView {
    let field = NodeRef::<html::Textarea>::new();
    tie(
        move || field.get().map(|field| field.value()),
        move |text| {
            if let Some(field) = field.get_untracked() {
                field.set_value(text);
            }
        },
        chat.draft,
    );
    let key = move |event: KeyboardEvent| {
        if event.is_composing() {
            return;
        }
        let answers = chat.answering.way.with_untracked(Option::is_some);
        match event.key().as_str() {
            "Enter" if !event.shift_key() => chat.ask(),
            "Escape" if answers => chat.answering.stop(),
            _ => return,
        }
        event.prevent_default();
    };
    let answers = Memo::new(move |_| chat.answering.is_under_way());
    let button = move || if answers.get() { stop(chat) } else { ask(chat) };
    let elsewhere = Memo::new(move |_| chat.answers_elsewhere());
    let hint = move || match elsewhere.get() {
        Some(talk) => {
            view! { {t::ANSWERS_IN} <a href=page_of(talk)>{t::ANOTHER_TALK}</a> "." }.into_any()
        }
        None if answers.get() => t::KEY_STOPS.into_any(),
        None => t::KEYS.into_any(),
    };
    view! {
        <div class="composer needs-script">
            <label class="visually-hidden" for=FIELD>{t::QUESTION}</label>
            <textarea
                class="input"
                id=FIELD
                rows="3"
                maxlength=LONGEST.to_string()
                placeholder=t::PLACEHOLDER
                autocomplete="off"
                enterkeyhint="send"
                aria-describedby="question-keys"
                node_ref=field
                on:input=move |event| chat.draft.set(event_target_value(&event))
                on:keydown=key
            ></textarea>
            <div class="composer-foot">
                <span class="hint" id="question-keys">{hint}</span>
                {button}
            </div>
        </div>
    }
    .into_any()
}

/// What was pressed is there no more then: the focus goes to the field.
fn ask(chat: Chat) -> AnyView {
    let press = move |_| {
        chat.ask();
        focus(FIELD);
    };
    view! { <button type="button" class="button button-main" on:click=press>{t::ASK}</button> }
        .into_any()
}

fn stop(chat: Chat) -> AnyView {
    let press = move |_| {
        chat.answering.stop();
        focus(FIELD);
    };
    view! {
        <button type="button" class="button" aria-keyshortcuts="Escape" on:click=press>
            {icon(Icon::Stopping)} {t::STOP}
        </button>
    }
    .into_any()
}
