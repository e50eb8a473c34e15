//! What the server found around it, what it chose to run on, and how to overrule it.

use berth_api::cluster::{Detected, detect};
use berth_domain::detection::OVERRULE;
use berth_domain::{ClusterKind, Signal};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

#[component]
pub fn GroundPanel() -> impl IntoView {
    let query = use_query_map();
    let looks = RwSignal::new(0);
    let looking = RwSignal::new(false);
    let wanted = Memo::new(move |_| (query.with(|query| query.get("look").is_some()), looks.get()));
    let found = Resource::new_blocking(
        move || wanted.get(),
        |(asked, looks)| detect(Some(asked || looks > 0)),
    );
    let again = move |event: SubmitEvent| {
        event.prevent_default();
        looks.update(|looks| *looks += 1);
    };
    view! {
        <section class="panel ground" aria-labelledby="ground-title">
            <header class="ground-head">
                <h2 id="ground-title">"What Berth runs on"</h2>
                <form method="get" action="/cluster" on:submit=again>
                    <button class="button button-small" name="look" value="again" disabled=looking>
                        {move || if looking.get() { "Looking" } else { "Look again" }}
                    </button>
                </form>
            </header>
            <div class="ground-found" aria-live="polite">
                <Transition set_pending=looking>
                    {move || Suspend::new(async move {
                        match found.await {
                            Ok(found) => view! { <Found found /> }.into_any(),
                            Err(error) => view! { <p class="field-problem">{error.to_string()}</p> }.into_any(),
                        }
                    })}
                </Transition>
            </div>
            <p class="hint">{OVERRULE}</p>
        </section>
    }
    .into_any()
}

#[component]
fn Found(found: Detected) -> impl IntoView {
    let Detected {
        detection,
        in_use,
        in_use_text,
    } = found;
    let absent: Vec<&str> = detection.absent.iter().map(|name| name.words()).collect();
    let other = (detection.kind != in_use)
        .then_some(" Berth goes on with what it began with; restart the server to choose anew.");
    view! {
        <p>{in_use_text} "."</p>
        <p class="quiet">
            "It would choose now: " <strong>{detection.kind.as_str()}</strong> ", "
            {detection.sentence} ", with " {format!("{:.0}%", detection.confidence * 100.0)}
            " confidence." {other}
        </p>
        {(!detection.signals.is_empty())
            .then(|| view! {
                <ul class="signals" aria-label="Signals">
                    {detection.signals.into_iter().map(signal).collect_view()}
                </ul>
            })}
        {(!absent.is_empty())
            .then(|| view! { <p class="quiet">"Looked for and not found: " {absent.join(", ")} "."</p> })}
    }
    .into_any()
}

fn signal(signal: Signal) -> impl IntoView {
    let against = signal.weight < 0.0;
    let points = match signal.points_to {
        Some(kind) => format!(
            "for {}, {:.0}%",
            ClusterKind::as_str(kind),
            signal.weight * 100.0
        ),
        None => format!("against it, {:.0}%", -signal.weight * 100.0),
    };
    let class = if against {
        "badge badge-warn"
    } else {
        "badge badge-idle"
    };
    view! {
        <li class="signal" data-signal=signal.name.as_str()>
            <span class=class>{points}</span>
            <code class="signal-found">{signal.found}</code>
            <span class="signal-means">{signal.sentence}</span>
        </li>
    }
}
