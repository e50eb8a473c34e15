//! The numbers that say whether Berth does what it is there for, each with its goal and what is
//! measured.

use berth_api::analytics::Score;
use leptos::prelude::*;

use crate::icons::{Icon, icon};

pub fn panel(scores: &[Score]) -> AnyView {
    view! {
        <section aria-labelledby="scores-title">
            <h2 class="visually-hidden" id="scores-title">"Scoreboard"</h2>
            <ul class="scores">{scores.iter().map(score).collect_view()}</ul>
        </section>
    }
    .into_any()
}

fn score(score: &Score) -> AnyView {
    let (class, which, word) = match score.met {
        Some(true) => ("badge badge-ok", Icon::Succeeded, "met"),
        Some(false) => ("badge badge-warn", Icon::Alert, "not met"),
        None => ("badge badge-idle", Icon::Queued, "not known"),
    };
    view! {
        <li class="panel score" data-score=score.name.clone()>
            <h3>{score.title.clone()}</h3>
            <p class="score-value num">{score.text.clone()}</p>
            <p class="score-goal">
                <span class=class>{icon(which)} {word}</span> " Goal: " {score.goal.clone()}
            </p>
            <p class="hint">{score.definition.clone()}</p>
        </li>
    }
    .into_any()
}
