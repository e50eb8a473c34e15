//! `/`: the cluster, what waits, what ended; now, or at a minute of the last month.

mod lenses;
mod nodes;
mod scores;
mod side;
mod then;
mod wrong;

use berth_domain::Timestamp;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::components::machine::{Machine, looked_at};
use crate::components::next_up::NextUp;
use crate::components::problem::ProblemView;
use crate::components::totals::TotalsStrip;
use crate::lens::Lens;
use crate::live::Live;
use crate::sparks::Sparks;
use crate::start::Waiting;
use crate::texts::common;
use lenses::Lenses;
use nodes::Nodes;
use scores::Scores;
use side::Recent;
use then::Then;
use wrong::Wrong;

#[component]
pub fn Dashboard() -> impl IntoView {
    let waiting = Waiting::here();
    view! {
        <Title text=common::DASHBOARD />
        <Suspense>
            {move || Suspend::new(async move {
                match waiting.ready().await {
                    Ok(()) => view! { <Cluster /> }.into_any(),
                    Err(error) => view! { <ProblemView error /> }.into_any(),
                }
            })}
        </Suspense>
    }
    .into_any()
}

#[component]
fn Cluster() -> impl IntoView {
    let query = use_query_map();
    let lens = Memo::new(move |_| {
        query.with(|query| Lens::named(query.get_str("lens").unwrap_or_default()))
    });
    let at = Memo::new(move |_| query.with(looked_at));
    let there = Callback::new(move |at| address(at, lens.get()));
    Lens::provide(lens);
    Sparks::provide(Live::here());
    let shown = move || match at.get() {
        None => view! { <Now /> }.into_any(),
        Some(at) => view! { <Then at /> }.into_any(),
    };
    view! {
        <h1 class="visually-hidden">{common::DASHBOARD}</h1>
        <div class="dashboard-bar">
            <Lenses lens at />
            <Machine at address=there />
        </div>
        {shown}
    }
    .into_any()
}

#[component]
fn Now() -> impl IntoView {
    view! {
        <div class="dashboard">
            <div class="dashboard-nodes">
                <TotalsStrip />
                <Wrong />
                <Nodes />
                <Scores />
            </div>
            <aside class="dashboard-side">
                <NextUp />
                <Recent />
            </aside>
        </div>
    }
    .into_any()
}

/// The address of the dashboard at a time, through a lens.
fn address(at: Option<Timestamp>, lens: Lens) -> String {
    let mut query = leptos_router::params::ParamsMap::new();
    if !lens.name().is_empty() {
        query.insert("lens", lens.name().to_owned());
    }
    if let Some(at) = at {
        query.insert("at", at.to_string());
    }
    crate::address::with_query("/", &query)
}
