//! Keys, on every page where they make sense: the help dialog lists them. Enter opens, as on any link.

use std::cell::Cell;

use berth_domain::JobId;
use leptos::ev;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};
use web_sys::{Element, HtmlElement, HtmlInputElement, KeyboardEvent};

use crate::actions::Act;
use crate::components::help::Help;
use crate::components::palette::Palette;
use crate::live::Live;
use crate::places;
use crate::texts::palette as t;

/// What is marked so in the page.
const FILTER: &str = "[data-filter]";
const ROW_LINKS: &str = "[data-row-link]";
const ROW: &str = "[data-job], [data-array], [data-card], [data-campaign]";
const LOG: &str = "[data-log]";

/// So long after `g` a letter leads to a page, in milliseconds.
const LETTER_MS: f64 = 1500.0;

/// Listens for as long as the app is there. Shows nothing.
#[component]
pub fn Keys() -> impl IntoView {
    let navigate = use_navigate();
    let path = use_location().pathname;
    let keys = Pressed {
        palette: Palette::here(),
        help: Help::here(),
        live: Live::here(),
        path: Signal::derive(move || path.get()),
        go: Callback::new(move |path: String| navigate(&path, NavigateOptions::default())),
    };
    Effect::new(move |_| {
        let asked = Cell::new(f64::NEG_INFINITY);
        let handle = window_event_listener(ev::keydown, move |event| {
            // What a part of the page made use of is not used again.
            if !event.default_prevented() && !event.is_composing() && keys.press(&event, &asked) {
                event.prevent_default();
            }
        });
        on_cleanup(move || handle.remove());
    });
}

/// What keys lead to. Cheap to copy.
#[derive(Clone, Copy)]
struct Pressed {
    palette: Palette,
    help: Help,
    live: Live,
    path: Signal<String>,
    go: Callback<String>,
}

impl Pressed {
    /// Whether something was done; `asked` is when `g` was pressed last.
    fn press(self, event: &KeyboardEvent, asked: &Cell<f64>) -> bool {
        let key = event.key();
        let with_command = event.ctrl_key() || event.meta_key();
        if with_command && !event.alt_key() && !event.shift_key() && key.eq_ignore_ascii_case("k") {
            return self.palette.toggle();
        }
        if with_command || event.alt_key() || open_dialog() {
            return false;
        }
        if let Some(field) = field() {
            return match key.as_str() {
                "Escape" => leave(&field),
                // No choice begins with it.
                "/" if field.tag_name() == "SELECT" => focus(FILTER),
                _ => false,
            };
        }
        let now = event.time_stamp();
        if asked.replace(f64::NEG_INFINITY) + LETTER_MS > now {
            let place = places::by_letter(&key, self.live.is_admin());
            return place.is_some_and(|place| {
                self.go.run(place.path.to_owned());
                true
            });
        }
        match key.as_str() {
            "g" => {
                asked.set(now);
                true
            }
            "/" => focus(FILTER),
            "j" => step(1),
            "k" => step(-1),
            "ArrowDown" => on_row_link() && step(1),
            "ArrowUp" => on_row_link() && step(-1),
            "x" => self.cancel(),
            "l" => self.log(),
            "Escape" => self.back(),
            "?" => {
                self.help.show();
                true
            }
            _ => false,
        }
    }

    /// Asks whether to cancel the job of the row with the focus, or the page's only one.
    fn cancel(self) -> bool {
        let row = row();
        let button = match &row {
            Some(row) => row.query_selector("[data-act=cancel]").ok().flatten(),
            None => query("[data-page-actions] [data-act=cancel]"),
        };
        let button = button.and_then(|button| button.dyn_into::<HtmlElement>().ok());
        if let Some(button) = button {
            button.click();
            return true;
        }
        // Some lists have no buttons: there the palette leads to the question.
        let job = row.as_ref().and_then(job_of);
        let known = job.and_then(|job| self.live.row(job));
        let known = known.map(|known| known.get_untracked());
        let known = known.filter(|row| {
            Act::fitting(row.state).contains(&Act::Cancel) && untrack(|| self.live.may_change(row))
        });
        known.is_some_and(|row| self.palette.open_with(&t::typed_cancel(row.id)))
    }

    /// To the page's log, or to that of the job of the row with the focus.
    fn log(self) -> bool {
        if focus(LOG) {
            return true;
        }
        let job = row().as_ref().and_then(job_of);
        job.is_some_and(|job| {
            self.go.run(format!("/jobs/{job}#log-title"));
            true
        })
    }

    /// From a job to where one came from.
    fn back(self) -> bool {
        if !self.path.get_untracked().starts_with("/jobs/") {
            return false;
        }
        if self.palette.came_from_within() {
            window()
                .history()
                .is_ok_and(|history| history.back().is_ok())
        } else {
            self.go.run("/jobs".to_owned());
            true
        }
    }
}

fn open_dialog() -> bool {
    query("dialog[open]").is_some()
}

/// The field that letters belong to. That of a dialog which was just closed has the focus until the
/// browser moves it, and nothing belongs to it any more.
fn field() -> Option<Element> {
    document().active_element().filter(|active| {
        if active
            .closest("dialog:not([open])")
            .is_ok_and(|shut| shut.is_some())
        {
            return false;
        }
        let kind = active.get_attribute("type");
        matches!(active.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT")
            && !matches!(kind.as_deref(), Some("checkbox" | "radio" | "range"))
    })
}

/// Leaves an empty filter; the browser empties one that is not.
fn leave(field: &Element) -> bool {
    let empty = field
        .dyn_ref::<HtmlInputElement>()
        .is_some_and(|input| input.value().is_empty());
    let filter = field.matches(FILTER).unwrap_or(false);
    let element = field.dyn_ref::<HtmlElement>().filter(|_| filter && empty);
    element.is_some_and(|element| element.blur().is_ok())
}

fn query(selector: &str) -> Option<Element> {
    document().query_selector(selector).ok().flatten()
}

fn focus(selector: &str) -> bool {
    let found = query(selector).and_then(|element| element.dyn_into::<HtmlElement>().ok());
    found.is_some_and(|element| element.focus().is_ok())
}

/// The row with the focus.
fn row() -> Option<Element> {
    let active = document().active_element()?;
    active.closest(ROW).ok().flatten()
}

fn job_of(row: &Element) -> Option<JobId> {
    row.get_attribute("data-job")?.parse().ok()
}

fn on_row_link() -> bool {
    let active = document().active_element();
    active.is_some_and(|active| active.matches(ROW_LINKS).unwrap_or(false))
}

/// Moves the focus over the rows.
fn step(by: i64) -> bool {
    let Ok(links) = document().query_selector_all(ROW_LINKS) else {
        return false;
    };
    let row = row();
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
