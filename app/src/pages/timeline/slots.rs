//! The hours of a week as links to the form, each with its time. One of them at a time is reached by
//! Tab; arrow keys lead from it to the others.

use leptos::ev::KeyboardEvent;
use leptos::html;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::go::Go;
use super::ticks::{clock, day_name, local_text};
use super::week::{DAY, DAYS, Day, HOURS};
use crate::clock::Clock;
use crate::texts::reservations as t;

/// What is reserved at once begins with the next quarter of an hour.
const QUARTER: i64 = 900;

/// A day's place in the week, and an hour of it.
type Spot = (i64, i64);

/// Cheap to copy.
#[derive(Clone, Copy)]
pub struct Slots {
    clock: Clock,
    go: Go,
    /// From when on something can be reserved.
    from: Memo<i64>,
    /// The one that is reached by Tab.
    here: Memo<Option<Spot>>,
    /// The one that had the focus last.
    last: RwSignal<Option<Spot>>,
}

impl Slots {
    /// Of the week that begins with this Monday.
    pub fn of(monday: i64, go: Go) -> Self {
        let clock = Clock::here();
        let from = Memo::new(move |_| (clock.now().div_euclid(QUARTER) + 1) * QUARTER);
        let first = Memo::new(move |_| {
            let from = from.get();
            (0..DAYS).find_map(|place| {
                let day = Day::of(monday + place, |at| clock.offset(at));
                let is_open = |hour: &Option<(i64, i64)>| hour.is_some_and(|(_, to)| to > from);
                let hour = day.hours.iter().position(is_open)?;
                Some((place, i64::try_from(hour).ok()?))
            })
        });
        let last = RwSignal::new(None::<Spot>);
        // It may be over by now.
        let here = Memo::new(move |_| {
            first
                .get()
                .map(|first| last.get().unwrap_or(first).max(first))
        });
        Slots {
            clock,
            go,
            from,
            here,
            last,
        }
    }

    /// The hours of a day. Follows the time.
    pub fn of_day(self, place: i64, day: &Day) -> Vec<AnyView> {
        let hours = (0..HOURS).zip(&day.hours);
        hours
            .map(|(hour, span)| match span {
                None => view! { <span class="week-slot week-skipped" title=t::SKIPPED></span> }
                    .into_any(),
                Some((_, to)) if *to <= self.from.get() => {
                    view! { <span class="week-slot week-over"></span> }.into_any()
                }
                Some(span) => self.slot((place, hour), day.number, *span),
            })
            .collect()
    }

    fn slot(self, spot: Spot, day: i64, (from, to): (i64, i64)) -> AnyView {
        let (face, go) = (self.clock, self.go);
        let start = from.max(self.from.get());
        let local = |at: i64| local_text(at, face.offset(at));
        let fields = [
            ("gpus", "1".to_owned()),
            ("start", local(start)),
            ("end", local(to)),
            ("zone", face.zone()),
        ];
        let label = t::reserve_from(&day_name(day * DAY), &clock(start + face.offset(start)));
        let tabindex = move || {
            let reached = !face.hydrated() || self.here.get() == Some(spot);
            if reached { "0" } else { "-1" }
        };
        view! {
            <a
                class="week-slot week-open"
                href=move || go.form_href("new", &fields)
                tabindex=tabindex
                draggable="false"
                data-slot=format!("{}-{}", spot.0, spot.1)
                aria-label=label
                on:focus=move |_| self.last.set(Some(spot))
                on:click=move |event| go.stay(&event)
            ></a>
        }
        .into_any()
    }

    /// From the hour that has the focus to the next one that can be reserved.
    pub fn press(self, event: &KeyboardEvent, root: NodeRef<html::Div>) {
        if event.ctrl_key() || event.meta_key() || event.alt_key() || event.shift_key() {
            return;
        }
        let (days, hours) = match event.key().as_str() {
            "ArrowLeft" => (-1, 0),
            "ArrowRight" => (1, 0),
            "ArrowUp" => (0, -1),
            "ArrowDown" => (0, 1),
            _ => return,
        };
        let target = event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok());
        let slot = target.and_then(|target| target.get_attribute("data-slot"));
        let spot = slot.as_deref().and_then(spot);
        // A week that is about to be drawn anew is still there.
        let root = root.try_get_untracked().flatten();
        let (Some((mut day, mut hour)), Some(root)) = (spot, root) else {
            return;
        };
        event.prevent_default();
        loop {
            (day, hour) = (day + days, hour + hours);
            if !(0..DAYS).contains(&day) || !(0..HOURS).contains(&hour) {
                return;
            }
            let next = root.query_selector(&format!("[data-slot='{day}-{hour}']"));
            let next = next.ok().flatten();
            if let Some(next) = next.and_then(|next| next.dyn_into::<HtmlElement>().ok()) {
                let _ = next.focus();
                return;
            }
        }
    }
}

/// As `data-slot` has it.
fn spot(text: &str) -> Option<Spot> {
    let (day, hour) = text.split_once('-')?;
    Some((day.parse().ok()?, hour.parse().ok()?))
}
