//! How campaigns and their trials stand: in shape and word, as a bar, and as a meter.

use berth_api::campaigns::{CountsView, SpentView};
use berth_domain::campaign::TrialState;
use leptos::prelude::*;

use super::words;
use crate::components::meter::bar;
use crate::icons::{Icon, icon};
use crate::texts::agent::campaigns as t;

/// Of the state's token.
pub fn state(token: &str) -> AnyView {
    match token {
        "running" => badge("badge badge-run", Icon::Running, t::RUNNING),
        "paused" => badge("badge badge-warn", Icon::Held, t::PAUSED),
        _ => badge("badge badge-idle", Icon::Succeeded, t::ENDED),
    }
}

pub fn trial(state: TrialState) -> AnyView {
    match state {
        TrialState::Submitted => badge("badge badge-run", Icon::Running, t::SUBMITTED),
        TrialState::Done => badge("badge badge-ok", Icon::Succeeded, t::DONE),
        TrialState::Failed => badge("badge badge-bad", Icon::Failed, t::FAILED),
        TrialState::Stopped => badge("badge badge-idle", Icon::Cancelled, t::STOPPED),
    }
}

fn badge(class: &'static str, which: Icon, word: &'static str) -> AnyView {
    view! {
        <span class=class>{icon(which)} <span class="badge-word">{word}</span></span>
    }
    .into_any()
}

/// The trials as a bar of their states, and in words.
pub fn trials(counts: &CountsView) -> AnyView {
    if counts.all == 0 {
        return t::NO_TRIAL.into_any();
    }
    let all = of(counts.all);
    let parts = [
        (counts.done, t::DONE, "task-done"),
        (counts.failed, t::FAILED, "task-failed"),
        (counts.live, t::SUBMITTED, "task-active"),
        (counts.stopped, t::STOPPED, "task-cancelled"),
    ];
    let parts = parts.into_iter().filter(|(count, _, _)| *count > 0);
    let bar = parts.clone().map(|(count, _, class)| {
        let width = format!("width: {:.2}%", of(count) * 100.0 / all);
        view! { <span class=class style=width></span> }
    });
    let words = parts.map(|(count, word, _)| format!("{count} {word}"));
    let words = words.collect::<Vec<_>>().join(", ");
    view! {
        <span class="tasks">
            <span class="tasks-bar" aria-hidden="true">{bar.collect_view()}</span>
            <span class="tasks-words num">{words}</span>
        </span>
    }
    .into_any()
}

fn of(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Used, and hatched what its trials still can use.
pub fn spent(spent: &SpentView) -> AnyView {
    let of = Some(spent.of_gpu_seconds).filter(|of| *of > 0);
    view! {
        <span class="campaign-spent num">
            {words::spent(spent)} {bar(spent.gpu_seconds, spent.kept_gpu_seconds, of)}
        </span>
    }
    .into_any()
}
