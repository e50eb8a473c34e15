//! The chart by keys: arrows lead from bar to bar; on the chart itself they move in time.

use leptos::ev::KeyboardEvent;
use leptos::wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::drag::Hand;
use super::spots::{Spot, Way, next};

const BARS: &str = "[data-bar]";

pub fn press(event: &KeyboardEvent, hand: Hand) {
    if event.ctrl_key() || event.meta_key() || event.alt_key() {
        return;
    }
    // Also of a chart that is about to be drawn anew: its keys count too.
    let root = event
        .current_target()
        .and_then(|root| root.dyn_into::<Element>().ok());
    let Some(root) = root else { return };
    let target = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok());
    let Some(target) = target else { return };
    let bar = target.closest(BARS).ok().flatten();
    let itself = target == root;
    if bar.is_none() && !itself {
        return;
    }
    let bar = bar.filter(|_| !event.shift_key());
    let way = match event.key().as_str() {
        "ArrowLeft" => Way::Left,
        "ArrowRight" => Way::Right,
        "ArrowUp" => Way::Up,
        "ArrowDown" => Way::Down,
        other => {
            if hand.key(other) {
                event.prevent_default();
            }
            return;
        }
    };
    event.prevent_default();
    match (bar, way) {
        (None, Way::Left) => hand.pan(-0.25),
        (None, Way::Right) => hand.pan(0.25),
        (None, Way::Up) => {}
        (None, Way::Down) => {
            if let Some(first) = root.query_selector(BARS).ok().flatten() {
                focus(&root, &first);
            }
        }
        (Some(bar), way) => step(&root, &bar, way),
    }
}

fn step(root: &Element, bar: &Element, way: Way) {
    let Ok(list) = root.query_selector_all(BARS) else {
        return;
    };
    let bars = (0..list.length()).filter_map(|place| list.get(place)?.dyn_into::<Element>().ok());
    let bars: Vec<Element> = bars.collect();
    let spots: Vec<Spot> = bars.iter().map(spot).collect();
    let here = bars.iter().position(|one| one == bar);
    match here.and_then(|here| next(&spots, here, way)) {
        Some(place) => focus(root, &bars[place]),
        // Above the first bar is the chart itself.
        None if way == Way::Up => {
            if let Some(root) = root.dyn_ref::<HtmlElement>() {
                let _ = root.focus();
            }
        }
        None => {}
    }
}

fn spot(bar: &Element) -> Spot {
    let number = |name: &str| {
        let text = bar.get_attribute(name);
        text.and_then(|text| text.parse().ok()).unwrap_or(0)
    };
    Spot {
        row: number("data-row"),
        rows: number("data-rows"),
        from: number("data-from"),
        to: number("data-to"),
    }
}

/// One bar at a time is reached by Tab: the last that had the focus.
fn focus(root: &Element, bar: &Element) {
    if let Ok(Some(before)) = root.query_selector("[data-bar][tabindex='0']") {
        let _ = before.set_attribute("tabindex", "-1");
    }
    let _ = bar.set_attribute("tabindex", "0");
    if let Some(bar) = bar.dyn_ref::<HtmlElement>() {
        let _ = bar.focus();
    }
}
