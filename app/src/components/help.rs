//! The dialog that tells the keys.

use leptos::html;
use leptos::prelude::*;

use crate::clock::Clock;
use crate::live::Live;
use crate::places;

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
    ("Ctrl K, ⌘ K", "Find a page, a job, a node or an action"),
    ("/", "Filter the list, search the log"),
    ("Esc", "Close, leave an empty filter, from a job back"),
    ("?", "This help"),
];

const LISTS: &Keys = &[
    ("j, k", "Next and previous row; then the arrows too"),
    ("Enter", "Open the row"),
    ("x", "Cancel the job, after a question"),
    ("l", "Go to the log"),
];

const DRAG: &Keys = &[
    ("Space", "On a grip: pick the job up, and put it down"),
    ("↑ ↓ Home End", "Move it"),
    ("Esc", "Put it back"),
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
            <h2 id="help-title">"Keys"</h2>
            <div class="keys-all">
                <div>{keys("Anywhere", rows(ANYWHERE))} {keys("Lists", rows(LISTS))}</div>
                <div><h3>"Pages"</h3> <dl class="keys">{places}</dl> {keys("The queue", rows(DRAG))}</div>
            </div>
            <form method="dialog" class="dialog-buttons">
                <button class="button">"Close"</button>
            </form>
        </dialog>
    }
    .into_any()
}
