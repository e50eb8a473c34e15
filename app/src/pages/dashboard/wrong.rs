//! What is wrong, in a line each that opens to its answers.

use berth_api::alerts::AlertView;
use berth_domain::AlertState;
use leptos::prelude::*;

use crate::components::alert_card::badge_of;
use crate::icons::icon;
use crate::live::Live;
use crate::pages::parts;
use crate::texts::{common, dashboard as t};

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
                <section class="panel alert-lines" aria-label=common::ALERTS>
                    <ul>
                        <For
                            each=move || open.get().into_iter().take(ALERTS)
                            key=|alert| alert.id
                            children=line
                        />
                    </ul>
                    {move || (more() > 0).then(|| view! {
                        <p class="more"><a href="/alerts">{t::and_more(more())}</a></p>
                    })}
                </section>
            }
        })
    };
    shown.into_any()
}

/// Its answers are loaded when it is opened first.
fn line(alert: AlertView) -> AnyView {
    let (class, which) = badge_of(alert.severity);
    let opened = RwSignal::new(false);
    let href = format!("/alerts#alert-{}", alert.id);
    let card = {
        let alert = alert.clone();
        move || {
            let alert = alert.clone();
            opened
                .get()
                .then(|| view! { <Suspense>{parts::alert_card(alert)}</Suspense> })
        }
    };
    view! {
        <li>
            <details on:toggle=move |_| opened.set(true)>
                <summary class="alert-line">
                    <span class=class>{icon(which)} {alert.title}</span>
                    <span class="clip">{alert.text}</span>
                    <span class="alert-go">{t::ANSWER}</span>
                </summary>
                {card}
                <noscript>
                    <a href=href>{t::ANSWER_IT_THERE}</a>
                </noscript>
            </details>
        </li>
    }
    .into_any()
}
