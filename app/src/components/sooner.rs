//! What a waiting job waits for, and what would let it start sooner: each was tried by planning
//! with it.

use berth_api::planner::{ActionView, ExplainAnswer, explain_job};
use berth_api::views::JobRow;
use berth_domain::{JobId, Timestamp};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::copy::CopyLine;
use super::start_range::words;
use crate::clock::Clock;
use crate::format;
use crate::texts::{common, job as t, units};

#[component]
pub fn Sooner(
    id: JobId,
    #[prop(into)] row: Signal<JobRow>,
    /// What the page came with.
    first: Option<ExplainAnswer>,
) -> impl IntoView {
    let explained = RwSignal::new(first);
    let waits = Memo::new(move |_| {
        row.with(|row| (row.is_waiting(), row.reason_text.clone(), row.start_p50))
    });
    Effect::new(move |before: Option<()>| {
        let (waits, _, _) = waits.get();
        if !waits {
            explained.set(None);
        } else if before.is_some() {
            spawn_local(async move {
                if let Ok(answer) = explain_job(id).await {
                    explained.try_set(Some(answer));
                }
            });
        }
    });
    move || {
        explained
            .get()
            .filter(|answer| {
                let due = answer.deadline.is_some() && answer.end_p50.is_some();
                due || !answer.holders.is_empty() || !answer.actions.is_empty()
            })
            .map(|answer| view! { <Explained answer /> })
    }
}

#[component]
fn Explained(answer: ExplainAnswer) -> impl IntoView {
    let clock = Clock::here();
    let due = answer.deadline.zip(answer.end_p50);
    let due = due
        .map(|(deadline, end)| view! { <p class="due">{move || ends(deadline, end, clock)}</p> });
    let holders = answer.holders.into_iter().map(|holder| {
        let gpus = units::gpus(holder.gpus as u64);
        let until =
            move || words(Some(holder.until), Some(holder.until), clock).unwrap_or_default();
        view! {
            <li>
                <a href=format!("/jobs/{}", holder.job)>{holder.name}</a>
                {t::HOLDER_OF} {holder.user.0} {t::HOLDER_HOLDS} {gpus} {t::HOLDER_ON} {holder.node.0}
                <span class="quiet">{t::UNTIL_ABOUT} {until}</span>
            </li>
        }
    });
    let holders = holders.collect_view();
    let actions = answer
        .actions
        .into_iter()
        .map(|action| view! { <Help action /> });
    let actions = actions.collect_view();
    view! {
        <section class="panel sooner">
            <h2>{t::WHAT_IT_WAITS_FOR}</h2>
            {due}
            <ul class="holders">{holders}</ul>
            <ul class="helps">{actions}</ul>
        </section>
    }
    .into_any()
}

/// `Expected to end 14:10, 2h after its deadline.`
fn ends(deadline: Timestamp, end: Timestamp, clock: Clock) -> String {
    let at = words(Some(end), Some(end), clock).unwrap_or_default();
    let late = end.as_second() - deadline.as_second();
    let (apart, side) = if late > 0 {
        (late, t::AFTER_DEADLINE)
    } else {
        (-late, t::BEFORE_DEADLINE)
    };
    let apart = format::duration(apart);
    t::expected_to_end(&at, &apart, side)
}

/// `On 8 GPUs it starts now.`, with the command that does it.
#[component]
fn Help(action: ActionView) -> impl IntoView {
    let clock = Clock::here();
    let now = action.starts_now;
    let when = move || {
        let range = words(action.start_p50, action.start_p90, clock).filter(|_| !now);
        range.unwrap_or_else(|| units::NOW.to_owned())
    };
    let mut text = action.text;
    if let Some(first) = text.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    view! {
        <li>
            <p>{text} {t::IT_STARTS} <b class="num">{when}</b></p>
            <CopyLine text=action.command what=common::COPY_COMMAND />
        </li>
    }
    .into_any()
}
