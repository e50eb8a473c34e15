//! The rail: where one can go. Words on hover; a bottom bar on phones.

use berth_api::alerts::AlertView;
use berth_domain::{AlertState, UserName};
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::icons::icon;
use crate::live::Live;
use crate::places::{self, Place};
use crate::start::Waiting;
use crate::texts::frame as t;

#[component]
pub fn Rail() -> impl IntoView {
    let path = use_location().pathname;
    let (waiting, live) = (Waiting::here(), Live::here());
    let place = move |place: &Place| link(place, path);
    view! {
        <nav class="rail" aria-label=t::MAIN>
            <a class="rail-mark" href="/" aria-label=t::BERTH_DASHBOARD>
                <Mark />
            </a>
            <ul>
                {places::ALL.iter().map(place).collect_view()}
                // Who looks is known a moment later.
                <Suspense>
                    {move || Suspend::new(async move {
                        let known = waiting.ready().await;
                        let admin = known.is_ok() && live.is_admin();
                        admin.then(|| link(&places::ADMIN, path))
                    })}
                </Suspense>
            </ul>
        </nav>
    }
    .into_any()
}

fn link(place: &Place, path: Memo<String>) -> AnyView {
    let (href, word, which) = (place.path, place.word, place.icon);
    let current = move || {
        path.with(|path| {
            let below = path
                .strip_prefix(href)
                .is_some_and(|rest| rest.starts_with('/'));
            (path == href || (href != "/" && below)).then_some("page")
        })
    };
    view! {
        <li>
            <a href=href aria-current=current>
                {icon(which)}
                <span class="rail-word">{word}</span>
                {(href == "/alerts").then(open_alerts)}
                {(href == "/agent").then(open_cards)}
            </a>
        </li>
    }
    .into_any()
}

/// How many alerts are open.
fn open_alerts() -> impl IntoView {
    let live = Live::here();
    let open = Memo::new(move |_| {
        let open = |one: &&AlertView| one.state == AlertState::Open;
        live.alerts
            .with(|alerts| alerts.iter().filter(open).count())
    });
    count(open)
}

/// How many cards ask whoever looks.
fn open_cards() -> impl IntoView {
    let live = Live::here();
    let open = Memo::new(move |_| {
        let me = live.who.get();
        let asks_me = |asks: &&Option<UserName>| {
            me.as_ref().is_some_and(|me| match asks {
                Some(asked) => me.user == *asked,
                None => me.admin,
            })
        };
        live.agents
            .with(|agents| agents.asks.iter().filter(asks_me).count())
    });
    count(open)
}

fn count(open: Memo<usize>) -> impl IntoView {
    move || {
        (open.get() > 0).then(|| {
            view! {
                <span class="rail-count num">
                    {move || open.get()} <span class="visually-hidden">{t::COUNT_OPEN}</span>
                </span>
            }
        })
    }
}

/// The mark: a hull between two piers.
#[component]
pub fn Mark() -> impl IntoView {
    view! {
        <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
            <path class="mark-pier" d="M5 4v24M27 4v24" />
            <path class="mark-hull" d="M10 11h12v8c0 4-3 7-6 9-3-2-6-5-6-9z" />
        </svg>
    }
}
