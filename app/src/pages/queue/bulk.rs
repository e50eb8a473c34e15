//! What can be done to all chosen jobs at once.

use std::collections::BTreeSet;

use berth_api::ApiError;
use berth_api::jobs::{UpdateArg, update_job};
use berth_domain::{JobId, PriorityClass};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::board::Board;
use crate::actions::Act;
use crate::components::confirm::{Ask, Confirm};
use crate::notice::Notices;
use crate::texts::{common, queue as t, units};

/// Everything that the toolbar may do. Cheap to copy.
#[derive(Clone, Copy)]
struct Hands {
    board: Board,
    notices: Notices,
    confirm: Confirm,
}

impl Hands {
    fn chosen(self) -> Vec<JobId> {
        let chosen = self.board.chosen.get_untracked();
        chosen.into_iter().collect()
    }

    /// Does it to each, one after the other, and says how that went; the first refusal in full.
    fn each<F>(self, done: &'static str, change: impl Fn(JobId) -> F + 'static)
    where
        F: Future<Output = Result<(), ApiError>> + 'static,
    {
        let jobs = self.chosen();
        spawn_local(async move {
            let mut refused = Vec::new();
            for job in &jobs {
                if let Err(error) = change(*job).await {
                    refused.push(error);
                }
            }
            let well = jobs.len() - refused.len();
            if well > 0 {
                self.notices.say(t::bulk_done(well as u64, done));
                self.board.chosen.set(BTreeSet::new());
            }
            if let Some(error) = refused.first() {
                self.notices.refuse(error);
            }
        });
    }

    fn act(self, act: Act, done: &'static str) {
        let go = move || {
            self.each(
                done,
                move |job| async move { act.send(job).await.map(|_| ()) },
            );
        };
        if act != Act::Cancel {
            go();
            return;
        }
        let ask = Ask {
            title: t::cancel_jobs(self.chosen().len() as u64),
            text: t::THEY_LEAVE.to_owned(),
            verb: t::CANCEL_THEM,
        };
        self.confirm.ask(ask, Callback::new(move |()| go()));
    }
}

#[component]
pub fn Bulk() -> impl IntoView {
    let hands = Hands {
        board: Board::here(),
        notices: Notices::here(),
        confirm: Confirm::here(),
    };
    let board = hands.board;
    // Whoever left the queue is not chosen any more.
    Effect::new(move |_| {
        let waits: BTreeSet<JobId> = board.order.with(|order| order.iter().copied().collect());
        if board
            .chosen
            .with_untracked(|chosen| !chosen.is_subset(&waits))
        {
            board
                .chosen
                .update(|chosen| chosen.retain(|id| waits.contains(id)));
        }
    });
    let count = Memo::new(move |_| board.chosen.with(BTreeSet::len));
    let (class, limit) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let change = move |event: SubmitEvent| {
        event.prevent_default();
        let given =
            |value: RwSignal<String>| Some(value.get_untracked()).filter(|text| !text.is_empty());
        let (class, time_limit) = (given(class), given(limit));
        hands.each(t::BULK_CHANGED, move |job| {
            let body = UpdateArg {
                class: class.clone(),
                time_limit: time_limit.clone(),
                ..UpdateArg::of(job)
            };
            async move { update_job(body).await.map(|_| ()) }
        });
    };
    let classes = PriorityClass::ALL
        .map(|class| view! { <option value=class.as_str()>{class.as_str()}</option> })
        .collect_view();
    view! {
        <div class="bulk" role="group" aria-label=t::CHOSEN_JOBS hidden=move || count.get() == 0>
            <span class="num">{move || units::jobs(count.get() as u64)} {t::COUNT_CHOSEN}</span>
            <button type="button" class="button button-small" on:click=move |_| hands.act(Act::Hold, t::BULK_HELD)>
                {common::HOLD}
            </button>
            <button type="button" class="button button-small" on:click=move |_| hands.act(Act::Release, t::BULK_QUEUED)>
                {common::RELEASE}
            </button>
            <button
                type="button"
                class="button button-small button-bad-quiet"
                on:click=move |_| hands.act(Act::Cancel, t::BULK_CANCELLED)
            >
                {common::CANCEL}
            </button>
            <form class="bulk-change" on:submit=change>
                <select
                    class="input"
                    aria-label=common::CLASS
                    on:change=move |event| class.set(event_target_value(&event))
                >
                    <option value="">{t::CLASS_CHOICE}</option>
                    {classes}
                </select>
                <input
                    class="input bulk-limit"
                    aria-label=common::TIME_LIMIT
                    placeholder=t::LIMIT_PLACEHOLDER
                    on:input=move |event| limit.set(event_target_value(&event))
                />
                <button class="button button-small">{common::CHANGE}</button>
            </form>
            <button
                type="button"
                class="button button-small button-quiet"
                on:click=move |_| board.chosen.set(BTreeSet::new())
            >
                {t::NONE}
            </button>
        </div>
    }
    .into_any()
}
