//! What its owner and admins can do to a campaign: pause it, let it go on, end it, steer it. Plain forms; with
//! script the page stays.

use berth_api::campaigns::form;
use berth_domain::Right;
use berth_domain::campaign::CampaignChange;
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;

use super::sheet::Sheet;
use super::steer::Steer;
use crate::components::confirm::Ask;
use crate::live::Live;
use crate::texts::agent::campaigns as t;

#[component]
pub fn Actions(sheet: Sheet) -> impl IntoView {
    let live = Live::here();
    let may = Memo::new(move |_| {
        let goes_on = sheet.row(|row| row.ended_at.is_none());
        goes_on
            && live.may(
                Right::ChangeCampaign,
                &sheet.row(|row| row.user.clone()),
                None,
            )
    });
    let paused = Memo::new(move |_| sheet.row(|row| row.state == "paused"));
    let whether = move || match paused.get() {
        true => view! { <Resume sheet /> }.into_any(),
        false => view! { <Pause sheet /> }.into_any(),
    };
    move || {
        may.get().then(|| {
            view! {
                <div class="actions agent-actions" data-page-actions>
                    {whether}
                    <Steer sheet />
                    <End sheet />
                </div>
            }
        })
    }
}

/// Where a form goes without script.
pub fn address(sheet: Sheet) -> String {
    format!("/forms/campaign/{}", sheet.id)
}

#[component]
fn Pause(sheet: Sheet) -> impl IntoView {
    let why = NodeRef::<html::Input>::new();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(why) = why.get_untracked() else {
            return;
        };
        let why = why.value();
        send(sheet, &[("verb", "pause"), ("why", &why)], t::IS_PAUSED);
    };
    view! {
        <details class="agent-stop">
            <summary class="button button-small">{t::PAUSE}</summary>
            <form class="stop-form" method="post" action=address(sheet) on:submit=submit>
                <input type="hidden" name="verb" value="pause" />
                {because(why, t::WHY_PAUSE)}
                <button class="button">{t::PAUSE_IT}</button>
            </form>
        </details>
    }
    .into_any()
}

#[component]
fn Resume(sheet: Sheet) -> impl IntoView {
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        send(sheet, &[("verb", "resume")], t::GOES_ON);
    };
    view! {
        <form method="post" action=address(sheet) on:submit=submit>
            <input type="hidden" name="verb" value="resume" />
            <button class="button button-small">{t::RESUME}</button>
        </form>
    }
    .into_any()
}

#[component]
fn End(sheet: Sheet) -> impl IntoView {
    let [why, jobs] = [(); 2].map(|()| NodeRef::<html::Input>::new());
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let (Some(why), Some(jobs)) = (why.get_untracked(), jobs.get_untracked()) else {
            return;
        };
        let (why, jobs) = (why.value(), jobs.checked());
        let ask = Ask {
            title: t::end_asked(&sheet.known.with_untracked(|known| known.row.name.clone())),
            text: if jobs { t::END_TOLD } else { t::END_KEEPS_TOLD }.to_owned(),
            verb: t::END_IT,
        };
        let end = move |()| {
            let jobs = jobs.then_some(("jobs", "on"));
            let fields = [("verb", "end"), ("why", why.as_str())];
            let fields: Vec<(&str, &str)> = fields.into_iter().chain(jobs).collect();
            send(sheet, &fields, t::IS_ENDED);
        };
        sheet.confirm.ask(ask, Callback::new(end));
    };
    view! {
        <details class="agent-stop">
            <summary class="button button-small button-bad-quiet">{t::END}</summary>
            <form class="stop-form" method="post" action=address(sheet) on:submit=submit>
                <input type="hidden" name="verb" value="end" />
                {because(why, t::WHY_END)}
                <label class="agent-tick">
                    <input type="checkbox" name="jobs" node_ref=jobs checked />
                    {t::JOBS_TOO}
                </label>
                <button class="button button-bad">{t::END_IT}</button>
            </form>
        </details>
    }
    .into_any()
}

fn because(node: NodeRef<html::Input>, label: &'static str) -> AnyView {
    view! {
        <input
            class="input"
            name="why"
            node_ref=node
            required
            autocomplete="off"
            placeholder=t::WHY_TOLD
            aria-label=label
        />
    }
    .into_any()
}

/// Reads it as the server does, and does it.
fn send(sheet: Sheet, fields: &[(&str, &str)], said: &'static str) {
    if let Some(change) = read(sheet, fields) {
        sheet.send(change, said, || ());
    }
}

/// What a form asks for; where that cannot be, it is said.
pub fn read(sheet: Sheet, fields: &[(&str, &str)]) -> Option<CampaignChange> {
    let known = sheet.known.get_untracked();
    let change = form::change(fields.iter().copied(), &known);
    change.map_err(|error| sheet.notices.refuse(&error)).ok()
}
