//! Taking a node or a GPU out of use, and back. Plain forms; with script the page stays. Only
//! admins see them, and the server checks again.

use berth_api::ApiError;
use berth_api::cluster::{self, ClusterAnswer, CordonArg, PlaceArg};
use berth_domain::NodeName;
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::live::Live;
use crate::notice::Notices;

#[component]
pub fn CordonForm(node: NodeName, gpus: Memo<Vec<u32>>) -> impl IntoView {
    let live = Live::here();
    move || {
        live.is_admin()
            .then(|| view! { <Form node=node.clone() gpus /> })
    }
}

#[component]
fn Form(node: NodeName, gpus: Memo<Vec<u32>>) -> impl IntoView {
    let notices = Notices::here();
    let place = NodeRef::<html::Select>::new();
    let reason = NodeRef::<html::Input>::new();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let (Some(place), Some(reason)) = (place.get_untracked(), reason.get_untracked()) else {
            return;
        };
        let pressed = event
            .submitter()
            .and_then(|button| button.get_attribute("value"));
        let arg = CordonArg {
            place: place.value(),
            reason: reason.value(),
            drain: pressed.as_deref() == Some("drain"),
        };
        let done = if arg.drain {
            format!(
                "{} is drained: it gets no new jobs, and is idle when what runs there has ended.",
                arg.place
            )
        } else {
            format!("{} gets no new jobs; what runs there goes on.", arg.place)
        };
        spawn_local(async move {
            let answer = cluster::cordon(arg).await;
            if answer.is_ok() {
                reason.set_value("");
            }
            say(notices, answer, done);
        });
    };
    let (whole, of_gpus) = (node.clone(), node.clone());
    let option = move |index: u32| {
        let value = format!("{of_gpus}:{index}");
        view! { <option value=value>"GPU " {index}</option> }
    };
    view! {
        <details class="cordon-form">
            <summary>"Take out of use"</summary>
            <form method="post" action="/forms/cordon" on:submit=submit>
                <select class="input" name="place" node_ref=place aria-label=format!("What of {node}")>
                    <option value=whole.to_string()>"All of it"</option>
                    {move || gpus.get().into_iter().map(option.clone()).collect_view()}
                </select>
                <input
                    class="input"
                    name="reason"
                    node_ref=reason
                    required
                    autocomplete="off"
                    placeholder="Why, for whoever waits"
                    aria-label="Reason"
                />
                <button class="button" name="verb" value="cordon" title="No new jobs; what runs goes on">
                    "Cordon"
                </button>
                <button
                    class="button"
                    name="verb"
                    value="drain"
                    title="No new jobs, and you wait for what runs to end"
                >
                    "Drain"
                </button>
            </form>
        </details>
    }
    .into_any()
}

#[component]
pub fn UncordonButton(#[prop(into)] place: String) -> impl IntoView {
    let live = Live::here();
    move || {
        live.is_admin()
            .then(|| view! { <Uncordon place=place.clone() /> })
    }
}

#[component]
fn Uncordon(place: String) -> impl IntoView {
    let notices = Notices::here();
    let arg = PlaceArg {
        place: place.clone(),
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let (arg, done) = (arg.clone(), format!("{} gets jobs again.", arg.place));
        spawn_local(async move { say(notices, cluster::uncordon(arg).await, done) });
    };
    view! {
        <form method="post" action="/forms/uncordon" on:submit=submit>
            <input type="hidden" name="place" value=place.clone() />
            <button class="button button-small" aria-label=format!("Uncordon {place}")>
                "Uncordon"
            </button>
        </form>
    }
    .into_any()
}

/// The live store shows what was done; this says that it was, or why not.
fn say(notices: Notices, answer: Result<ClusterAnswer, ApiError>, done: String) {
    match answer {
        Ok(_) => notices.say(done),
        Err(error) => notices.refuse(&error),
    }
}
