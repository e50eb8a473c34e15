//! The command palette: a dialog that finds pages, jobs, nodes and actions. What is in the dialog is in a
//! part of the wasm of its own, which is loaded when it is opened; what is typed meanwhile is kept.

mod finder;
mod found;
mod rank;
mod remote;
mod visits;

use leptos::ev::{KeyboardEvent, MouseEvent};
use leptos::html;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::wasm_split::{SplitLoaderError, wasm_split};
use leptos_router::hooks::use_location;

use crate::icons::{Icon, icon};
use crate::live::Live;
use finder::Finder;
use visits::Visits;

/// The palette. Cheap to copy.
#[derive(Clone, Copy, Debug)]
pub struct Palette {
    live: Live,
    dialog: NodeRef<html::Dialog>,
    open: RwSignal<bool>,
    text: RwSignal<String>,
    /// Its field is there, and takes the keys.
    ready: StoredValue<bool>,
    /// Enter was pressed before that.
    hasty: StoredValue<bool>,
    visits: Visits,
}

impl Palette {
    pub fn new(live: Live) -> Self {
        Palette {
            live,
            dialog: NodeRef::new(),
            open: RwSignal::new(false),
            text: RwSignal::new(String::new()),
            ready: StoredValue::new(false),
            hasty: StoredValue::new(false),
            visits: Visits::new(),
        }
    }

    pub fn here() -> Self {
        expect_context()
    }

    /// Whether another page was visited before this one, without loading it anew.
    pub fn came_from_within(self) -> bool {
        self.visits.came_from_within()
    }

    /// Opens or closes it; whether it did. It does not open over another dialog, nor before anybody is
    /// known.
    pub fn toggle(self) -> bool {
        if self.open.get_untracked() {
            self.close();
            return true;
        }
        self.open_with("")
    }

    /// Opens it with this typed, as far as it may be opened; whether it was.
    pub fn open_with(self, text: &str) -> bool {
        let other = document().query_selector("dialog[open]");
        let alone = other.is_ok_and(|other| other.is_none());
        let dialog = self.dialog.get_untracked();
        let Some(dialog) = dialog.filter(|_| alone && self.live.started.get_untracked()) else {
            return false;
        };
        self.text.set(text.to_owned());
        self.ready.set_value(false);
        self.hasty.set_value(false);
        // It gives the focus back to what has it now.
        let shown = dialog.show_modal().is_ok();
        self.open.set(shown);
        shown
    }

    fn close(self) {
        self.open.set(false);
        if let Some(dialog) = self.dialog.get_untracked() {
            dialog.close();
        }
    }

    /// Keeps what is typed before the field is there.
    fn early(self, event: &KeyboardEvent) {
        if self.ready.get_value() || event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        let key = event.key();
        if key == "Enter" {
            self.hasty.set_value(true);
        } else if key.chars().count() == 1 {
            self.text.update(|text| text.push_str(&key));
        } else {
            return;
        }
        event.prevent_default();
    }
}

#[wasm_split(palette, wasm_split_path = leptos::wasm_split, fallible)]
fn finder() -> Result<AnyView, SplitLoaderError> {
    Ok(view! { <Finder /> }.into_any())
}

#[component]
pub fn PaletteDialog() -> impl IntoView {
    let palette = Palette::here();
    palette.visits.follow(use_location().pathname);
    // What is around the box is the dialog itself.
    let beside = move |event: MouseEvent| {
        let target = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        if target.is_some_and(|target| target.tag_name() == "DIALOG") {
            palette.close();
        }
    };
    let found = move || {
        let found = || Suspend::new(async { finder().await.unwrap_or_else(|_| not_loaded()) });
        palette.open.get().then(found)
    };
    view! {
        <dialog
            class="palette"
            aria-label="Find anything"
            node_ref=palette.dialog
            on:close=move |_| palette.open.set(false)
            on:click=beside
            on:keydown=move |event| palette.early(&event)
        >
            {found}
        </dialog>
    }
    .into_any()
}

/// The server is away, or has another version by now.
fn not_loaded() -> AnyView {
    view! {
        <p class="palette-none" role="alert">
            "What finds could not be loaded. Open this again when the server answers."
        </p>
    }
    .into_any()
}

/// Opens it, in the header: for who does not know the key, or has none.
#[component]
pub fn PaletteButton() -> impl IntoView {
    let palette = Palette::here();
    let apple = RwSignal::new(false);
    Effect::new(move |_| {
        let platform = window().navigator().platform().unwrap_or_default();
        apple.set(platform.starts_with("Mac") || platform.starts_with("iP"));
    });
    view! {
        <button
            type="button"
            class="button button-small palette-button needs-script"
            aria-label="Find anything"
            title="Find pages, jobs, nodes and actions"
            aria-haspopup="dialog"
            aria-keyshortcuts="Control+K Meta+K"
            on:click=move |_| {
                palette.toggle();
            }
        >
            {icon(Icon::Search)}
            <kbd>{move || if apple.get() { "⌘ K" } else { "Ctrl K" }}</kbd>
        </button>
    }
    .into_any()
}
