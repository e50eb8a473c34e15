//! The command palette: a dialog with one field that finds pages, jobs, nodes and actions. Dialog and
//! field are here; what finds is in a part of the wasm of its own, which is loaded when it is opened.

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
use crate::texts::{common, palette as t};
use finder::Finder;
use visits::Visits;

/// The palette. Cheap to copy.
#[derive(Clone, Copy, Debug)]
pub struct Palette {
    live: Live,
    dialog: NodeRef<html::Dialog>,
    field: NodeRef<html::Input>,
    open: RwSignal<bool>,
    text: RwSignal<String>,
    /// The option on which somebody put the mark.
    marked: RwSignal<Option<String>>,
    /// The option that Enter chooses, if any is listed.
    chosen: RwSignal<Option<String>>,
    /// What a key does in the list, and whether it did something; once the list is there.
    press: StoredValue<Option<Callback<String, bool>>>,
    /// Enter was pressed before the list was there.
    hasty: StoredValue<bool>,
    visits: Visits,
}

impl Palette {
    pub fn new(live: Live) -> Self {
        Palette {
            live,
            dialog: NodeRef::new(),
            field: NodeRef::new(),
            open: RwSignal::new(false),
            text: RwSignal::new(String::new()),
            marked: RwSignal::new(None),
            chosen: RwSignal::new(None),
            press: StoredValue::new(None),
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
        let (dialog, field) = (self.dialog.get_untracked(), self.field.get_untracked());
        let Some((dialog, field)) = dialog.zip(field).filter(|_| alone) else {
            return false;
        };
        if !self.live.started.get_untracked() {
            return false;
        }
        field.set_value(text);
        self.text.set(text.to_owned());
        self.marked.set(None);
        self.hasty.set_value(false);
        self.open.set(true);
        // It gives the focus back to what has it now.
        dialog.show_modal().is_ok()
    }

    fn close(self) {
        self.open.set(false);
        if let Some(dialog) = self.dialog.get_untracked() {
            dialog.close();
        }
    }

    fn pressed(self, event: &KeyboardEvent) {
        if event.is_composing() || event.shift_key() || event.alt_key() {
            return;
        }
        let key = event.key();
        let done = match self.press.get_value() {
            Some(press) => press.run(key),
            None => {
                let enter = key == "Enter";
                self.hasty.set_value(enter);
                enter
            }
        };
        if done {
            event.prevent_default();
        }
    }

    /// Hands the keys to the list, until it is taken away.
    fn attach(self, press: Callback<String, bool>) {
        self.press.set_value(Some(press));
        on_cleanup(move || {
            self.press.set_value(None);
            self.chosen.set(None);
        });
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
    let typed = move |event| {
        palette.text.set(event_target_value(&event));
        palette.marked.set(None);
    };
    // What is around the box is the dialog itself.
    let beside = move |event: MouseEvent| {
        let target = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        if target.is_some_and(|target| target.tag_name() == "DIALOG") {
            palette.close();
        }
    };
    let any = move || palette.chosen.with(Option::is_some);
    let list = move || {
        let found = || Suspend::new(async { finder().await.unwrap_or_else(|_| not_loaded()) });
        palette.open.get().then(found)
    };
    view! {
        <dialog
            class="palette"
            aria-label=t::FIND_ANYTHING
            node_ref=palette.dialog
            on:close=move |_| palette.open.set(false)
            on:click=beside
        >
            <div class="palette-box">
                <div class="palette-field">
                    {icon(Icon::Search)}
                    <input
                        type="text"
                        role="combobox"
                        aria-label=t::FIND_WHAT
                        aria-autocomplete="list"
                        aria-controls="palette-list"
                        aria-expanded=move || if any() { "true" } else { "false" }
                        aria-activedescendant=move || palette.chosen.get()
                        placeholder=t::PLACEHOLDER
                        autocomplete="off"
                        autocapitalize="off"
                        spellcheck="false"
                        enterkeyhint="go"
                        node_ref=palette.field
                        on:input=typed
                        on:keydown=move |event| palette.pressed(&event)
                    />
                    <button
                        type="button"
                        class="button button-quiet button-small"
                        aria-label=common::CLOSE
                        on:click=move |_| palette.close()
                    >
                        {common::KEY_ESC}
                    </button>
                </div>
                {list}
            </div>
        </dialog>
    }
    .into_any()
}

/// The server is away, or has another version by now.
fn not_loaded() -> AnyView {
    view! {
        <p class="palette-none" role="alert">
            {t::NOT_LOADED}
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
            aria-label=t::FIND_ANYTHING
            title=t::FIND_WHAT
            aria-haspopup="dialog"
            aria-keyshortcuts="Control+K Meta+K"
            on:click=move |_| {
                palette.toggle();
            }
        >
            {icon(Icon::Search)}
            <kbd>{move || if apple.get() { t::KEYS_APPLE } else { t::KEYS }}</kbd>
        </button>
    }
    .into_any()
}
