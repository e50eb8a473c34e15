//! Keys: `/` filter, `j` and `k` rows, `x` cancel, `l` log, `?` help. Enter opens, as on any link.

use leptos::ev;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

/// What is marked so in the page.
const FILTER: &str = "[data-filter]";
const ROW_LINKS: &str = "[data-row-link]";
const LOG: &str = "[data-log]";

/// Begins to listen; `help` is asked for with `?`.
pub fn listen(help: impl Fn() + 'static) {
    let handle = window_event_listener(ev::keydown, move |event| {
        if event.ctrl_key() || event.meta_key() || event.alt_key() || typing() {
            return;
        }
        let done = match event.key().as_str() {
            "/" => focus(FILTER),
            "j" => step(1),
            "k" => step(-1),
            "x" => cancel(),
            "l" => focus(LOG),
            "?" => {
                help();
                true
            }
            _ => false,
        };
        if done {
            event.prevent_default();
        }
    });
    on_cleanup(move || handle.remove());
}

/// Whether letters belong to a field or a dialog.
fn typing() -> bool {
    if query("dialog[open]").is_some() {
        return true;
    }
    document().active_element().is_some_and(|active| {
        matches!(active.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT")
            && active.get_attribute("type").as_deref() != Some("checkbox")
    })
}

fn query(selector: &str) -> Option<Element> {
    document().query_selector(selector).ok().flatten()
}

fn focus(selector: &str) -> bool {
    let found = query(selector).and_then(|element| element.dyn_into::<HtmlElement>().ok());
    found.is_some_and(|element| element.focus().is_ok())
}

/// Moves the focus over the rows.
fn step(by: i64) -> bool {
    let Ok(links) = document().query_selector_all(ROW_LINKS) else {
        return false;
    };
    let active = document().active_element();
    let row = active.and_then(|active| active.closest("[data-job]").ok().flatten());
    let places = 0..links.length();
    let here = row.and_then(|row| {
        places.clone().find(|place| {
            links
                .get(*place)
                .is_some_and(|link| row.contains(Some(&link)))
        })
    });
    let last = i64::from(links.length()) - 1;
    let next = match here {
        None => 0,
        Some(place) => (i64::from(place) + by).clamp(0, last.max(0)),
    };
    let link = u32::try_from(next).ok().and_then(|next| links.get(next));
    link.and_then(|link| link.dyn_into::<HtmlElement>().ok())
        .is_some_and(|link| link.focus().is_ok())
}

/// Presses the button that cancels: that of the row with the focus, or the page's only one.
fn cancel() -> bool {
    let active = document().active_element();
    let row = active.and_then(|active| active.closest("[data-job]").ok().flatten());
    let button = match row {
        Some(row) => row.query_selector("[data-act=cancel]").ok().flatten(),
        None => query("[data-page-actions] [data-act=cancel]"),
    };
    let button = button.and_then(|button| button.dyn_into::<HtmlElement>().ok());
    button.is_some_and(|button| {
        button.click();
        true
    })
}
