//! The filter's form: a plain one that asks by its address; with script it does so as one types.

use std::time::Duration;

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::filter::{Filter, STATES};
use crate::texts::{common, jobs as t};

/// So long after the last key the list is asked for.
const PAUSE: Duration = Duration::from_millis(200);

#[component]
pub fn FilterBar(filter: Memo<Filter>) -> impl IntoView {
    let navigate = use_navigate();
    let go = Callback::new(move |filter: Filter| {
        let options = NavigateOptions {
            replace: true,
            scroll: false,
            ..NavigateOptions::default()
        };
        navigate(&filter.href(), options);
    });
    let owner = move |word: &'static str, label: &'static str| {
        view! {
            <label class="segment">
                <input
                    type="radio"
                    name="user"
                    value=word
                    checked=filter.with_untracked(|filter| filter.user == word)
                    prop:checked=move || filter.with(|filter| filter.user == word)
                    on:change=move |_| go.run(filter.get_untracked().with_user(word))
                />
                <span>{label}</span>
            </label>
        }
    };
    let options = STATES.map(|(word, _, label)| {
        view! {
            <option value=word selected=move || filter.with(|filter| filter.state == word)>
                {label}
            </option>
        }
    });
    let mut typed = leptos::leptos_dom::helpers::debounce(PAUSE, move |text: String| {
        // The page may be gone by now; nobody is brought back to it.
        if let Some(filter) = filter.try_get_untracked() {
            go.run(filter.with_text(text));
        }
    });
    view! {
        <form class="filter" method="get" action="/jobs" role="search" on:submit=move |event| event.prevent_default()>
            <fieldset class="segments">
                <legend class="visually-hidden">{t::WHOSE_JOBS}</legend>
                {owner("me", t::MINE)}
                {owner("all", t::ALL)}
            </fieldset>
            <select
                class="input"
                name="state"
                aria-label=common::STATE
                on:change=move |event| go.run(filter.get_untracked().with_state(event_target_value(&event)))
            >
                {options.collect_view()}
            </select>
            <input
                class="input filter-text"
                type="search"
                name="text"
                placeholder=t::NAME_OR_NUMBER
                aria-label=t::NAME_OR_NUMBER
                data-filter
                value=filter.with_untracked(|filter| filter.text.clone())
                on:input=move |event| typed(event_target_value(&event))
            />
            <noscript>
                <button class="button">{t::FILTER}</button>
            </noscript>
            <kbd class="filter-key needs-script" title=t::FOCUSES_THE_FILTER>"/"</kbd>
        </form>
    }
    .into_any()
}
