//! What is wrong, in a line each that opens to its answers.

use berth_api::alerts::AlertView;
use berth_domain::AlertState;
use leptos::prelude::*;

use crate::components::alert_card::{AlertCard, badge_of};
use crate::icons::icon;
use crate::live::Live;

/// So many alerts; their page has all.
const ALERTS: usize = 3;

#[component]
pub fn Wrong() -> impl IntoView {
    let live = Live::here();
    let open = Memo::new(move |_| {
        let open = |one: &&AlertView| one.state == AlertState::Open;
        live.alerts
            .with(|all| all.iter().filter(open).cloned().collect::<Vec<_>>())
    });
    let some = Memo::new(move |_| open.with(|open| !open.is_empty()));
    let more = move || open.with(Vec::len).saturating_sub(ALERTS);
    let shown = move || {
        some.get().then(|| {
            view! {
                <section class="panel alert-lines" aria-label="Alerts">
                    <ul>
                        <For
                            each=move || open.get().into_iter().take(ALERTS)
                            key=|alert| alert.id
                            children=line
                        />
                    </ul>
                    {move || (more() > 0).then(|| view! {
                        <p class="more"><a href="/alerts">{format!("and {} more", more())}</a></p>
                    })}
                </section>
            }
        })
    };
    shown.into_any()
}

fn line(alert: AlertView) -> AnyView {
    let (class, which) = badge_of(alert.severity);
    view! {
        <li>
            <details>
                <summary class="alert-line">
                    <span class=class>{icon(which)} {alert.title.clone()}</span>
                    <span class="clip">{alert.text.clone()}</span>
                    <span class="alert-go">"Answer"</span>
                </summary>
                <AlertCard alert />
            </details>
        </li>
    }
    .into_any()
}
