//! `/queue`: what runs until when, and what waits in which order. Rows are dragged by pointer, touch
//! or keys; while one is, each start that would change is shown, told by the planner itself.

mod axis;
mod board;
mod bulk;
mod drag;
mod grouped;
mod made;
mod row;
mod rows;
mod running;
mod tail;
mod toll;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::components::empty::Empty;
use crate::components::problem::ProblemView;
use crate::format;
use crate::live::Live;
use crate::start::Waiting;
use crate::texts::{common, queue as t};
use axis::{Axis, Ticks};
use board::Board;
use bulk::Bulk;
use grouped::{Grouping, Groups};
use rows::Rows;
use running::Running;
use toll::TollLine;

#[component]
pub fn QueuePage() -> impl IntoView {
    let waiting = Waiting::here();
    view! {
        <Title text=common::QUEUE />
        <Suspense>
            {move || Suspend::new(async move {
                match waiting.ready().await {
                    Ok(()) => view! { <Queue /> }.into_any(),
                    Err(error) => view! { <ProblemView error /> }.into_any(),
                }
            })}
        </Suspense>
    }
    .into_any()
}

#[component]
fn Queue() -> impl IntoView {
    let live = Live::here();
    let query = use_query_map();
    let grouping = Memo::new(move |_| query.with(|query| Grouping::named(query.get("group"))));
    let board = Board::provide(grouping);
    let axis = Axis::provide();
    drag::Hand::provide(board);
    let waiting = move || {
        live.counts
            .with(|counts| u64::from(counts.queued + counts.held))
    };
    // Groups have only what the store holds.
    let listed = move || match grouping.get() {
        Grouping::Order => board.order.with(Vec::len),
        _ => live.queue.with(Vec::len),
    };
    let more = move || waiting().saturating_sub(listed() as u64);
    let none = Memo::new(move |_| board.order.with(Vec::is_empty));
    view! {
        <div class="page queue-page">
            <div class="page-head">
                <h1>
                    {t::QUEUE_OF} <span class="quiet num">{move || format::thousands(waiting())}</span>
                </h1>
                <GroupingBar grouping />
                <a class="button button-main" href="/submit">
                    {common::SUBMIT_A_JOB}
                </a>
            </div>
            <Running />
            <section class="panel queue-panel" aria-labelledby="waiting-title">
                <header class="queue-head">
                    <h2 id="waiting-title">{t::WAITING_NEXT_FIRST}</h2>
                    <Bulk />
                    <Ticks axis />
                </header>
                {move || (!none.get()).then(|| view! { <TollLine /> })}
                {move || match grouping.get() {
                    Grouping::Order => view! { <Rows /> }.into_any(),
                    by => view! { <Groups by /> }.into_any(),
                }}
                {move || none.get().then(|| view! {
                    <Empty text=common::NOTHING_WAITS />
                })}
                {move || (more() > 0).then(|| view! {
                    <p class="more">
                        <a href="/jobs?user=all&state=waiting">{common::AND} {format::thousands(more())} {common::MORE}</a>
                    </p>
                })}
                <p class="more without-script">
                    <a href="/jobs?user=all&state=waiting">{t::ALL_AS_A_LIST}</a>
                </p>
            </section>
            <p class="visually-hidden" role="status" aria-live="assertive">
                {board.spoken}
            </p>
        </div>
    }
    .into_any()
}

/// How rows are put together, as links.
#[component]
fn GroupingBar(grouping: Memo<Grouping>) -> impl IntoView {
    let link = move |which: Grouping| {
        view! {
            <a
                href=which.href()
                aria-current=move || (grouping.get() == which).then_some("true")
            >
                {which.word()}
            </a>
        }
    };
    view! {
        <nav class="switch queue-grouping" aria-label=t::GROUP_BY>
            {Grouping::ALL.map(link).collect_view()}
        </nav>
    }
    .into_any()
}
