//! A waiting job in the queue: grip, place, what it is, why it waits, when it starts.

use berth_api::planner::{ExplainAnswer, explain_job};
use berth_api::views::JobRow;
use berth_domain::{JobId, Timestamp};
use leptos::prelude::*;

use super::axis::Axis;
use super::board::Board;
use super::drag::Hand;
use crate::clock::Clock;
use crate::components::gpu_squares::GpuSquares;
use crate::components::job_actions::JobActions;
use crate::components::job_row::limit;
use crate::components::owner::OwnerMark;
use crate::components::sooner::Sooner;
use crate::components::start_range::words;
use crate::format;
use crate::icons::{Icon, icon};
use crate::live::Live;
use crate::texts::{common, queue as t, units};

#[component]
pub fn QueueRow(id: JobId) -> impl IntoView {
    let (live, board, hand) = (Live::here(), Board::here(), Hand::here());
    let Some(known) = untrack(|| board.tail.row(id)) else {
        return ().into_any();
    };
    let user = known.user.0.clone();
    let row = Signal::<JobRow>::from(live.pin(known));
    let start = Memo::new(move |_| row.with(|row| row.start_p50));
    let dragged = Memo::new(move |_| board.drag.get().is_some_and(|drag| drag.job == id));
    let forbidden = move || dragged.get() && board.forbidden.with(Option::is_some);
    // Rows part to where the dragged one would go.
    let shift = Memo::new(move |_| {
        let Some(drag) = board.drag.get() else {
            return 0;
        };
        let here = board.places.with(|places| places.get(&id).copied());
        match here {
            Some(here) if here == drag.from && drag.by_keys => {
                i64::try_from(drag.to).unwrap_or(0) - i64::try_from(drag.from).unwrap_or(0)
            }
            Some(here) if drag.from < here && here <= drag.to => -1,
            Some(here) if drag.to <= here && here < drag.from => 1,
            _ => 0,
        }
    });
    let moved = move || {
        #[expect(clippy::cast_precision_loss, reason = "a number of rows")]
        let by = match shift.get() {
            0 if dragged.get() => hand.lift(),
            0 => return String::new(),
            rows => rows as f64 * hand.row_height(),
        };
        format!("translateY({by:.0}px)")
    };
    let opened = Memo::new(move |_| board.opened.get() == Some(id));
    let place = Memo::new(move |_| board.place(id));
    view! {
        <li
            class="queue-row"
            class:queue-row-lifted=dragged
            class:queue-row-open=opened
            class:queue-row-forbidden=forbidden
            data-job=id.to_string()
            data-start=move || start.get().map(|at| at.to_string())
            data-preview=move || preview(board, id)
            aria-posinset=move || place.get().map(|place| place.to_string())
            aria-setsize=move || board.order.with(Vec::len).to_string()
            style:transform=moved
        >
            <Choice id />
            <Grip id row />
            <span class="queue-place num">
                {place}
            </span>
            <What id row user />
            {move || row.with(|row| view! {
                <GpuSquares nodes=row.nodes gpus_per_node=row.gpus_per_node />
            })}
            <span class="queue-class">{move || row.with(|row| row.class.as_str())}</span>
            <span class="queue-limit num">{move || row.with(|row| limit(row.time_limit_s))}</span>
            <Starts id row />
            <StartBar id row />
            <button
                type="button"
                class="button button-quiet button-icon queue-more"
                aria-expanded=move || opened.get().to_string()
                aria-label=t::why_job_waits(id)
                title=t::WHY_IT_WAITS
                on:click=move |_| board.opened.set((!opened.get_untracked()).then_some(id))
            >
                {move || icon(if opened.get() { Icon::Up } else { Icon::Down })}
            </button>
            {move || opened.get().then(|| view! { <Details id row /> })}
        </li>
    }
    .into_any()
}

fn at(minute: i64) -> Option<Timestamp> {
    Timestamp::from_second(minute * 60).ok()
}

/// The start that it would have, RFC 3339.
fn preview(board: Board, id: JobId) -> Option<String> {
    let start = board.changes.with(|changes| changes.get(&id).copied())?;
    at(start.p50).map(|at| at.to_string())
}

#[component]
fn Choice(id: JobId) -> impl IntoView {
    let board = Board::here();
    let chosen = Memo::new(move |_| board.chosen.with(|chosen| chosen.contains(&id)));
    view! {
        <input
            type="checkbox"
            class="queue-choice"
            aria-label=t::choose_job(id)
            prop:checked=chosen
            on:change=move |_| {
                board.chosen.update(|chosen| {
                    if !chosen.remove(&id) {
                        chosen.insert(id);
                    }
                });
            }
        />
    }
    .into_any()
}

#[component]
fn Grip(id: JobId, row: Signal<JobRow>) -> impl IntoView {
    let (live, board, hand, clock) = (Live::here(), Board::here(), Hand::here(), Clock::here());
    let mine = Memo::new(move |_| row.with(|row| live.may_change(row)));
    let works = move || clock.hydrated() && mine.get() && board.movable.get();
    let title = move || match (mine.get(), board.movable.get()) {
        (false, _) => row.with(|row| t::only_owner_moves(&row.user)),
        (_, false) => t::IN_PLANNED_ORDER.to_owned(),
        _ => t::DRAG_IT.to_owned(),
    };
    let picked = move || board.drag.get().is_some_and(|drag| drag.job == id);
    view! {
        <button
            type="button"
            class="queue-grip"
            aria-label=move || t::move_job(id)
            aria-pressed=move || picked().to_string()
            title=title
            disabled=move || !works()
            on:pointerdown=move |event| hand.pointer_down(id, &event)
            on:pointermove=move |event| hand.pointer_move(&event)
            on:pointerup=move |_| hand.pointer_up()
            on:pointercancel=move |_| hand.pointer_cancel()
            on:keydown=move |event| hand.key(id, &event)
        >
            {icon(Icon::Grip)}
        </button>
    }
    .into_any()
}

/// Name, owner, and why it waits.
#[component]
fn What(id: JobId, row: Signal<JobRow>, user: String) -> impl IntoView {
    let name = Memo::new(move |_| row.with(|row| row.name.clone()));
    let task = move || row.with(|row| row.array.map(|task| format!("[{}]", task.index)));
    let why = Memo::new(move |_| {
        row.with(|row| {
            let planned = || common::WAITS_TO_BE_PLANNED.to_owned();
            match row.is_waiting() {
                true => row.reason_text.clone().unwrap_or_else(planned),
                false => t::waits_no_more(row.state.as_str()),
            }
        })
    });
    view! {
        <div class="queue-what">
            <p class="queue-name">
                <OwnerMark name=user.clone() />
                <a data-row-link href=format!("/jobs/{id}") title=name>
                    {name}
                </a>
                <span class="quiet">{task} " " {user} " · " {id.to_string()}</span>
            </p>
            <p class="queue-why" title=why>
                {why}
            </p>
        </div>
    }
    .into_any()
}

/// When it starts; while another place is tried, when it would.
#[component]
fn Starts(id: JobId, row: Signal<JobRow>) -> impl IntoView {
    let (board, clock) = (Board::here(), Clock::here());
    let range = Memo::new(move |_| row.with(|row| (row.start_p50, row.start_p90)));
    let change = Memo::new(move |_| board.changes.with(|changes| changes.get(&id).copied()));
    let text = move || {
        let Some(start) = change.get() else {
            let (p50, p90) = range.get();
            return match words(p50, p90, clock) {
                Some(words) => view! { <span class="num">{words}</span> }.into_any(),
                None => view! {
                    <span class="quiet" title=t::NOBODY_CAN_TELL>"—"</span>
                }
                .into_any(),
            };
        };
        let clock_time = |minute| words(at(minute), at(minute), clock).unwrap_or_default();
        let later = start.p50 - start.before;
        let (class, word) = if later > 0 {
            ("queue-later", common::LATER)
        } else {
            ("queue-earlier", common::EARLIER)
        };
        let by = format::duration(later.abs() * 60);
        view! {
            <span class="num">
                <s class="quiet">{clock_time(start.before)}</s>
                " → "
                <b>{clock_time(start.p50)}</b>
            </span>
            <span class=class>{by} " " {word}</span>
        }
        .into_any()
    };
    view! { <div class="queue-starts">{text}</div> }.into_any()
}

/// The range on the common axis; while another place is tried, both.
#[component]
fn StartBar(id: JobId, row: Signal<JobRow>) -> impl IntoView {
    let (board, axis) = (Board::here(), Axis::here());
    let range = Memo::new(move |_| row.with(|row| row.start_p50.zip(row.start_p90)));
    let bar = move |class: &'static str, (from, to): (Timestamp, Timestamp)| {
        let span = axis.0.get();
        let (from, to) = (span.at(from), span.at(to));
        view! {
            <i
                class=class
                style:left=format!("{from:.2}%")
                style:width=format!("{:.2}%", (to - from).max(0.6))
            ></i>
        }
    };
    let known = move || range.get().map(|range| bar("axis-range", range));
    let tried = move || {
        let start = board.changes.with(|changes| changes.get(&id).copied())?;
        let range = at(start.p50).zip(at(start.p90))?;
        Some(bar("axis-range axis-tried", range))
    };
    view! {
        <div class="axis" aria-hidden="true">
            {known}
            {tried}
        </div>
    }
    .into_any()
}

/// Who is ahead, who holds what it needs, and what would help.
#[component]
fn Details(id: JobId, row: Signal<JobRow>) -> impl IntoView {
    let found = LocalResource::new(move || explain_job(id));
    let shown = move || {
        found.get().map(|answer| match answer {
            Ok(answer) => view! {
                <Ahead answer=answer.clone() />
                <Sooner id row first=Some(answer) />
            }
            .into_any(),
            Err(error) => view! { <p class="field-problem">{error.to_string()}</p> }.into_any(),
        })
    };
    view! {
        <div class="queue-details">
            <p class="queue-details-why">{move || row.with(|row| row.reason_text.clone())}</p>
            {shown}
            <JobActions row small=true />
        </div>
    }
    .into_any()
}

#[component]
fn Ahead(answer: ExplainAnswer) -> impl IntoView {
    let count = answer.ahead.len();
    let job = |one: berth_api::planner::AheadView| {
        view! {
            <li>
                <a href=format!("/jobs/{}", one.job)>{one.name}</a>
                <span class="quiet">{t::AHEAD_OF} {one.user.0} ", " {units::gpus(one.gpus)}</span>
            </li>
        }
    };
    (count > 0).then(|| {
        view! {
            <div class="queue-ahead">
                <h3>{t::BEFORE_IT}</h3>
                <ol>{answer.ahead.into_iter().map(job).collect_view()}</ol>
            </div>
        }
    })
}
