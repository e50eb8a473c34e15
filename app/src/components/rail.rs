//! The rail: where one can go. Words on hover; a bottom bar on phones.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::icons::{Icon, icon};

const PLACES: [(&str, &str, Icon); 4] = [
    ("/", "Dashboard", Icon::Dashboard),
    ("/jobs", "Jobs", Icon::Jobs),
    ("/cluster", "Cluster", Icon::Cluster),
    ("/submit", "Submit", Icon::Submit),
];

#[component]
pub fn Rail() -> impl IntoView {
    let path = use_location().pathname;
    let place = move |(href, word, which): (&'static str, &'static str, Icon)| {
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
                </a>
            </li>
        }
    };
    view! {
        <nav class="rail" aria-label="Main">
            <a class="rail-mark" href="/" aria-label="Berth, dashboard">
                <Mark />
            </a>
            <ul>{PLACES.map(place).collect_view()}</ul>
        </nav>
    }
    .into_any()
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
