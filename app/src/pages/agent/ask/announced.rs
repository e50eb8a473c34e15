//! What is told to who does not look: that an answer comes, and all of it once it is there. What is drawn
//! grows piece by piece, and would be read so.

use std::time::Duration;

use leptos::prelude::*;

use super::answering::UnderWay;
use super::chat::Chat;
use super::steps;
use super::turn::Turn;
use crate::texts::agent::ask as t;

/// After that it would only be come upon a second time.
const STAYS: Duration = Duration::from_secs(15);

#[component]
pub fn Announced(chat: Chat) -> impl IntoView {
    let text = RwSignal::new(String::new());
    Effect::new(move |before: Option<Option<UnderWay>>| {
        let now = chat.answering.way.get();
        match (before.flatten(), &now) {
            (None, Some(_)) => say(text, t::ANSWERS.to_owned()),
            (Some(way), None) if chat.shows(&way.answer) => say(text, words(&way.answer)),
            _ => {}
        }
        now
    });
    view! { <p class="visually-hidden" role="status">{text}</p> }.into_any()
}

fn say(text: RwSignal<String>, said: String) {
    text.set(said.clone());
    let forget = move || {
        text.try_update(|known| {
            if *known == said {
                known.clear();
            }
        });
    };
    set_timeout(forget, STAYS);
}

/// What it says without the marks of what is drawn, what has to be approved, and how it ended.
fn words(answer: &Turn) -> String {
    let said = answer
        .text
        .with_untracked(|text| text.replace(['`', '*', '#', '|'], ""));
    let (asked, ended) = answer
        .notes
        .with_untracked(|notes| (steps::approvals(notes), steps::sentences(notes)));
    let asked = asked
        .into_iter()
        .map(|(card, sentence)| t::asked_for(card, &sentence));
    let ended = ended.into_iter().map(|(_, sentence)| sentence);
    let all = std::iter::once(t::said(&said)).chain(asked).chain(ended);
    all.collect::<Vec<String>>().join("\n")
}
