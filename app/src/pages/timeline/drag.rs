//! The chart by hand: on the axis and among what is reserved a drag makes or changes a reservation,
//! elsewhere it moves in time. Works with a mouse, a pen and a finger.

use std::time::Duration;

use berth_api::timeline::PromiseView;
use berth_domain::ReservationId;
use leptos::ev::{MouseEvent, PointerEvent, WheelEvent};
use leptos::html;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use web_sys::Element;

use super::fields::fields;
use super::go::Go;
use super::range::{Look, Range, moment, snapped};
use super::ticks::{local_text, moved};
use crate::clock::Clock;

/// A pointer that moves less was pressed, not dragged; in pixels.
const STILL: i32 = 4;
/// So near to its edge a band is taken by it.
const EDGE: i32 = 8;
/// So long after the last turn of the wheel it is over.
const WHEEL_REST: Duration = Duration::from_millis(140);

/// What is taken hold of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grip {
    /// A new reservation from this moment on.
    New(i64),
    /// A time of a reservation, from and to, and which part of it.
    Band(ReservationId, i64, i64, Part),
    /// The time itself.
    Time,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Whole,
    Start,
    End,
}

/// What the pointer does. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Hand {
    root: NodeRef<html::Div>,
    surface: NodeRef<html::Div>,
    range: Range,
    look: StoredValue<Look>,
    go: Go,
    clock: Clock,
    promises: StoredValue<Vec<PromiseView>>,
    /// What is held, since which place of the window, and whether it was moved.
    held: RwSignal<Option<(Grip, i32, bool)>>,
    /// How far the rows are moved, in pixels.
    shift: RwSignal<f64>,
    /// A time that is being drawn.
    ghost: RwSignal<Option<(i64, i64)>>,
    /// A drag has just ended: what follows is not a press.
    dragged: StoredValue<bool>,
    wheels: StoredValue<u32>,
}

impl Hand {
    pub fn new(
        root: NodeRef<html::Div>,
        surface: NodeRef<html::Div>,
        range: Range,
        look: Look,
        promises: Vec<PromiseView>,
        go: Go,
    ) -> Self {
        Hand {
            root,
            surface,
            range,
            look: StoredValue::new(look),
            go,
            clock: Clock::here(),
            promises: StoredValue::new(promises),
            held: RwSignal::new(None),
            shift: RwSignal::new(0.0),
            ghost: RwSignal::new(None),
            dragged: StoredValue::new(false),
            wheels: StoredValue::new(0),
        }
    }

    /// How far the rows are moved, in pixels. Follows it.
    pub fn shift(self) -> f64 {
        self.shift.try_get().unwrap_or_default()
    }

    /// The time that is being drawn, or stands in the form since. Follows it.
    pub fn ghost(self) -> Option<(i64, i64)> {
        let held = self.held.try_get().flatten().is_some();
        let drawn = held || self.go.value("reserve").is_some();
        self.ghost.try_get().flatten().filter(|_| drawn)
    }

    /// Whether the time itself is held.
    pub fn pans(self) -> bool {
        let held = self.held.try_get().flatten();
        held.is_some_and(|(grip, _, moved)| grip == Grip::Time && moved)
    }

    /// Whether the chart stands. One that is about to be drawn anew is still there to be touched, but
    /// nothing is known of it any more.
    fn stands(self) -> bool {
        self.held.try_get_untracked().is_some()
    }

    pub fn down(self, event: &PointerEvent) {
        let target = event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok());
        let first = event.button() == 0 && event.is_primary();
        let Some(target) = target.filter(|_| first && self.stands()) else {
            return;
        };
        self.dragged.set_value(false);
        let is = |selector: &str| target.closest(selector).ok().flatten();
        let grip = if let Some(band) = is("[data-reservation]") {
            self.band(&band, event)
        } else if is(".tl-surface").is_some() {
            let share = f64::from(event.offset_x()) / self.width();
            Some(Grip::New(self.snap(self.range.at(share))))
        } else {
            is(".tl-track").map(|_| Grip::Time)
        };
        self.held
            .set(grip.map(|grip| (grip, event.client_x(), false)));
    }

    fn band(self, band: &Element, event: &PointerEvent) -> Option<Grip> {
        let number = |name: &str| band.get_attribute(name)?.parse::<i64>().ok();
        let id = ReservationId(number("data-reservation")?.unsigned_abs());
        let (from, to) = (number("data-from")?, number("data-to")?);
        let may = |one: &PromiseView| one.reservation.id == id && one.may_change;
        if !self.promises.with_value(|all| all.iter().any(may)) {
            return None;
        }
        // A narrow one is moved, not stretched.
        let (at, width) = (event.offset_x(), band.client_width());
        let part = if width < 4 * EDGE {
            Part::Whole
        } else if at < EDGE {
            Part::Start
        } else if at > width - EDGE {
            Part::End
        } else {
            Part::Whole
        };
        Some(Grip::Band(id, from, to, part))
    }

    pub fn moves(self, event: &PointerEvent) {
        let Some((grip, since, moved)) = self.held.try_get_untracked().flatten() else {
            return;
        };
        let by = event.client_x() - since;
        if !moved {
            if by.abs() < STILL {
                return;
            }
            self.held.set(Some((grip, since, true)));
            if let Some(root) = self.root.get_untracked() {
                let _ = root.set_pointer_capture(event.pointer_id());
            }
        }
        event.prevent_default();
        match grip {
            Grip::Time => self.shift.set(f64::from(by)),
            _ => self.ghost.set(self.drawn(grip, by)),
        }
    }

    /// The time that a drag over so many pixels stands for.
    fn drawn(self, grip: Grip, by: i32) -> Option<(i64, i64)> {
        let by = self.seconds(f64::from(by));
        let step = self.look.with_value(|look| look.zoom.snap());
        match grip {
            Grip::Time => None,
            Grip::New(at) => {
                let end = self.snap(at + by);
                (end != at).then(|| (at.min(end), at.max(end)))
            }
            Grip::Band(_, from, to, Part::Whole) => {
                let start = self.snap(from + by);
                Some((start, start + to - from))
            }
            Grip::Band(_, from, to, Part::Start) => Some((self.snap(from + by).min(to - step), to)),
            Grip::Band(_, from, to, Part::End) => Some((from, self.snap(to + by).max(from + step))),
        }
    }

    pub fn up(self, event: &PointerEvent) {
        let Some((grip, since, moved)) = self.held.try_get_untracked().flatten() else {
            return;
        };
        self.held.set(None);
        self.dragged.set_value(moved);
        let by = event.client_x() - since;
        match grip {
            Grip::Time if moved => self.begin_at(self.range.from - self.seconds(f64::from(by))),
            Grip::New(at) => {
                let pressed = (at, at + self.usual_length());
                let drawn = self.drawn(grip, by).filter(|_| moved);
                self.reserve(drawn.unwrap_or(pressed));
            }
            Grip::Band(id, from, to, _) if moved => {
                if let Some(drawn) = self.drawn(grip, by).filter(|drawn| *drawn != (from, to)) {
                    self.change(id, (from, to), drawn);
                } else {
                    self.ghost.set(None);
                }
            }
            _ => {}
        }
    }

    /// Nothing comes of what is being drawn.
    pub fn gives_up(self) {
        // The browser also says so of a chart that is taken away.
        self.held.try_set(None);
        self.ghost.try_set(None);
        self.shift.try_set(0.0);
    }

    /// After a drag the browser takes it for a press of what lies there.
    pub fn click(self, event: &MouseEvent) {
        if self.dragged.try_get_value() == Some(true) {
            self.dragged.set_value(false);
            event.prevent_default();
            event.stop_propagation();
        }
    }

    /// Sideways, or with Shift, it moves in time.
    pub fn wheel(self, event: &WheelEvent) {
        let sideways = event.delta_x().abs() > event.delta_y().abs();
        let by = match (sideways, event.shift_key()) {
            (true, _) => event.delta_x(),
            (false, true) => event.delta_y(),
            (false, false) => return,
        };
        event.prevent_default();
        if !self.stands() {
            return;
        }
        self.shift.update(|shift| *shift -= by);
        self.wheels.update_value(|turns| *turns += 1);
        let turn = self.wheels.get_value();
        let rest = move || {
            // The page may be gone, or the wheel turn on.
            if self.wheels.try_get_value() == Some(turn)
                && let Some(shift) = self.shift.try_get_untracked()
            {
                self.begin_at(self.range.from - self.seconds(shift));
            }
        };
        set_timeout(rest, WHEEL_REST);
    }

    /// What the other keys of the chart do; whether they do something.
    pub fn key(self, key: &str) -> bool {
        let look = untrack(|| self.go.look());
        let zoom = match key {
            "+" | "=" => look.zoom.stepped(false),
            "-" => look.zoom.stepped(true),
            "Home" => {
                self.keep_focus();
                self.go.change(&[("from", None), ("at", None)]);
                return true;
            }
            "Escape" => {
                self.gives_up();
                return true;
            }
            _ => return false,
        };
        if let Some(zoom) = zoom {
            self.keep_focus();
            let from = look.zoomed(zoom).map(moment);
            self.go
                .change(&[("zoom", Some(zoom.as_str().to_owned())), ("from", from)]);
        }
        true
    }

    /// Moves by a part of what is in view.
    pub fn pan(self, share: f64) {
        self.keep_focus();
        let look = untrack(|| self.go.look());
        let from = look.from.unwrap_or(self.range.from);
        let span = Range {
            from,
            to: from + look.zoom.span(),
        };
        self.begin_at(span.at(share));
    }

    fn keep_focus(self) {
        self.go.refocus.set_value(true);
    }

    fn begin_at(self, at: i64) {
        // To the minute: addresses are for people too.
        self.go.change(&[("from", Some(moment(snapped(at, 60))))]);
    }

    fn reserve(self, (from, to): (i64, i64)) {
        // What is over cannot be reserved; the rest of this minute neither.
        let next = (self.clock.now_untracked() / 60 + 1) * 60;
        let from = from.max(next);
        let to = to.max(from + self.look.with_value(|look| look.zoom.snap()));
        self.ghost.set(Some((from, to)));
        let local = |at: i64| local_text(at, untrack(|| self.clock.offset(at)));
        let fields = [
            ("gpus", "1".to_owned()),
            ("start", local(from)),
            ("end", local(to)),
            ("zone", untrack(|| self.clock.zone())),
        ];
        self.go.to(untrack(|| self.go.form_href("new", &fields)));
    }

    fn change(self, id: ReservationId, before: (i64, i64), after: (i64, i64)) {
        self.ghost.set(Some(after));
        let found = self.promises.with_value(|all| {
            let found = all.iter().find(|one| one.reservation.id == id);
            found.map(|one| (one.request.clone(), one.reservation.start.as_second()))
        });
        let Some((mut request, first)) = found else {
            return;
        };
        let (start, end) = (after.0 - before.0, after.1 - before.1);
        // One that keeps its start keeps that of its first time: only so one that is under way can be
        // changed. One that gets another begins anew with the time that was moved.
        let from = if start == 0 { 0 } else { before.0 - first };
        let local = |text: &Option<String>, by: i64| text.as_ref().map(|text| moved(text, by));
        request.start = local(&request.start, from + start);
        request.end = local(&request.end, from + end);
        let fields = fields(&request);
        let href = untrack(|| self.go.form_href(&id.to_string(), &fields));
        self.go.to(href);
    }

    /// Of a reservation that was not drawn but pressed.
    fn usual_length(self) -> i64 {
        let (span, step) = (
            self.range.span(),
            self.look.with_value(|look| look.zoom.snap()),
        );
        (span / 24).clamp(step, 4 * 3600)
    }

    fn snap(self, at: i64) -> i64 {
        let offset = untrack(|| self.clock.offset(at));
        snapped(at + offset, self.look.with_value(|look| look.zoom.snap())) - offset
    }

    fn width(self) -> f64 {
        let width = self
            .surface
            .get_untracked()
            .map_or(0, |surface| surface.client_width());
        f64::from(width.max(1))
    }

    fn seconds(self, pixels: f64) -> i64 {
        self.range.at(pixels / self.width()) - self.range.from
    }
}
