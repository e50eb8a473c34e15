//! Why a job waited, each reason with its time: asked for when it is wanted, since the planner looks
//! back for it.

use berth_api::waits::{WaitView, WaitsAnswer, job_waits};
use berth_api::{ApiError, views::JobRow};
use berth_domain::JobId;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::moment::{Lasting, Moment};
use crate::texts::job as t;

/// Shorter waits are not asked about.
const SHORTEST_S: i64 = 3;

#[component]
pub fn JobWaits(id: JobId, #[prop(into)] row: Signal<JobRow>) -> impl IntoView {
    let answer = RwSignal::new(None::<Result<WaitsAnswer, ApiError>>);
    let asked = RwSignal::new(false);
    let waited = Memo::new(move |_| {
        row.with(|row| {
            let until = row.started_at.or(row.finished_at);
            let after =
                |until: berth_domain::Timestamp| until.as_second() - row.submitted_at.as_second();
            until.is_none_or(|until| after(until) >= SHORTEST_S)
        })
    });
    let ask = move |_| {
        asked.set(true);
        spawn_local(async move {
            let found = job_waits(id).await;
            answer.try_set(Some(found));
            asked.try_set(false);
        });
    };
    move || {
        waited.get().then(|| {
            view! {
                <div class="waits needs-script">
                    <button type="button" class="button button-small" disabled=asked on:click=ask>
                        {move || if asked.get() { t::LOOKING_BACK } else { t::WHY_IT_WAITED }}
                    </button>
                    <div role="status">{move || answer.get().map(found)}</div>
                </div>
            }
        })
    }
}

fn found(answer: Result<WaitsAnswer, ApiError>) -> AnyView {
    match answer {
        Err(error) => view! { <p class="hint">{error.to_string()}</p> }.into_any(),
        Ok(WaitsAnswer { waits }) if waits.is_empty() => {
            view! { <p class="hint">{t::WAITED_FOR_NOTHING}</p> }.into_any()
        }
        Ok(WaitsAnswer { waits }) => view! {
            <ol class="timeline waits-list">{waits.into_iter().map(wait).collect_view()}</ol>
            <p class="hint">{t::BY_THE_PLANNER}</p>
        }
        .into_any(),
    }
}

fn wait(wait: WaitView) -> AnyView {
    view! {
        <li class="event event-wait">
            <span class="event-text">
                <b>{wait.reason}</b> {t::WAITED_FOR} <Lasting from=wait.from to=wait.until />
                <span class="quiet wait-text">{wait.text}</span>
            </span>
            <Moment at=wait.from />
        </li>
    }
    .into_any()
}
