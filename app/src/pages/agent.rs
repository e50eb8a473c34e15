//! `/agent`: the switch that stops all agents and rules, what waits for an answer, the agents and their
//! mandates, Berth's own rules, and the ledger of what all of them did. Plain forms; with script the page
//! stays.

mod agents;
pub mod ask;
mod asked;
pub mod campaigns;
pub mod card;
pub mod desk;
mod filter;
mod ledger;
mod mandate_form;
mod meters;
mod one;
mod open;
mod pace;
mod rules;
mod switch;
pub mod tabs;
mod words;

use berth_api::ApiError;
use berth_api::agents::{AgentsAnswer, LedgerAnswer, list_agents};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use serde::{Deserialize, Serialize};

use self::agents::AgentsPanel;
use self::asked::Asked;
use self::desk::Desk;
use self::filter::Filter;
use self::ledger::LedgerPanel;
use self::open::OpenPanel;
use self::rules::RulesPanel;
use self::switch::SwitchPanel;
use self::tabs::{AgentTab, AgentTabs};
use crate::components::problem::ProblemView;
use crate::live::Live;
use crate::start::Waiting;
use crate::texts::{agent as t, common};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Everything {
    agents: AgentsAnswer,
    /// Refused where the address asks for what there cannot be.
    ledger: Result<LedgerAnswer, ApiError>,
}

async fn ask(filter: Filter) -> Result<Everything, ApiError> {
    Ok(Everything {
        agents: list_agents().await?,
        ledger: filter.ask().await,
    })
}

#[component]
pub fn AgentPage() -> impl IntoView {
    let waiting = Waiting::here();
    let query = use_query_map();
    let filter = Memo::new(move |_| query.with(Filter::from_query));
    let asked = Memo::new(move |_| query.with(Asked::from_query));
    // An open form says itself why it was refused.
    let problem = move || {
        let why = query.with(|query| query.get("error"));
        why.filter(|_| asked.with(Option::is_none))
    };
    let done = move || query.with(|query| t::done(query.get_str("done")?));
    // Later the page asks for another part of the ledger by itself.
    let first = filter.get_untracked();
    let seen = Resource::new_blocking(move || first.clone(), ask);
    view! {
        <Title text=common::AGENTS />
        <div class="page agent-page">
            <h1>{common::AGENTS}</h1>
            <AgentTabs at=AgentTab::Overview />
            {move || problem().map(|problem| view! {
                <p class="banner banner-bad" role="alert">{problem}</p>
            })}
            {move || done().map(|done| view! {
                <p class="banner banner-ok" role="status">{done}</p>
            })}
            <Suspense>
                {move || Suspend::new(async move {
                    let seen = match waiting.ready().await {
                        Ok(()) => seen.await,
                        Err(error) => Err(error),
                    };
                    match seen {
                        Ok(seen) => view! { <All seen filter asked /> }.into_any(),
                        Err(error) => view! { <ProblemView error /> }.into_any(),
                    }
                })}
            </Suspense>
        </div>
    }
    .into_any()
}

#[component]
fn All(seen: Everything, filter: Memo<Filter>, asked: Memo<Option<Asked>>) -> impl IntoView {
    let desk = Desk::new(seen.agents);
    follow(desk);
    view! {
        <SwitchPanel desk />
        <OpenPanel desk />
        <AgentsPanel desk filter asked />
        <RulesPanel desk />
        <LedgerPanel first=seen.ledger filter desk />
    }
    .into_any()
}

/// Asks again when something was decided or stopped, and after a break that was not resumed.
fn follow(desk: Desk) {
    let live = Live::here();
    Effect::new(move |before: Option<()>| {
        live.agents.track();
        live.resynced.track();
        if before.is_some() {
            desk.soon();
        }
    });
}
