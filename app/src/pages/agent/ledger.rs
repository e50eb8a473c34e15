//! The ledger: what was decided, newest first. Which part of it is in the address; each line opens to the
//! whole card.

use berth_api::ApiError;
use berth_api::agents::{CardView, LedgerAnswer};
use berth_domain::CardId;
use berth_domain::agent::{AgentRule, CardState};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::card::{LedgerLine, look};
use super::desk::Desk;
use super::filter::Filter;
use crate::components::empty::Empty;
use crate::icons::{Icon, icon};
use crate::texts::{agent as t, common};

type Found = Result<LedgerAnswer, ApiError>;

#[component]
pub fn LedgerPanel(first: Found, filter: Memo<Filter>, desk: Desk) -> impl IntoView {
    let found = RwSignal::new(first);
    let asking = RwSignal::new(false);
    follow(found, asking, filter, desk);
    let cards = move || {
        found.with(|found| match found {
            Ok(found) => found.cards.clone(),
            Err(_) => vec![],
        })
    };
    let none = move || {
        let none = found.with(|found| found.as_ref().is_ok_and(|found| found.cards.is_empty()));
        none.then(|| {
            let text = if filter.with(Filter::is_plain) {
                t::NOTHING_DECIDED
            } else {
                t::NOTHING_FITS
            };
            view! { <Empty text /> }
        })
    };
    let problem = move || {
        let why = found.with(|found| found.as_ref().err().map(ToString::to_string))?;
        Some(view! { <p class="trouble" role="alert">{icon(Icon::Lost)} <span>{why}</span></p> })
    };
    let busy = move || if asking.get() { "true" } else { "false" };
    view! {
        <section class="panel" aria-labelledby="ledger" aria-busy=busy>
            <h2 id="ledger">{t::LEDGER}</h2>
            <FilterBar filter desk />
            {problem}
            <ol class="ledger">
                <For
                    each=cards
                    key=|view| view.card.id
                    children=move |view| view! { <LedgerLine card=line(view, found) desk /> }
                />
            </ol>
            {none}
            <nav class="pager" aria-label=t::PAGES>
                {move || pages(filter, found)}
            </nav>
        </section>
    }
    .into_any()
}

/// A card as it is now: what was open stays open when it changes.
fn line(known: CardView, found: RwSignal<Found>) -> Memo<CardView> {
    Memo::new(move |before: Option<&CardView>| {
        let id = known.card.id;
        let now = found.with(|found| {
            let mut all = found.as_ref().ok()?.cards.iter();
            all.find(|one| one.card.id == id).cloned()
        });
        now.or_else(|| before.cloned())
            .unwrap_or_else(|| known.clone())
    })
}

fn pages(filter: Memo<Filter>, found: RwSignal<Found>) -> AnyView {
    let at = |before: Option<CardId>| {
        let href = filter.with(|filter| filter.at(before).href(None));
        format!("{href}#ledger")
    };
    let newest = filter.with(|filter| filter.before.is_some());
    let newest = newest.then(|| view! { <a class="button" href=at(None)>{t::NEWEST}</a> });
    let next = found.with(|found| found.as_ref().ok().and_then(|found| found.next));
    let next = next.map(|next| {
        view! { <a class="button" href=at(Some(next)) rel="next">{t::OLDER}</a> }
    });
    view! { {newest} {next} }.into_any()
}

/// Asks again when another part is looked at, or something was decided.
fn follow(found: RwSignal<Found>, asking: RwSignal<bool>, filter: Memo<Filter>, desk: Desk) {
    Effect::new(move |before: Option<(Filter, u32)>| {
        let now = (filter.get(), desk.asked.get());
        if before.as_ref().is_none_or(|before| *before == now) {
            return now;
        }
        // What is known of the same part stays where the server does not answer.
        let same = before.is_some_and(|before| before.0 == now.0);
        let asked = now.clone();
        asking.set(true);
        spawn_local(async move {
            let answer = asked.0.clone().ask().await;
            let (filter, times) = (filter.try_get_untracked(), desk.asked.try_get_untracked());
            // Only the last question's answer counts, if anybody still looks.
            if (filter, times) != (Some(asked.0), Some(asked.1)) {
                return;
            }
            if answer.is_ok() || !same {
                found.try_set(answer);
            }
            asking.try_set(false);
        });
        now
    });
}

/// A plain form that asks by its address; with script it does so with each change.
#[component]
fn FilterBar(filter: Memo<Filter>, desk: Desk) -> impl IntoView {
    let navigate = use_navigate();
    let go = Callback::new(move |filter: Filter| {
        let options = NavigateOptions {
            replace: true,
            scroll: false,
            ..NavigateOptions::default()
        };
        navigate(&filter.href(None), options);
    });
    let whose = move |value: &'static str, mine: bool, label: &'static str| {
        let chosen = filter.with_untracked(|filter| filter.mine == mine);
        view! {
            <label class="segment">
                <input
                    type="radio"
                    name="mine"
                    value=value
                    checked=chosen
                    prop:checked=move || filter.with(|filter| filter.mine == mine)
                    on:change=move |_| go.run(filter.get_untracked().with(|filter| filter.mine = mine))
                />
                <span>{label}</span>
            </label>
        }
    };
    let state = move |value: &'static str, word: &'static str| {
        let chosen = filter.with_untracked(|filter| filter.state == value);
        let follows = move || filter.with(|filter| filter.state == value);
        view! { <option value=value selected=chosen prop:selected=follows>{word}</option> }
    };
    let states = CardState::ALL.iter().map(|one| {
        let (_, _, word) = look(*one);
        state(one.as_str(), word)
    });
    view! {
        <form class="filter" method="get" action="/agent" role="search" on:submit=move |event| event.prevent_default()>
            <fieldset class="segments">
                <legend class="visually-hidden">{t::WHOSE}</legend>
                {whose("", false, t::ALL)}
                {whose("1", true, t::FOR_ME)}
            </fieldset>
            <select
                class="input"
                name="by"
                aria-label=t::BY
                on:change=move |event| {
                    let by = event_target_value(&event);
                    go.run(filter.get_untracked().with(|filter| filter.by = by));
                }
            >
                {move || names(filter, desk)}
            </select>
            <select
                class="input"
                name="state"
                aria-label=common::STATE
                on:change=move |event| {
                    let state = event_target_value(&event);
                    go.run(filter.get_untracked().with(|filter| filter.state = state));
                }
            >
                {state("", t::ANY_STATE)}
                {states.collect_view()}
            </select>
            <noscript>
                <button class="button">{t::FILTER}</button>
            </noscript>
        </form>
    }
    .into_any()
}

/// Agents and rules; who is asked about is there, whether known or not.
fn names(filter: Memo<Filter>, desk: Desk) -> AnyView {
    let chosen = filter.with(|filter| filter.by.clone());
    let mut agents = desk.answer.with(|answer| {
        let names = answer.agents.iter().map(|one| one.name.to_string());
        names.collect::<Vec<String>>()
    });
    let is_rule = AgentRule::ALL.iter().any(|rule| rule.as_str() == chosen);
    if !chosen.is_empty() && !is_rule && !agents.contains(&chosen) {
        agents.push(chosen.clone());
    }
    let option = |value: String, word: String| {
        let selected = value == chosen;
        view! { <option value=value selected=selected prop:selected=selected>{word}</option> }
            .into_any()
    };
    let of_agents: Vec<AnyView> = agents
        .into_iter()
        .map(|name| option(name.clone(), name))
        .collect();
    let of_rules: Vec<AnyView> = AgentRule::ALL
        .iter()
        .map(|rule| option(rule.to_string(), rule.title().to_owned()))
        .collect();
    let some = (!of_agents.is_empty())
        .then(|| view! { <optgroup label=t::GROUP_AGENTS>{of_agents}</optgroup> });
    view! {
        {option(String::new(), t::BY_ANYBODY.to_owned())}
        {some}
        <optgroup label=t::GROUP_RULES>{of_rules}</optgroup>
    }
    .into_any()
}
