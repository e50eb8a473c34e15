//! Picking a row up, moving it and letting it go: by pointer or touch on its grip, or by keys (Space,
//! arrows, Page up and down, Home, End; Escape puts it back).

use std::cell::Cell;
use std::time::Duration;

use berth_domain::JobId;
use leptos::ev::{KeyboardEvent, PointerEvent};
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::board::{Board, Drag};
use super::made::Made;
use crate::clock::{Clock, wall_millis};
use crate::components::start_range::words;
use crate::live::Live;
use crate::texts::queue as t;

/// This near the edge of the window a dragged row scrolls it, in pixels.
const EDGE: f64 = 72.0;
/// By so many pixels a second at first and, the longer it is held there, at most.
const SLOW: f64 = 750.0;
const FAST: f64 = 6000.0;
/// How long it takes to get from the one to the other.
const RAMP_MS: f64 = 3000.0;
/// A browser that is late does not jump further than this long would bring it.
const LATE_MS: f64 = 250.0;
/// Page up and down move by so many places.
const PAGE: usize = 10;
const SCROLL_EVERY: Duration = Duration::from_millis(16);

/// Where a pointer is and where rows are, on the page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Held {
    /// Where the list begins, began when the row was picked up, and how high a row is.
    top: f64,
    first_top: f64,
    row: f64,
    /// Where it was picked up and is now, from the top of the page.
    from: f64,
    at: f64,
    /// The same in the window.
    in_window: f64,
}

/// What the rows' grips do. Cheap to copy.
#[derive(Clone, Copy, Debug)]
pub struct Hand {
    board: Board,
    clock: Clock,
    made: Made,
    held: RwSignal<Option<Held>>,
    scrolls: StoredValue<Option<IntervalHandle>>,
}

impl Hand {
    pub fn provide(board: Board) -> Self {
        let hand = Hand {
            board,
            clock: Clock::here(),
            made: Made::here(board),
            held: RwSignal::new(None),
            scrolls: StoredValue::new(None),
        };
        provide_context(hand);
        // What begins to run is listed above, and pushes the list down under the pointer.
        let live = Live::here();
        Effect::new(move |_| {
            live.active.track();
            if board.drag.with_untracked(Option::is_some) {
                request_animation_frame(move || hand.follow());
            }
        });
        let handle = window_event_listener(leptos::ev::keydown, move |event| {
            if event.key() == "Escape" && board.drag.with_untracked(Option::is_some) {
                event.prevent_default();
                hand.put_back();
            }
        });
        on_cleanup(move || {
            handle.remove();
            hand.stop_scrolling();
        });
        hand
    }

    pub fn here() -> Self {
        expect_context()
    }

    /// How far the dragged row follows the pointer, in pixels.
    pub fn lift(self) -> f64 {
        self.held.with(|held| {
            held.map_or(0.0, |held| {
                held.at - held.from - (held.top - held.first_top)
            })
        })
    }

    /// How high a row is, in pixels.
    pub fn row_height(self) -> f64 {
        self.held.with(|held| held.map_or(52.0, |held| held.row))
    }

    pub fn pointer_down(self, job: JobId, event: &PointerEvent) {
        if event.button() != 0 {
            return;
        }
        let Some(grip) = target(event.current_target()) else {
            return;
        };
        let Some(held) = measure(&grip, f64::from(event.client_y())) else {
            return;
        };
        event.prevent_default();
        // Without it the drag ends at the edge of the grip.
        let _ = grip.set_pointer_capture(event.pointer_id());
        if let Ok(grip) = grip.dyn_into::<HtmlElement>() {
            let _ = grip.focus();
        }
        self.held.set(Some(held));
        self.pick_up(job, false);
        self.scroll_near_edges();
    }

    pub fn pointer_move(self, event: &PointerEvent) {
        let at = f64::from(event.client_y());
        self.held.update(|held| {
            if let Some(held) = held {
                held.in_window = at;
                held.at = at + scrolled();
            }
        });
        self.follow();
    }

    pub fn pointer_up(self) {
        if self
            .board
            .drag
            .with_untracked(|drag| drag.is_some_and(|drag| !drag.by_keys))
        {
            self.drop();
        }
    }

    /// Touch was taken for something else.
    pub fn pointer_cancel(self) {
        if self
            .board
            .drag
            .with_untracked(|drag| drag.is_some_and(|drag| !drag.by_keys))
        {
            self.put_back();
        }
    }

    pub fn key(self, job: JobId, event: &KeyboardEvent) {
        let dragged = self.board.drag.get_untracked();
        let Some(drag) = dragged.filter(|drag| drag.job == job && drag.by_keys) else {
            if event.key() == " " && dragged.is_none() {
                event.prevent_default();
                let grip = target(event.current_target());
                self.held.set(grip.and_then(|grip| measure(&grip, 0.0)));
                self.pick_up(job, true);
            }
            return;
        };
        let last = self.board.order.with_untracked(Vec::len).saturating_sub(1);
        let to = match event.key().as_str() {
            "ArrowUp" => drag.to.saturating_sub(1),
            "ArrowDown" => (drag.to + 1).min(last),
            "PageUp" => drag.to.saturating_sub(PAGE),
            "PageDown" => (drag.to + PAGE).min(last),
            "Home" => 0,
            "End" => last,
            " " | "Enter" => {
                event.prevent_default();
                self.drop();
                return;
            }
            "Tab" => {
                self.put_back();
                return;
            }
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        self.put_at(to);
    }

    fn pick_up(self, job: JobId, by_keys: bool) {
        let board = self.board;
        let order = board.order.get_untracked();
        let Some(from) = order.iter().position(|id| *id == job) else {
            return;
        };
        board.opened.set(None);
        board.kept.set(Some(order));
        board.drag.set(Some(Drag {
            job,
            from,
            to: from,
            by_keys,
        }));
        board.planner.forget();
        board.planner.refresh();
        self.say(t::picked_up(
            job,
            from + 1,
            board.order.with_untracked(Vec::len),
        ));
    }

    /// The place under the pointer.
    fn follow(self) {
        let Some(mut held) = self.held.try_get_untracked().flatten() else {
            return;
        };
        let drag = self.board.drag.get_untracked();
        if drag.is_none_or(|drag| drag.by_keys) {
            return;
        }
        if let Some(top) = top_of_list()
            && (top - held.top).abs() > 0.5
        {
            held.top = top;
            self.held.set(Some(held));
        }
        let last = self.board.order.with_untracked(Vec::len).saturating_sub(1);
        let place = ((held.at - held.top) / held.row).floor().max(0.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "not negative, and never so many rows"
        )]
        let place = (place as usize).min(last);
        self.put_at(place);
    }

    fn put_at(self, to: usize) {
        let board = self.board;
        let Some(drag) = board.drag.get_untracked() else {
            return;
        };
        if drag.to == to {
            return;
        }
        let drag = Drag { to, ..drag };
        board.drag.set(Some(drag));
        board.ask(drag);
        if drag.by_keys {
            self.scroll_to(to);
            self.tell_place(drag);
        }
    }

    /// Where it is and when it would start, once that is known.
    fn tell_place(self, drag: Drag) {
        let board = self.board;
        let place = t::place(drag.to + 1);
        if let Err(rule) = board.move_to(drag) {
            self.say(format!("{place} {rule}"));
            return;
        }
        self.say(place);
        let clock = self.clock;
        // The answer comes in a moment; an effect of its own speaks it, for this place only.
        Effect::new(move |told: Option<bool>| {
            let here = board.drag.get() == Some(drag);
            let start = board
                .changes
                .with(|changes| changes.get(&drag.job).copied());
            if told == Some(true) || !here {
                return true;
            }
            let Some(start) = start else { return false };
            let at = |minute: i64| berth_domain::Timestamp::from_second(minute * 60).ok();
            let when = words(at(start.p50), at(start.p90), clock).unwrap_or_default();
            board.spoken.set(t::place_and_start(drag.to + 1, &when));
            true
        });
    }

    /// Lets the row go: where nothing forbids it, the move is made.
    fn drop(self) {
        let board = self.board;
        let Some(drag) = board.drag.get_untracked() else {
            return;
        };
        let moved = board.move_to(drag);
        let expected = board
            .changes
            .with_untracked(|changes| changes.get(&drag.job).map(|start| start.p50));
        match moved {
            Ok(Some(to)) => {
                let order = board.moved(drag);
                self.end();
                board.kept.set(Some(order));
                if drag.by_keys {
                    // A row that changes its place loses the focus.
                    request_animation_frame(move || focus_grip(drag.job));
                }
                self.say(t::dropped(drag.job, drag.to + 1));
                self.made.send(drag.job, to, expected);
            }
            Ok(None) => {
                self.end();
                self.say(t::stays(drag.job));
            }
            Err(rule) => {
                self.end();
                self.say(t::back_for(drag.job, &rule));
                self.made.notices.say(rule);
            }
        }
    }

    pub fn put_back(self) {
        let job = self
            .board
            .drag
            .with_untracked(|drag| drag.map(|drag| drag.job));
        self.end();
        if let Some(job) = job {
            self.say(t::back(job));
        }
    }

    fn end(self) {
        self.stop_scrolling();
        self.held.set(None);
        self.board.drag.set(None);
        self.board.kept.set(None);
        self.board.planner.forget();
    }

    fn say(self, text: String) {
        self.board.spoken.set(text);
    }

    /// Brings a place into the window.
    fn scroll_to(self, place: usize) {
        let Some(held) = self.held.get_untracked() else {
            return;
        };
        let Some(height) = window_height() else {
            return;
        };
        #[expect(clippy::cast_precision_loss, reason = "a number of rows")]
        let at = held.top + place as f64 * held.row - scrolled();
        let below = at + held.row - (height - EDGE);
        let by = if at < EDGE { at - EDGE } else { below.max(0.0) };
        if by.abs() > 0.5 {
            window().scroll_by_with_x_and_y(0.0, by);
        }
    }

    fn scroll_near_edges(self) {
        let last = Cell::new(wall_millis());
        // Since when it is held at an edge.
        let since = Cell::new(None);
        let step = move || {
            let now = wall_millis();
            let passed = (now - last.replace(now)).clamp(0.0, LATE_MS);
            let Some(held) = self.held.try_get_untracked().flatten() else {
                return;
            };
            let at_end = window_height().is_some_and(|height| held.in_window > height - EDGE);
            let way = match held.in_window < EDGE {
                true => -1.0,
                false if at_end => 1.0,
                false => {
                    since.set(None);
                    return;
                }
            };
            let began = since.get().unwrap_or(now);
            since.set(Some(began));
            let held_for = now - began;
            window().scroll_by_with_x_and_y(0.0, way * speed(held_for) * passed / 1000.0);
            self.held.update(|held| {
                if let Some(held) = held {
                    held.at = held.in_window + scrolled();
                }
            });
            self.follow();
        };
        let handle = set_interval_with_handle(step, SCROLL_EVERY).ok();
        self.scrolls.set_value(handle);
    }

    fn stop_scrolling(self) {
        let handle = self.scrolls.try_update_value(Option::take).flatten();
        if let Some(handle) = handle {
            handle.clear();
        }
    }
}

/// In pixels a second, of a row that is held at an edge for so long.
fn speed(held_ms: f64) -> f64 {
    SLOW + (FAST - SLOW) * (held_ms / RAMP_MS).clamp(0.0, 1.0)
}

fn focus_grip(job: JobId) {
    let grip = document().query_selector(&format!("[data-job='{job}'] .queue-grip"));
    let grip = grip
        .ok()
        .flatten()
        .map(|grip| grip.dyn_into::<HtmlElement>());
    if let Some(Ok(grip)) = grip {
        // Where it cannot have the focus it stays where it is.
        let _ = grip.focus();
    }
}

fn target(target: Option<web_sys::EventTarget>) -> Option<Element> {
    target?.dyn_into::<Element>().ok()
}

/// Where the list begins, on the page.
fn top_of_list() -> Option<f64> {
    let list = document().query_selector("ol.queue-rows").ok().flatten()?;
    Some(list.get_bounding_client_rect().top() + scrolled())
}

fn window_height() -> Option<f64> {
    window().inner_height().ok()?.as_f64()
}

fn scrolled() -> f64 {
    window().scroll_y().unwrap_or_default()
}

/// Where the rows are, from the grip of one of them.
fn measure(grip: &Element, in_window: f64) -> Option<Held> {
    let row = grip.closest("[data-job]").ok().flatten()?;
    let list = row.parent_element()?;
    let at = in_window + scrolled();
    let top = list.get_bounding_client_rect().top() + scrolled();
    Some(Held {
        top,
        first_top: top,
        row: row.get_bounding_client_rect().height().max(1.0),
        from: at,
        at,
        in_window,
    })
}
