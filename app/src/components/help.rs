//! The dialog that tells the keys.

use leptos::html;
use leptos::prelude::*;

use crate::keys;

const KEYS: [(&str, &str); 7] = [
    ("/", "Filter the list"),
    ("j, k", "Next and previous row"),
    ("Enter", "Open the row"),
    ("x", "Cancel the job, after a question"),
    ("l", "Go to the log"),
    ("Esc", "Close a dialog"),
    ("?", "This help"),
];

#[component]
pub fn HelpDialog() -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        keys::listen(move || {
            if let Some(dialog) = dialog.get_untracked() {
                let _ = dialog.show_modal();
            }
        });
    });
    let rows = KEYS.map(|(key, text)| {
        view! {
            <dt>
                <kbd>{key}</kbd>
            </dt>
            <dd>{text}</dd>
        }
    });
    view! {
        <dialog class="dialog" node_ref=dialog aria-labelledby="help-title">
            <h2 id="help-title">"Keys"</h2>
            <dl class="keys">{rows.collect_view()}</dl>
            <form method="dialog" class="dialog-buttons">
                <button class="button">"Close"</button>
            </form>
        </dialog>
    }
    .into_any()
}
