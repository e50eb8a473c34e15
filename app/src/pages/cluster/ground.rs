//! What the server found around it, what it chose to run on, and how to overrule it.

use berth_api::cluster::Detected;
use berth_domain::Signal;
use berth_domain::detection::OVERRULE;
use leptos::prelude::*;

use crate::texts::{cluster as t, common};

pub fn panel(found: Detected) -> AnyView {
    let now = t::would_choose(
        found.kind,
        &found.sentence,
        found.confidence * 100.0,
        found.kind == found.in_use,
    );
    let absent: Vec<&str> = found.absent.iter().map(|name| name.words()).collect();
    let absent = t::looked_for(&absent.join(", "));
    view! {
        <section class="panel ground" aria-labelledby="ground-title">
            <header class="ground-head">
                <h2 id="ground-title">{t::RUNS_ON}</h2>
                <a class="button button-small" href="/cluster?look=again" rel="external">
                    {common::LOOK_AGAIN}
                </a>
            </header>
            <p>{found.in_use_text} "."</p>
            <p class="quiet">{now}</p>
            <ul class="signals" aria-label=t::SIGNALS>
                {found.signals.into_iter().map(signal).collect_view()}
            </ul>
            <p class="quiet">{absent}</p>
            <p class="hint">{OVERRULE}</p>
        </section>
    }
    .into_any()
}

fn signal(signal: Signal) -> AnyView {
    let per_cent = (signal.weight * 100.0).abs();
    let (class, points) = match signal.points_to {
        Some(kind) => ("badge badge-idle", t::speaks_for(per_cent, kind)),
        None => ("badge badge-warn", t::speaks_against(per_cent)),
    };
    view! {
        <li class="signal" data-signal=signal.name.as_str()>
            <span class=class>{points}</span>
            <code>{signal.found}</code>
            <span>{signal.sentence}</span>
        </li>
    }
    .into_any()
}
