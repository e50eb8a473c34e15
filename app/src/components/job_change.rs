//! Changing a job in place: its time limit and its class.

use berth_api::jobs::{UpdateArg, update_job};
use berth_api::views::JobRow;
use berth_domain::{JobId, PriorityClass};
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::live::Live;
use crate::notice::Notices;
use crate::texts::{common, job as t};

#[component]
pub fn JobChange(id: JobId, #[prop(into)] row: Signal<JobRow>) -> impl IntoView {
    let live = Live::here();
    let notices = Notices::here();
    // Which of both may be changed, if any: the class only while it waits.
    let may = Memo::new(move |_| {
        row.with(|row| (row.is_live() && live.may_change(row)).then(|| row.is_waiting()))
    });
    let (limit, class) = (
        NodeRef::<html::Input>::new(),
        NodeRef::<html::Select>::new(),
    );
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let limit = limit.get_untracked().map(|field| field.value());
        let class = class.get_untracked().map(|field| field.value());
        let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let change = UpdateArg {
            time_limit: given(limit),
            class: given(class),
            ..UpdateArg::of(id)
        };
        spawn_local(async move {
            match update_job(change).await {
                Ok(_) => notices.say(t::changed(id)),
                Err(error) => notices.refuse(&error),
            }
        });
    };
    let current = move |one: PriorityClass| row.with_untracked(|row| row.class == one);
    move || {
        may.get().map(|waits| {
            let classes = PriorityClass::ALL.map(|one| {
                view! {
                    <option value=one.as_str() selected=current(one)>{one.as_str()}</option>
                }
            });
            view! {
                <details class="change">
                    <summary>{common::CHANGE}</summary>
                    <form class="change-form" method="post" action=format!("/forms/update/{id}") on:submit=submit>
                        <label>
                            <span>{common::TIME_LIMIT}</span>
                            <input
                                class="input num"
                                node_ref=limit
                                name="time_limit"
                                placeholder=limit_now(row)
                                autocomplete="off"
                            />
                        </label>
                        {waits.then(|| view! {
                            <label>
                                <span>{common::CLASS}</span>
                                <select class="input" node_ref=class name="class">
                                    {classes.collect_view()}
                                </select>
                            </label>
                        })}
                        <button class="button">{t::CHANGE_IT}</button>
                    </form>
                    <p class="hint">
                        {if waits {
                            t::LIMITS_WAITING
                        } else {
                            t::LIMITS_RUNNING
                        }}
                    </p>
                </details>
            }
        })
    }
}

fn limit_now(row: Signal<JobRow>) -> String {
    let seconds = row.with_untracked(|row| row.time_limit_s);
    berth_domain::walltime::format(std::time::Duration::from_secs(seconds))
}
