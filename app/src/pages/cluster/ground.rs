//! What the server found around it, what it chose to run on, and how to overrule it.

use berth_api::cluster::Detected;
use berth_domain::Signal;
use berth_domain::detection::OVERRULE;
use leptos::prelude::*;

pub fn panel(found: Detected) -> AnyView {
    let now = format!(
        "It would choose now: {}, {}, with {:.0}% confidence.{}",
        found.kind,
        found.sentence,
        found.confidence * 100.0,
        if found.kind == found.in_use {
            ""
        } else {
            " It goes on with what it began with; restart the server to choose anew."
        }
    );
    let absent: Vec<&str> = found.absent.iter().map(|name| name.words()).collect();
    let absent = format!("Looked for and not found: {}.", absent.join(", "));
    view! {
        <section class="panel ground" aria-labelledby="ground-title">
            <header class="ground-head">
                <h2 id="ground-title">"What Berth runs on"</h2>
                <a class="button button-small" href="/cluster?look=again" rel="external">
                    "Look again"
                </a>
            </header>
            <p>{found.in_use_text} "."</p>
            <p class="quiet">{now}</p>
            <ul class="signals" aria-label="Signals">
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
        Some(kind) => ("badge badge-idle", format!("{per_cent:.0}% for {kind}")),
        None => ("badge badge-warn", format!("{per_cent:.0}% against")),
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
