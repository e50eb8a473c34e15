//! Whether Berth does what it is there for, in a number each; what is measured stands behind it.

use berth_api::analytics::{Score, scoreboard};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::icons::{Icon, icon};
use crate::texts::{common, dashboard as t};

/// How many there are: as much room is kept until they are known.
const COUNT: usize = 6;

#[component]
pub fn Scores() -> impl IntoView {
    // Asked by the browser: whoever opens the dashboard need not wait for a week's arithmetic.
    let told = RwSignal::new(None);
    Effect::new(move |_| {
        spawn_local(async move {
            told.try_set(Some(scoreboard().await));
        });
    });
    let cells = move || match told.get() {
        None => {
            let cell = |_| view! { <li class="score-cell" aria-hidden="true"></li> };
            (0..COUNT).map(cell).collect_view().into_any()
        }
        Some(Ok(scores)) => scores.into_iter().map(cell).collect_view().into_any(),
        Some(Err(error)) => view! { <li class="quiet">{error.to_string()}</li> }.into_any(),
    };
    view! {
        <section class="score-strip" aria-labelledby="score-strip-title">
            <h2 id="score-strip-title">
                {t::LAST_7_DAYS} <a href="/history">{common::HISTORY}</a>
            </h2>
            <ul>{cells}</ul>
        </section>
    }
    .into_any()
}

fn cell(score: Score) -> AnyView {
    let (class, which, word) = match score.met {
        Some(true) => ("score-mark score-met", Icon::Succeeded, common::MET),
        Some(false) => ("score-mark score-missed", Icon::Lost, common::NOT_MET),
        None => ("score-mark", Icon::Queued, common::NOT_KNOWN),
    };
    let told = t::score_told(&score.definition, &score.goal);
    let title = told.clone();
    view! {
        <li class="score-cell" data-score=score.name title=title>
            <span class="score-number num">{score.text}</span>
            <span class=class title=word>
                {icon(which)} <span class="visually-hidden">{word}</span>
            </span>
            <span class="score-title">{score.title}</span>
            <span class="visually-hidden">{told}</span>
        </li>
    }
    .into_any()
}
