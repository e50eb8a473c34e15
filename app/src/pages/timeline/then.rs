//! The minute that is looked back at, beside the chart: how much was held, by whom, and what waited and
//! for what.

use std::cmp::Reverse;

use berth_api::history::PastAnswer;
use berth_api::views::JobRow;
use leptos::prelude::*;

use crate::clock::Clock;
use crate::components::empty::Empty;
use crate::components::lease;
use crate::components::next_up::NextUp;
use crate::components::owner::OwnerMark;
use crate::components::past::InPast;
use crate::components::totals::TotalsStrip;
use crate::format;
use crate::live::Live;
use crate::texts::{common, timeline as t, units};

/// So many jobs that held GPUs are told, the largest; and so many nodes of each.
const MOST: usize = 24;
const NODES: usize = 4;

#[component]
pub fn Then(told: PastAnswer) -> impl IntoView {
    let clock = Clock::here();
    let PastAnswer { at, picture, .. } = told;
    view! {
        <InPast picture>
            <section class="tl-past is-past" aria-labelledby="past-title" data-at=at.to_string()>
                <h2 id="past-title">
                    {t::THEN_AT} <span class="num">{move || clock.at(at.as_second())}</span>
                </h2>
                <TotalsStrip />
                <Holders />
                <NextUp />
            </section>
        </InPast>
    }
    .into_any()
}

/// Who held what; nothing changes there any more.
#[component]
fn Holders() -> impl IntoView {
    let live = Live::here();
    let ids = live.active.get_untracked().into_iter();
    let rows = ids.filter_map(|id| live.row(id).map(|row| row.get_untracked()));
    let mut rows: Vec<JobRow> = rows.collect();
    let all = rows.len();
    rows.sort_by_key(|row| (Reverse(row.gpus), row.id));
    let more = all.saturating_sub(MOST);
    let more = (more > 0).then(|| {
        let more = format::thousands(more as u64);
        view! { <p class="more quiet">{common::AND} {more} {common::MORE}</p> }
    });
    let none = (all == 0).then(|| view! { <Empty text=t::NOBODY_HELD /> });
    let lines = rows.into_iter().take(MOST).map(line);
    view! {
        <section class="panel" aria-labelledby="held-title">
            <h2 id="held-title">{t::WHO_HELD_GPUS} <span class="quiet num">{all}</span></h2>
            <ul class="lines">{lines.collect_view()}</ul>
            {more}
            {none}
        </section>
    }
    .into_any()
}

fn line(row: JobRow) -> AnyView {
    let held = row.lease.unwrap_or_default();
    view! {
        <li class="line" data-job=row.id.to_string()>
            <OwnerMark name=row.user.0.clone() />
            <div class="line-body">
                <div class="line-head">
                    <a class="line-name" href=format!("/jobs/{}", row.id)>{row.name}</a>
                    <span class="quiet">{row.user.0}</span>
                    <span class="num">{units::gpus(row.gpus)}</span>
                </div>
                <p class="line-reason">{lease::words_of(&held, NODES)}</p>
            </div>
        </li>
    }
    .into_any()
}
