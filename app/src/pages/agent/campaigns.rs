//! `/agent/campaigns`: the campaigns that go on, with `all` also those that ended; and how one is started.

mod actions;
mod begin;
mod chart;
mod facts;
mod follow;
mod look;
pub mod report;
mod row;
mod sheet;
mod steer;
mod trials;
mod words;

use berth_api::ApiError;
use berth_api::campaigns::{CampaignList, CampaignRow, list_campaigns};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use serde::{Deserialize, Serialize};

use self::begin::Begin;
use self::follow::follow;
use self::row::Row;
use crate::components::empty::Empty;
use crate::components::problem::ProblemView;
use crate::pages::agent::tabs::{AgentTab, AgentTabs};
use crate::start::Waiting;
use crate::texts::agent::campaigns as t;

const PATH: &str = "/agent/campaigns";
const ALL: &str = "/agent/campaigns?all=1";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Found {
    list: CampaignList,
    /// Those that ended too.
    all: bool,
}

async fn ask(all: bool) -> Result<Found, ApiError> {
    let list = list_campaigns(all.then_some(true)).await?;
    Ok(Found { list, all })
}

#[component]
pub fn CampaignsPage() -> impl IntoView {
    let waiting = Waiting::here();
    let query = use_query_map();
    let all = Memo::new(move |_| query.with(|query| query.get("all").is_some()));
    let found = Resource::new_blocking(move || all.get(), ask);
    view! {
        <Title text=t::CAMPAIGNS />
        <div class="page agent-page">
            <h1>{t::CAMPAIGNS}</h1>
            <AgentTabs at=AgentTab::Campaigns />
            <Transition>
                {move || Suspend::new(async move {
                    let found = match waiting.ready().await {
                        Ok(()) => found.await,
                        Err(error) => Err(error),
                    };
                    match found {
                        Ok(found) => view! { <Lists found /> }.into_any(),
                        Err(error) => view! { <ProblemView error /> }.into_any(),
                    }
                })}
            </Transition>
        </div>
    }
    .into_any()
}

#[component]
fn Lists(found: Found) -> impl IntoView {
    let all = found.all;
    let rows = RwSignal::new(found.list.campaigns);
    let again = move || {
        spawn_local(async move {
            // Where that fails, what is known stays.
            if let Ok(found) = ask(all).await {
                rows.try_set(found.list.campaigns);
            }
        });
    };
    follow(|| true, again);
    let none = Memo::new(move |_| !rows.with(|rows| rows.iter().any(goes_on)));
    let start = move || match none.get() {
        true => view! {
            <Empty text=t::NONE_GOES_ON />
            <Begin />
        }
        .into_any(),
        false => view! {
            <details class="agent-stop">
                <summary class="button button-small">{t::START_ANOTHER}</summary>
                <Begin />
            </details>
        }
        .into_any(),
    };
    let (href, word) = match all {
        true => (PATH, t::ONLY_GOING),
        false => (ALL, t::ENDED_TOO),
    };
    view! {
        <section class="panel" aria-labelledby="going-title">
            <h2 id="going-title">{t::GOING}</h2>
            {listed(rows, goes_on)}
            {start}
        </section>
        {all.then(|| view! { <Ended rows /> })}
        <p class="more"><a href=href>{word}</a></p>
    }
    .into_any()
}

#[component]
fn Ended(rows: RwSignal<Vec<CampaignRow>>) -> impl IntoView {
    let none = Memo::new(move |_| rows.with(|rows| rows.iter().all(goes_on)));
    view! {
        <section class="panel" aria-labelledby="ended-title">
            <h2 id="ended-title">{t::ENDED_BEFORE}</h2>
            {listed(rows, |row| !goes_on(row))}
            {move || none.get().then(|| view! { <Empty text=t::NONE_ENDED /> })}
        </section>
    }
    .into_any()
}

fn goes_on(row: &CampaignRow) -> bool {
    row.ended_at.is_none()
}

/// Those of one kind, newest first.
fn listed(rows: RwSignal<Vec<CampaignRow>>, which: fn(&CampaignRow) -> bool) -> AnyView {
    let each = move || {
        rows.with(|rows| {
            let these = rows.iter().filter(|row| which(row));
            these.cloned().collect::<Vec<CampaignRow>>()
        })
    };
    view! {
        <ul class="lines">
            <For
                each=each
                key=|row| row.id
                children=move |row| view! { <Row row=current(row, rows) /> }
            />
        </ul>
    }
    .into_any()
}

/// A campaign as it is now, as it was last where it is listed no more.
fn current(known: CampaignRow, rows: RwSignal<Vec<CampaignRow>>) -> Memo<CampaignRow> {
    Memo::new(move |before: Option<&CampaignRow>| {
        let now = rows.with(|rows| rows.iter().find(|one| one.id == known.id).cloned());
        now.or_else(|| before.cloned())
            .unwrap_or_else(|| known.clone())
    })
}
