//! What was said in a talk, and the field to go on.

use berth_api::ErrorCode;
use leptos::prelude::*;

use super::announced::Announced;
use super::answer::Answer;
use super::chat::{Chat, element_of};
use super::composer::{Composer, FIELD};
use super::plain::harmless;
use super::turn::Turn;
use crate::components::moment::Moment;
use crate::components::problem::answer_with;
use crate::icons::{Icon, icon};
use crate::pages::agent::desk::focus;
use crate::texts::agent::ask as t;
use crate::texts::frame;

#[component]
pub fn TalkPanel(chat: Chat) -> impl IntoView {
    // The page then has its status.
    if let Some(error) = chat.problem.get_untracked() {
        answer_with(&error);
    }
    let title = Memo::new(move |_| title(chat));
    let is_new = Memo::new(move |_| chat.at.with(String::is_empty));
    let busy = move || (chat.loads.get() || chat.answers_here()).to_string();
    let has_model = Memo::new(move |_| chat.talks.with(|talks| talks.model.is_some()));
    let another = move || {
        let link = || view! { <a class="button button-small" href="/agent/ask">{t::NEW_TALK}</a> };
        (!is_new.get()).then(link)
    };
    let problem = move || {
        let error = chat.problem.get()?;
        let again = || view! { " " <a href="" rel="external">{frame::TRY_AGAIN}</a> };
        let again = (error.code() != ErrorCode::NotFound).then(again);
        Some(view! {
            <p class="trouble" role="alert">
                {icon(Icon::Lost)} <span>{error.to_string()} {again}</span>
            </p>
        })
    };
    let begins = move || {
        let nothing = is_new.get() && chat.turns.with(Vec::is_empty);
        (nothing && has_model.get()).then(|| examples(chat))
    };
    let unanswered = Memo::new(move |_| {
        chat.turns
            .with(|turns| turns.last().is_some_and(|turn| turn.by_person))
    });
    let may_ask = Memo::new(move |_| has_model.get() && chat.problem.with(Option::is_none));
    view! {
        <section class="panel talk" aria-labelledby="talk-title">
            <header class="agents-head">
                <h2 id="talk-title">{title}</h2>
                {another}
            </header>
            {move || (!has_model.get()).then(|| view! { <p class="banner banner-warn">{t::NO_MODEL}</p> })}
            {problem}
            {begins}
            // What is said in it is announced below, as a whole.
            <div class="turns" role="log" aria-label=t::CONVERSATION aria-live="off" aria-busy=busy>
                <For
                    each=move || chat.turns.get()
                    key=|turn| turn.key
                    children=move |turn| view! { <TurnView turn chat /> }
                />
                {move || unanswered.get().then(|| view! { <p class="quiet">{t::NOT_ANSWERED}</p> })}
            </div>
            <Announced chat />
            {move || may_ask.get().then(|| view! {
                <Composer chat />
                <p class="hint without-script">{t::NEEDS_SCRIPT} <code>{t::COMMAND}</code> "."</p>
            })}
        </section>
    }
    .into_any()
}

fn title(chat: Chat) -> String {
    let at = chat.at.get();
    if at.is_empty() {
        return t::NEW_TALK.to_owned();
    }
    let known = chat.talks.with(|talks| {
        let mut all = talks.talks.iter();
        all.find(|talk| talk.id.to_string() == at)
            .map(|talk| talk.title.clone())
    });
    // One that just began is listed soon.
    known.unwrap_or_else(|| match chat.answers_here() {
        true => t::NEW_TALK.to_owned(),
        false => t::talk(&at),
    })
}

#[component]
fn TurnView(turn: Turn, chat: Chat) -> impl IntoView {
    let (id, at) = (element_of(&turn), turn.at);
    let who = if turn.by_person { t::YOU } else { t::BERTH };
    let class = if turn.by_person {
        "turn turn-question"
    } else {
        "turn"
    };
    let said = if turn.by_person {
        let text = turn.text.with_untracked(|text| harmless(text));
        view! { <p class="turn-words">{text}</p> }.into_any()
    } else {
        view! { <Answer turn chat /> }.into_any()
    };
    view! {
        <article class=class id=id>
            <p class="turn-who"><strong>{who}</strong> <span class="quiet num"><Moment at /></span></p>
            {said}
        </article>
    }
    .into_any()
}

/// What one may ask, for who does not know where to begin.
fn examples(chat: Chat) -> AnyView {
    let all = t::EXAMPLES.into_iter().map(|example| {
        let press = move |_| {
            chat.draft.set(example.to_owned());
            focus(FIELD);
        };
        view! {
            <li>
                <button type="button" class="button button-small" on:click=press>{example}</button>
            </li>
        }
    });
    view! {
        <div class="empty">
            <p>{t::NOTHING_ASKED}</p>
            <ul class="examples needs-script">{all.collect_view()}</ul>
        </div>
    }
    .into_any()
}
