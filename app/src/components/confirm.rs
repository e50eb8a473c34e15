//! The question before something is ended: one dialog for the whole page.

use leptos::html;
use leptos::prelude::*;

use crate::texts::frame as t;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    pub title: String,
    pub text: String,
    /// What the button says that does it.
    pub verb: &'static str,
}

/// Where questions are asked. Cheap to copy.
#[derive(Clone, Copy, Debug)]
pub struct Confirm {
    asked: RwSignal<Option<(Ask, Callback<()>)>>,
}

impl Confirm {
    pub fn new() -> Self {
        Confirm {
            asked: RwSignal::new(None),
        }
    }

    pub fn here() -> Self {
        expect_context()
    }

    /// Asks, and calls `then` when the answer is yes.
    pub fn ask(self, ask: Ask, then: Callback<()>) {
        self.asked.set(Some((ask, then)));
    }
}

#[component]
pub fn ConfirmDialog() -> impl IntoView {
    let confirm = Confirm::here();
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        let Some(dialog) = dialog.get() else { return };
        if confirm.asked.with(Option::is_some) && !dialog.open() {
            let _ = dialog.show_modal();
        }
    });
    let close = move || {
        confirm.asked.set(None);
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    };
    let yes = move |_| {
        let then = confirm
            .asked
            .with_untracked(|asked| asked.as_ref().map(|(_, then)| *then));
        close();
        if let Some(then) = then {
            then.run(());
        }
    };
    let part = move |part: fn(&Ask) -> String| {
        move || {
            confirm
                .asked
                .with(|asked| asked.as_ref().map(|(ask, _)| part(ask)).unwrap_or_default())
        }
    };
    view! {
        <dialog
            class="dialog"
            node_ref=dialog
            aria-labelledby="confirm-title"
            on:close=move |_| confirm.asked.set(None)
        >
            <h2 id="confirm-title">{part(|ask| ask.title.clone())}</h2>
            <p>{part(|ask| ask.text.clone())}</p>
            <div class="dialog-buttons">
                <button type="button" class="button" on:click=move |_| close()>
                    {t::KEEP_IT}
                </button>
                <button type="button" class="button button-bad" on:click=yes>
                    {part(|ask| ask.verb.to_owned())}
                </button>
            </div>
        </dialog>
    }
    .into_any()
}
