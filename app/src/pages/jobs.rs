//! `/jobs`: mine or all, filtered by the address, live.

mod filter;
mod filter_bar;

use std::collections::{BTreeMap, BTreeSet};

use berth_api::jobs::{JobList, list_jobs};
use berth_api::views::{ArrayView, JobRow as Row};
use berth_domain::JobId;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::components::array_actions::ArrayActions;
use crate::components::array_row::ArrayRow;
use crate::components::array_tasks::ArrayTasks;
use crate::components::empty::Empty;
use crate::components::job_row::{JobRow, JobsHead};
use crate::components::problem::ProblemView;
use crate::live::Live;
use crate::start::Waiting;
use crate::texts::{common, jobs as t};
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
    let problem = move || query.with(|query| query.get("error"));
    // After a break that was not resumed, what was listed may be old.
    let list = Resource::new_blocking(
        move || (filter.get(), live.resynced.get()),
        |(filter, _)| async move {
            let given = |text: String| Some(text).filter(|text| !text.is_empty());
            let state = given(filter.states().to_owned());
            let (user, text, cursor) =
                (given(filter.user), given(filter.text), given(filter.cursor));
            let (array, grouped) = (filter.array, Some(filter.array.is_none()));
            list_jobs(
                user,
                state,
                None,
                None,
                text,
                array,
                grouped,
                Some(PAGE),
                cursor,
            )
            .await
        },
    );
    view! {
        <Title text=common::JOBS />
        <div class="page">
            <div class="page-head">
                <h1>{common::JOBS}</h1>
                <a class="button button-main" href="/submit">
                    {common::SUBMIT_A_JOB}
                </a>
            </div>
            {move || problem().map(|problem| view! {
                <p class="banner banner-bad" role="alert">{problem}</p>
            })}
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
    let head = filter.array.and_then(|_| found.arrays.first().cloned());
    let head = head.map(|array| view! { <ArrayHead array /> });
    let arrays = StoredValue::new(found.arrays);
    let rows = rows(filter, found.jobs);
    let empty = Memo::new(move |_| rows.with(Vec::is_empty));
    let none = move || {
        let others = others.clone();
        empty.get().then(|| match (others, plain) {
            (Some(others), true) => view! {
                <Empty text=t::NO_JOBS_OF_YOURS offer=true />
                <p class="more">
                    <a href=others>{common::EVERYBODYS_JOBS}</a>
                </p>
            }
            .into_any(),
            (None, true) => view! { <Empty text=t::NO_JOBS offer=true /> }.into_any(),
            (others, false) => view! {
                <Empty text=t::NO_JOB_FITS />
                <p class="more">
                    {others.map(|others| view! { <a href=others>{t::LOOK_AMONG_EVERYBODYS}</a> })}
                </p>
            }
            .into_any(),
        })
    };
    view! {
        {head}
        <div class="table-wrap" hidden=empty>
            <table class="jobs">
                <caption class="visually-hidden">{t::NEWEST_FIRST}</caption>
                <JobsHead />
                <tbody>
                    <For each=move || rows.get() key=Item::key children=move |item| item.view(arrays) />
                </tbody>
            </table>
        </div>
        {none}
        <nav class="pager" aria-label=t::PAGES>
            {newest.map(|href| view! { <a class="button" href=href>{t::NEWEST}</a> })}
            {next.map(|href| view! { <a class="button" href=href rel="next">{t::OLDER}</a> })}
        </nav>
    }
    .into_any()
}

/// A row of the table.
#[derive(Clone)]
enum Item {
    Job(Box<Row>),
    /// All tasks of an array, by one of them.
    Array(JobId, Box<Row>),
}

impl Item {
    fn key(&self) -> (bool, JobId) {
        match self {
            Item::Job(row) => (false, row.id),
            Item::Array(id, _) => (true, *id),
        }
    }

    fn view(self, arrays: StoredValue<Vec<ArrayView>>) -> AnyView {
        match self {
            Item::Job(row) => view! { <JobRow row=*row /> }.into_any(),
            Item::Array(id, row) => {
                let listed =
                    arrays.with_value(|arrays| arrays.iter().find(|one| one.array == id).cloned());
                let known = listed.or_else(|| untrack(|| Live::here().array(id)));
                match known {
                    Some(array) => view! { <ArrayRow array row=*row /> }.into_any(),
                    None => view! { <JobRow row=*row /> }.into_any(),
                }
            }
        }
    }
}

/// One item for each array, unless its tasks are asked for.
fn items<'a>(rows: impl Iterator<Item = &'a Row>, tasks: bool) -> Vec<Item> {
    let mut seen = BTreeSet::new();
    rows.filter_map(|row| match row.array {
        Some(place) if !tasks => seen
            .insert(place.array)
            .then(|| Item::Array(place.array, Box::new(row.clone()))),
        _ => Some(Item::Job(Box::new(row.clone()))),
    })
    .collect()
}

/// Above the tasks of an array: how they stand, and what can be done to all of them.
#[component]
fn ArrayHead(array: ArrayView) -> impl IntoView {
    let title = t::array(array.array, &array.name);
    let array = Live::here().follow_array(array);
    view! {
        <section class="array-head" aria-labelledby="array-title">
            <h2 id="array-title">{title}</h2>
            <ArrayTasks array />
            <ArrayActions array />
        </section>
    }
    .into_any()
}

/// What was listed, with what the live store adds, newest first.
fn rows(filter: Filter, listed: Vec<Row>) -> Memo<Vec<Item>> {
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
                items(fits, filter.array.is_some())
            });
            rows.unwrap_or_default()
        },
        // Rows follow their own cells; here only which there are counts.
        |old, new| {
            let ids = |items: Option<&Vec<Item>>| {
                items.map(|items| items.iter().map(Item::key).collect::<Vec<_>>())
            };
            ids(old) != ids(new)
        },
    )
}
