//! The filter's form: a plain one that asks by its address; with script it does so with each change.

use berth_api::analytics::Analytics;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::filter::{CUSTOM, Filter, RANGES};
use crate::texts::{common, history as t};

#[component]
pub fn FilterBar(filter: Filter, told: Analytics) -> impl IntoView {
    let navigate = use_navigate();
    let now = StoredValue::new(filter.clone());
    // Changes what is asked and asks it.
    let go = Callback::new(move |change: fn(&mut Filter, String)| {
        let navigate = navigate.clone();
        Callback::new(move |value: String| {
            let mut filter = now.get_value();
            change(&mut filter, value);
            now.set_value(filter.clone());
            // A range by its days needs the first of them.
            if filter.range != CUSTOM || !filter.from.is_empty() {
                let options = NavigateOptions {
                    scroll: false,
                    ..NavigateOptions::default()
                };
                navigate(&filter.href(), options);
            }
        })
    });
    let range = |word: &'static str, label: &'static str| {
        let changed = go.run(|filter, value| filter.range = value);
        view! {
            <label class="segment">
                <input
                    type="radio"
                    name="range"
                    value=word
                    checked=filter.range == word
                    prop:checked=filter.range == word
                    on:change=move |_| changed.run(word.to_owned())
                />
                <span>{label}</span>
            </label>
        }
    };
    let day =
        |name: &'static str, label: &'static str, value: &str, change: fn(&mut Filter, String)| {
            let changed = go.run(change);
            // The first ten characters of RFC 3339 are a day.
            let value = value.get(..10).unwrap_or_default().to_owned();
            view! {
                <label class="history-day">
                    {label}
                    <input
                        class="input"
                        type="date"
                        name=name
                        value=value.clone()
                    prop:value=value
                        on:change=move |event| changed.run(event_target_value(&event))
                    />
                </label>
            }
        };
    let from = day("from", common::FROM, &filter.from, |filter, value| {
        (filter.range, filter.from) = (CUSTOM.to_owned(), value);
    });
    let to = day("to", t::TO, &filter.to, |filter, value| {
        (filter.range, filter.to) = (CUSTOM.to_owned(), value);
    });
    let whose = |name: &'static str,
                 all: &'static str,
                 chosen: &str,
                 names: Vec<String>,
                 change: fn(&mut Filter, String)| {
        let changed = go.run(change);
        let mut names = names;
        // Who is asked about is there, whether known or not.
        if !chosen.is_empty() && !names.iter().any(|name| name == chosen) {
            names.push(chosen.to_owned());
        }
        let options = names.into_iter().map(|name| {
            let selected = name == chosen;
            view! {
                <option value=name selected=selected prop:selected=selected>
                    {name.clone()}
                </option>
            }
        });
        view! {
            <select
                class="input"
                name=name
                aria-label=all
                on:change=move |event| changed.run(event_target_value(&event))
            >
                <option value="" selected=chosen.is_empty() prop:selected=chosen.is_empty()>{all}</option>
                {options.collect_view()}
            </select>
        }
    };
    let user = whose(
        "user",
        t::ALL_USERS,
        &filter.user,
        told.users,
        |filter, value| filter.user = value,
    );
    let project = whose(
        "project",
        t::ALL_PROJECTS,
        &filter.project,
        told.projects,
        |filter, value| {
            filter.project = value;
        },
    );
    let node = whose(
        "node",
        t::ALL_NODES,
        &filter.node,
        told.nodes,
        |filter, value| filter.node = value,
    );
    let offset = filter.utc_offset;
    view! {
        <form class="filter" method="get" action="/history" role="search">
            <fieldset class="segments">
                <legend class="visually-hidden">{t::WHICH_TIME}</legend>
                {RANGES.map(|(word, label)| range(word, label)).collect_view()}
                {range(CUSTOM, t::DAYS)}
            </fieldset>
            <span class="history-days" class:is-open=filter.range == CUSTOM>{from} {to}</span>
            {user} {project} {node}
            {(offset != 0).then(|| view! {
                <input type="hidden" name="utc_offset" value=offset.to_string() />
            })}
            <noscript>
                <button class="button">{t::SHOW}</button>
            </noscript>
        </form>
    }
    .into_any()
}
