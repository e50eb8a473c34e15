//! The buttons of a job. Each is a plain form; with script it asks first and stays on the page.

use berth_api::views::JobRow;
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::actions::{Act, Doer};
use crate::live::Live;
use crate::texts::acts as t;

#[component]
pub fn JobActions(
    #[prop(into)] row: Signal<JobRow>,
    /// In a table: smaller.
    #[prop(optional)]
    small: bool,
) -> impl IntoView {
    let live = Live::here();
    let doer = Doer::here();
    // Only what the state and the owner allow; the server checks again.
    let acts = Memo::new(move |_| {
        row.with(|row| {
            let acts = if live.may_change(row) {
                Act::fitting(row.state)
            } else {
                vec![]
            };
            (row.state, acts)
        })
    });
    let group = NodeRef::<html::Div>::new();
    let buttons = move || {
        let (state, acts) = acts.get();
        keep_focus(group);
        acts.into_iter()
            .map(|act| {
                let id = row.with_untracked(|row| row.id);
                let submit = move |event: SubmitEvent| {
                    event.prevent_default();
                    doer.act(act, &row.get_untracked());
                };
                let class = match (act, small) {
                    (Act::Cancel, true) => "button button-small button-bad-quiet",
                    (_, true) => "button button-small",
                    (Act::Cancel, false) => "button button-bad-quiet",
                    (_, false) => "button",
                };
                view! {
                    <form
                        method="post"
                        action=format!("/forms/{}/{id}", act.verb())
                        on:submit=submit
                    >
                        <button
                            class=class
                            data-act=act.verb()
                            aria-label=t::of_job(act.label(state), id)
                        >
                            {act.label(state)}
                        </button>
                    </form>
                }
            })
            .collect_view()
    };
    view! {
        <div class="actions" node_ref=group>
            {buttons}
        </div>
    }
    .into_any()
}

/// What was pressed goes when it is done: its focus goes to what can be done then.
fn keep_focus(group: NodeRef<html::Div>) {
    let Some(old) = group.get_untracked() else {
        return;
    };
    let active = document().active_element();
    if active.is_none_or(|active| !old.contains(Some(&active))) {
        return;
    }
    request_animation_frame(move || {
        let button = group
            .try_get_untracked()
            .flatten()
            .and_then(|group| group.query_selector("button").ok().flatten())
            .and_then(|button| button.dyn_into::<HtmlElement>().ok());
        if let Some(button) = button {
            // Where it cannot have the focus it stays where it is.
            let _ = button.focus();
        }
    });
}
