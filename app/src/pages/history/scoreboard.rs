//! The numbers that say whether Berth does what it is there for, each with its goal and what is
//! measured.

use berth_api::analytics::Score;
use leptos::prelude::*;

use crate::icons::{Icon, icon};
use crate::texts::{common, history as t};

pub fn panel(scores: &[Score]) -> AnyView {
    view! {
        <section aria-labelledby="scores-title">
            <h2 class="visually-hidden" id="scores-title">{t::SCOREBOARD}</h2>
            <ul class="scores">{scores.iter().map(score).collect_view()}</ul>
        </section>
    }
    .into_any()
}

fn score(score: &Score) -> AnyView {
    let (class, which, word) = match score.met {
        Some(true) => ("badge badge-ok", Icon::Succeeded, common::MET),
        Some(false) => ("badge badge-warn", Icon::Alert, common::NOT_MET),
        None => ("badge badge-idle", Icon::Queued, common::NOT_KNOWN),
    };
    view! {
        <li class="panel score" data-score=score.name.clone()>
            <h3>{score.title.clone()}</h3>
            <p class="score-value num">{score.text.clone()}</p>
            <p class="score-goal">
                <span class=class>{icon(which)} {word}</span> {t::GOAL} {score.goal.clone()}
            </p>
            <p class="hint">{score.definition.clone()}</p>
        </li>
    }
    .into_any()
}
