//! `/jobs`: mine or all, filtered by the address, live.

mod filter;
mod filter_bar;

use std::collections::BTreeMap;

use berth_api::jobs::{JobList, list_jobs};
use berth_api::views::JobRow as Row;
use berth_domain::JobId;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::components::empty::Empty;
use crate::components::job_row::JobRow;
use crate::components::problem::ProblemView;
use crate::live::Live;
use crate::start::Waiting;
use filter::Filter;
use filter_bar::FilterBar;

const PAGE: u32 = 50;
/// The page keeps at most this many rows, however long it is open.
const MOST: usize = 500;

#[component]
pub fn JobsPage() -> impl IntoView {
    let waiting = Waiting::here();
    let live = Live::here();
    let query = use_query_map();
    let filter = Memo::new(move |_| query.with(Filter::from_query));
    // After a break that was not resumed, what was listed may be old.
    let list = Resource::new_blocking(
        move || (filter.get(), live.resynced.get()),
        |(filter, _)| async move {
            let given = |text: String| Some(text).filter(|text| !text.is_empty());
            let state = given(filter.states().to_owned());
            let (user, text, cursor) =
                (given(filter.user), given(filter.text), given(filter.cursor));
            list_jobs(user, state, None, None, text, Some(PAGE), cursor).await
        },
    );
    view! {
        <Title text="Jobs" />
        <div class="page">
            <div class="page-head">
                <h1>"Jobs"</h1>
                <a class="button button-main" href="/submit">
                    "Submit a job"
                </a>
            </div>
            <FilterBar filter />
            <Transition>
                {move || Suspend::new(async move {
                    let found = match waiting.ready().await {
                        Ok(()) => list.await,
                        Err(error) => Err(error),
                    };
                    match found {
                        Ok(found) => view! { <Table filter=filter.get_untracked() found /> }.into_any(),
                        Err(error) => view! { <ProblemView error /> }.into_any(),
                    }
                })}
            </Transition>
        </div>
    }
    .into_any()
}

#[component]
fn Table(filter: Filter, found: JobList) -> impl IntoView {
    let next = found
        .next
        .clone()
        .map(|cursor| filter.with_cursor(cursor).href());
    let newest = (!filter.cursor.is_empty()).then(|| filter.with_cursor(String::new()).href());
    let others = (filter.user == "me").then(|| filter.with_user("all").href());
    let plain = filter.text.is_empty() && filter.state.is_empty();
    let rows = rows(filter, found.jobs);
    let empty = Memo::new(move |_| rows.with(Vec::is_empty));
    let none = move || {
        let others = others.clone();
        empty.get().then(|| match (others, plain) {
            (Some(others), true) => view! {
                <Empty text="You have no jobs yet. Submit one:" offer=true />
                <p class="more">
                    <a href=others>"Everybody's jobs"</a>
                </p>
            }
            .into_any(),
            (None, true) => view! { <Empty text="There are no jobs yet. Submit one:" offer=true /> }.into_any(),
            (others, false) => view! {
                <Empty text="No job fits this filter." />
                <p class="more">
                    {others.map(|others| view! { <a href=others>"Look among everybody's jobs"</a> })}
                </p>
            }
            .into_any(),
        })
    };
    view! {
        <div class="table-wrap" hidden=empty>
            <table class="jobs">
                <caption class="visually-hidden">"Jobs, newest first"</caption>
                <thead>
                    <tr>
                        <th scope="col" class="num">"Job"</th>
                        <th scope="col">"Name"</th>
                        <th scope="col">"Owner"</th>
                        <th scope="col">"State"</th>
                        <th scope="col">"GPUs"</th>
                        <th scope="col">"Class"</th>
                        <th scope="col" class="num">"Asked"</th>
                        <th scope="col" class="num">"Submitted"</th>
                        <th scope="col" class="num">"Ran"</th>
                        <th scope="col"><span class="visually-hidden">"Actions"</span></th>
                    </tr>
                </thead>
                <tbody>
                    <For each=move || rows.get() key=|row| row.id children=|row| view! { <JobRow row /> } />
                </tbody>
            </table>
        </div>
        {none}
        <nav class="pager" aria-label="Pages">
            {newest.map(|href| view! { <a class="button" href=href>"Newest"</a> })}
            {next.map(|href| view! { <a class="button" href=href rel="next">"Older"</a> })}
        </nav>
    }
    .into_any()
}

/// What was listed, with what the live store adds, newest first.
fn rows(filter: Filter, listed: Vec<Row>) -> Memo<Vec<Row>> {
    let live = Live::here();
    let known: BTreeMap<JobId, Row> = listed.into_iter().map(|row| (row.id, row)).collect();
    let known = StoredValue::new(known);
    Memo::new_with_compare(
        move |_| {
            // Lists change whenever a job comes, goes, or changes its state for a filter.
            live.active.track();
            live.queue.track();
            live.recent.track();
            live.counts.track();
            let me = live
                .who
                .with(|who| who.as_ref().map(|who| who.user.clone()));
            let first_page = filter.cursor.is_empty();
            let rows = known.try_update_value(|known| {
                for row in live.rows() {
                    let about = known.contains_key(&row.id)
                        || (first_page && filter.is_about(&row, me.as_ref()));
                    if about {
                        known.insert(row.id, row);
                    }
                }
                while known.len() > MOST {
                    known.pop_first();
                }
                let fits = known
                    .values()
                    .rev()
                    .filter(|row| filter.state_fits(row.state));
                fits.cloned().collect::<Vec<_>>()
            });
            rows.unwrap_or_default()
        },
        // Rows follow their own cells; here only which there are counts.
        |old, new| {
            let ids = |rows: Option<&Vec<Row>>| {
                rows.map(|rows| rows.iter().map(|row| row.id).collect::<Vec<_>>())
            };
            ids(old) != ids(new)
        },
    )
}
