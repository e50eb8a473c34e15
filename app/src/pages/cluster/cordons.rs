//! Taking a node or a GPU out of use, and back. Plain forms; with script the page stays. Only
//! admins see them, and the server checks again.

use berth_api::cluster::{self, CordonArg, PlaceArg};
use berth_domain::NodeName;
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::live::Live;
use crate::notice::Notices;
use crate::texts::{cluster as t, gpus};

#[component]
pub fn CordonForm(node: NodeName, gpus: Vec<u32>) -> impl IntoView {
    if !Live::here().is_admin() {
        return ().into_any();
    }
    let notices = Notices::here();
    let place = NodeRef::<html::Select>::new();
    let reason = NodeRef::<html::Input>::new();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let (Some(place), Some(reason)) = (place.get_untracked(), reason.get_untracked()) else {
            return;
        };
        let pressed = event.submitter();
        let pressed = pressed.and_then(|button| button.get_attribute("value"));
        let arg = CordonArg {
            place: place.value(),
            reason: reason.value(),
            drain: pressed.as_deref() == Some("drain"),
        };
        let done = t::no_new_jobs(&arg.place, arg.drain);
        spawn_local(async move {
            match cluster::cordon(arg).await {
                Ok(_) => {
                    reason.set_value("");
                    notices.say(done);
                }
                Err(error) => notices.refuse(&error),
            }
        });
    };
    let options = gpus.into_iter().map(|index| {
        view! { <option value=format!("{node}:{index}")>{gpus::gpu(index)}</option> }
    });
    let options = options.collect_view();
    view! {
        <details class="cordon-form">
            <summary>{t::TAKE_OUT_OF_USE}</summary>
            <form method="post" action="/forms/cordon" on:submit=submit>
                <select class="input" name="place" node_ref=place aria-label=t::what_of(&node)>
                    <option value=node.to_string()>{t::ALL_OF_IT}</option>
                    {options}
                </select>
                <input
                    class="input"
                    name="reason"
                    node_ref=reason
                    required
                    autocomplete="off"
                    placeholder=t::WHY_FOR_WHOEVER_WAITS
                    aria-label=t::REASON
                />
                <button class="button" name="verb" value="cordon" title=t::CORDON_TOLD>
                    {t::CORDON}
                </button>
                <button
                    class="button"
                    name="verb"
                    value="drain"
                    title=t::DRAIN_TOLD
                >
                    {t::DRAIN}
                </button>
            </form>
        </details>
    }
    .into_any()
}

/// The live store shows what was done.
pub fn uncordon_button(place: &str) -> AnyView {
    if !Live::here().is_admin() {
        return ().into_any();
    }
    let notices = Notices::here();
    let place = place.to_owned();
    let label = t::uncordon_place(&place);
    let value = place.clone();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let place = place.clone();
        spawn_local(async move {
            let done = t::gets_jobs_again(&place);
            match cluster::uncordon(PlaceArg { place }).await {
                Ok(_) => notices.say(done),
                Err(error) => notices.refuse(&error),
            }
        });
    };
    view! {
        <form method="post" action="/forms/uncordon" on:submit=submit>
            <input type="hidden" name="place" value=value />
            <button class="button button-small" aria-label=label>
                {t::UNCORDON}
            </button>
        </form>
    }
    .into_any()
}
