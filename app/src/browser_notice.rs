//! What concerns whoever looks is said in the page, and by the system's notifications where that was
//! allowed: a job of theirs ended, an alert asks them.

use std::collections::BTreeSet;

use berth_api::alerts::AlertView;
use berth_domain::{AlertId, AlertState, JobId};
use leptos::prelude::*;

use crate::live::Live;
use crate::notice::Notices;
use crate::texts::alerts as t;

/// What was there the last time.
#[derive(Default)]
struct Seen {
    ended: BTreeSet<JobId>,
    alerts: BTreeSet<AlertId>,
}

/// Begins to listen; effects do not run on the server.
pub fn begin(live: Live, notices: Notices) {
    Effect::new(move |before: Option<Option<Seen>>| {
        if !live.started.get() {
            return None;
        }
        let now = Seen {
            ended: live.recent.with(|recent| recent.iter().copied().collect()),
            alerts: live
                .alerts
                .with(|alerts| alerts.iter().map(|one| one.id).collect()),
        };
        // What was there when the page came is no news.
        if let Some(Some(before)) = before {
            for id in now.ended.difference(&before.ended) {
                if let Some(text) = ended(live, *id) {
                    tell(notices, &text);
                }
            }
            let new = now.alerts.difference(&before.alerts);
            let new: BTreeSet<_> = new.copied().collect();
            let asks = |one: &&AlertView| {
                new.contains(&one.id) && one.state == AlertState::Open && concerns(live, one)
            };
            let texts = live.alerts.with_untracked(|alerts| {
                let asked = alerts.iter().filter(asks);
                asked.map(|one| t::alert(&one.text)).collect::<Vec<_>>()
            });
            texts.iter().for_each(|text| tell(notices, text));
        }
        Some(now)
    });
}

fn concerns(live: Live, alert: &AlertView) -> bool {
    match &alert.asks {
        Some(asks) => live.is_me(Some(asks)),
        None => live.is_admin(),
    }
}

fn ended(live: Live, id: JobId) -> Option<String> {
    let row = live.row(id)?.get_untracked();
    let how = row.outcome_text.filter(|_| live.is_me(Some(&row.user)))?;
    Some(t::ended(id, &row.name, &how))
}

fn tell(notices: Notices, text: &str) {
    notices.say(text);
    #[cfg(feature = "hydrate")]
    if allowed() == web_sys::NotificationPermission::Granted && document().hidden() {
        // A browser that shows none has said so to its user.
        let _ = web_sys::Notification::new(text);
    }
}

#[cfg(feature = "hydrate")]
fn allowed() -> web_sys::NotificationPermission {
    // Only there where the page came by https or from this computer.
    if js_sys::Reflect::has(&window(), &"Notification".into()).unwrap_or(false) {
        web_sys::Notification::permission()
    } else {
        web_sys::NotificationPermission::Denied
    }
}

/// Asks the browser for leave.
pub fn button() -> AnyView {
    let state = RwSignal::new("");
    #[cfg(feature = "hydrate")]
    let look = move || {
        state.set(match allowed() {
            web_sys::NotificationPermission::Granted => t::ON_IN_THIS_BROWSER,
            web_sys::NotificationPermission::Denied => t::NOT_ALLOWED,
            _ => "",
        });
    };
    #[cfg(not(feature = "hydrate"))]
    let look = || ();
    Effect::new(move |_| look());
    let ask = move |_| {
        #[cfg(feature = "hydrate")]
        leptos::task::spawn_local(async move {
            if let Ok(asked) = web_sys::Notification::request_permission() {
                let _ = wasm_bindgen_futures::JsFuture::from(asked).await;
            }
            look();
        });
    };
    view! {
        <p class="browser-notice">
            <button
                type="button"
                class="button"
                on:click=ask
                disabled=move || !state.with(|state| state.is_empty())
            >
                {t::USE_NOTIFICATIONS}
            </button>
            <span class="quiet" aria-live="polite">{state}</span>
        </p>
    }
    .into_any()
}
