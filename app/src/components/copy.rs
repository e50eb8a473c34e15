//! A command to copy, and a button that copies a text.

use leptos::prelude::*;

use crate::icons::{Icon, icon};
use crate::texts::frame as t;

/// How long the button says that it copied.
const SAYS: std::time::Duration = std::time::Duration::from_secs(2);

/// A button that puts `text` on the clipboard.
#[component]
pub fn CopyButton(
    #[prop(into)] text: Signal<String>,
    /// What it copies, for the label: `Copy {what}`.
    what: &'static str,
    /// Whether the label is shown.
    #[prop(optional)]
    worded: bool,
) -> impl IntoView {
    let copied = RwSignal::new(false);
    let copy = move |_| {
        let text = text.get_untracked();
        // Browsers give a clipboard only to pages on this host or over https.
        let promise = window().navigator().clipboard().write_text(&text);
        drop(promise);
        copied.set(true);
        let back = move || {
            copied.try_set(false);
        };
        set_timeout(back, SAYS);
    };
    let label = t::copy(what);
    let words = label.clone();
    view! {
        <button
            type="button"
            class="button button-quiet needs-script"
            class:button-icon=!worded
            aria-label=label.clone()
            title=label
            on:click=copy
        >
            {move || icon(if copied.get() { Icon::Succeeded } else { Icon::Copy })}
            {worded
                .then(|| view! {
                    <span>
                        {move || if copied.get() { t::COPIED.to_owned() } else { words.clone() }}
                    </span>
                })}
        </button>
    }
    .into_any()
}

/// A command line in a box, with its copy button.
#[component]
pub fn CopyLine(#[prop(into)] text: String, what: &'static str) -> impl IntoView {
    view! {
        <div class="copy-line">
            <code>{text.clone()}</code>
            <CopyButton text=text what=what />
        </div>
    }
    .into_any()
}
