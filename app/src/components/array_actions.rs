//! The buttons of an array or sweep, each for all of its tasks that it fits. Plain forms; with script
//! they ask first and stay on the page.

use berth_api::views::ArrayView;
use berth_domain::{ArrayChange, Right};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use crate::actions::{Doer, array};
use crate::live::Live;
use crate::texts::acts as t;

#[component]
pub fn ArrayActions(
    array: Signal<ArrayView>,
    /// In a table: smaller.
    #[prop(optional)]
    small: bool,
) -> impl IntoView {
    let live = Live::here();
    let doer = Doer::here();
    let changes = Memo::new(move |_| {
        array.with(|array| {
            if live.may(Right::ChangeJob, &array.user, None) {
                array::fitting(&array.tasks)
            } else {
                vec![]
            }
        })
    });
    let buttons = move || {
        let id = array.with_untracked(|array| array.array);
        let button = |change: ArrayChange| {
            let submit = move |event: SubmitEvent| {
                event.prevent_default();
                doer.act_on_array(change, &array.get_untracked());
            };
            let class = match (change, small) {
                (ArrayChange::Cancel, true) => "button button-small button-bad-quiet",
                (_, true) => "button button-small",
                (ArrayChange::Cancel, false) => "button button-bad-quiet",
                (_, false) => "button",
            };
            view! {
                <form
                    method="post"
                    action=format!("/forms/array-{}/{id}", change.verb())
                    on:submit=submit
                >
                    <button
                        class=class
                        data-act=change.verb()
                        aria-label=t::of_array(array::label(change), id)
                    >
                        {array::label(change)}
                    </button>
                </form>
            }
        };
        changes.get().into_iter().map(button).collect_view()
    };
    view! { <div class="actions">{buttons}</div> }.into_any()
}
