//! The dialog that tells the keys.

use leptos::html;
use leptos::prelude::*;

use crate::clock::Clock;
use crate::live::Live;
use crate::places;
use crate::texts::{common, help as t};

/// Where the dialog is asked for. Cheap to copy.
#[derive(Clone, Copy, Debug)]
pub struct Help(NodeRef<html::Dialog>);

impl Help {
    pub fn new() -> Self {
        Help(NodeRef::new())
    }

    pub fn here() -> Self {
        expect_context()
    }

    pub fn show(self) {
        if let Some(dialog) = self.0.get_untracked() {
            let _ = dialog.show_modal();
        }
    }
}

type Keys = [(&'static str, &'static str)];

const ANYWHERE: &Keys = &[
    (t::KEY_FIND, t::FIND),
    ("/", t::FILTER),
    (common::KEY_ESC, t::CLOSE_OR_BACK),
    ("?", t::THIS_HELP),
];

const LISTS: &Keys = &[
    ("j, k", t::ROWS),
    (common::KEY_ENTER, t::OPEN_ROW),
    ("x", t::CANCEL),
    ("l", t::GO_TO_LOG),
];

const DRAG: &Keys = &[
    (t::KEY_SPACE, t::PICK_UP),
    (t::KEY_MOVE, t::MOVE),
    (common::KEY_ESC, t::PUT_BACK),
];

fn keys(title: &'static str, rows: Vec<AnyView>) -> AnyView {
    view! {
        <h3>{title}</h3>
        <dl class="keys">{rows}</dl>
    }
    .into_any()
}

fn row(key: &str, text: &'static str) -> AnyView {
    let caps = key
        .split(", ")
        .map(|key| view! { <kbd>{key.to_owned()}</kbd> " " });
    view! {
        <dt>{caps.collect_view()}</dt>
        <dd>{text}</dd>
    }
    .into_any()
}

#[component]
pub fn HelpDialog() -> impl IntoView {
    let rows = |all: &Keys| all.iter().map(|(key, text)| row(key, text)).collect();
    // Who looks is known to the browser only when it has taken the page over.
    let (clock, live) = (Clock::here(), Live::here());
    let places = move || -> Vec<AnyView> {
        let who = live.who.read();
        let admin = clock.hydrated() && who.as_ref().is_some_and(|who| who.admin);
        places::of(admin)
            .map(|place| row(&format!("g {}", place.letter), place.word))
            .collect()
    };
    view! {
        <dialog class="dialog dialog-wide" node_ref=Help::here().0 aria-labelledby="help-title">
            <h2 id="help-title">{t::KEYS}</h2>
            <div class="keys-all">
                <div>{keys(t::ANYWHERE, rows(ANYWHERE))} {keys(t::LISTS, rows(LISTS))}</div>
                <div><h3>{t::PAGES}</h3> <dl class="keys">{places}</dl> {keys(t::THE_QUEUE, rows(DRAG))}</div>
            </div>
            <form method="dialog" class="dialog-buttons">
                <button class="button">{common::CLOSE}</button>
            </form>
        </dialog>
    }
    .into_any()
}
