//! `/history`: how full and busy the cluster was, who used and wasted what, how long jobs waited, what
//! failed, and what it cost; with the range before it.

mod chart;
mod figures;
mod filter;
mod filter_bar;
mod headlines;
mod labels;
mod scoreboard;

use berth_api::analytics::{Analytics, analytics};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::clock::Clock;
use crate::components::empty::Empty;
use crate::components::problem::ProblemView;
use crate::format;
use crate::live::Live;
use crate::start::Waiting;
use crate::texts::{common, history as t};
use chart::Chart;
use filter::Filter;
use filter_bar::FilterBar;

pub use figures::figures;

#[component]
pub fn HistoryPage() -> impl IntoView {
    let waiting = Waiting::here();
    let live = Live::here();
    let query = use_query_map();
    let filter = Memo::new(move |_| query.with(Filter::from_query));
    // After a break that was not resumed, what was told may be old.
    let told = Resource::new_blocking(
        move || (filter.get(), live.resynced.get()),
        |(filter, _)| async move {
            let asked = filter.asked();
            analytics(
                asked.range,
                asked.from,
                asked.to,
                asked.user,
                asked.project,
                asked.node,
                asked.utc_offset,
            )
            .await
        },
    );
    view! {
        <Title text=common::HISTORY />
        <div class="page history">
            <h1>{common::HISTORY}</h1>
            <Transition>
                {move || Suspend::new(async move {
                    let told = match waiting.ready().await {
                        Ok(()) => told.await,
                        Err(error) => Err(error),
                    };
                    match told {
                        Ok(told) => view! { <Told filter=filter.get_untracked() told /> }.into_any(),
                        Err(error) => view! { <ProblemView error /> }.into_any(),
                    }
                })}
            </Transition>
        </div>
    }
    .into_any()
}

#[component]
fn Told(filter: Filter, told: Analytics) -> impl IntoView {
    let charts = figures(&told).into_iter();
    let of = filter.clone();
    let charts = charts.map(move |figure| {
        let filter = of.clone();
        view! { <Chart figure filter /> }
    });
    let nothing = told.began.is_none_or(|began| began >= told.until);
    let no_price = (told.prices.kwh.is_none() || told.prices.gpu_hour.is_none()).then(Unpriced);
    view! {
        <FilterBar filter=filter.clone() told=told.clone() />
        <Range told=told.clone() filter />
        {if nothing {
            view! { <Empty text=t::NOTHING_YET /> }.into_any()
        } else {
            view! {
                {scoreboard::panel(&told.scoreboard)}
                {headlines::panel(&told)}
                <div class="charts">{charts.collect_view()}</div>
                {no_price}
            }
            .into_any()
        }}
    }
    .into_any()
}

/// Which time is shown, with which it is compared, and by whose clock.
#[component]
fn Range(told: Analytics, filter: Filter) -> impl IntoView {
    let offset = told.utc_offset;
    let zone = labels::zone(offset);
    let since = labels::minute_of(told.since, told.now, offset);
    let until = labels::minute_of(told.until.min(told.now), told.now, offset);
    let before = match told.compared_days {
        1 => t::SAME_HOURS.to_owned(),
        days => t::same_days(days),
    };
    let clock = Clock::here();
    let yours = move || {
        let here = format::utc_offset_hours();
        (clock.hydrated() && here != offset).then(|| {
            let filter = Filter {
                utc_offset: here,
                ..filter.clone()
            };
            view! {
                " "
                <a href=filter.href()>{t::show_in_your_time(&labels::zone(here))}</a>
            }
        })
    };
    view! {
        <p class="history-range">
            {t::range(&since, &until, &zone, &before)} {yours}
        </p>
    }
    .into_any()
}

/// What to do for amounts of money.
#[component]
fn Unpriced() -> impl IntoView {
    view! {
        <p class="hint">
            {t::NO_PRICE_IS_SET} <code>"berth.toml"</code> ": "
            <code>"[prices]"</code> {t::NO_PRICE_THEN} <code>"kwh = 0.30"</code> ", " <code>"gpu_hour = 2.50"</code>
            {t::NO_PRICE_AND} <code>"currency = \"€\""</code> {t::NO_PRICE_RESTART}
        </p>
    }
    .into_any()
}
