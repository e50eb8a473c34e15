//! What is reserved in a week: seven days beside each other, by the hours of the clock where the browser
//! is. An hour opens the form with its time, a reservation the form that changes it.

use berth_api::timeline::{CalendarAnswer, PromiseView};
use leptos::html;
use leptos::prelude::*;

use super::bars::Now;
use super::card::{Card, Facts};
use super::day::DayColumn;
use super::follow::follow_week;
use super::go::Go;
use super::list::ReservationList;
use super::range::Look;
use super::slots::Slots;
use super::week::{DAY, DAYS, Day, HOURS};
use crate::clock::Clock;
use crate::texts::reservations as t;

/// From when to when is asked, for a week that begins with this Monday wherever the browser is.
pub fn asked(monday: i64) -> (i64, i64) {
    ((monday - 1) * DAY, (monday + DAYS + 1) * DAY)
}

#[component]
pub fn WeekView(answer: CalendarAnswer, look: Look, go: Go) -> impl IntoView {
    let clock = Clock::here();
    let monday = answer.from.as_second().div_euclid(DAY) + 1;
    let unasked = look.from.is_none();
    let begin = move |day: i64| Day::of(day, |at| clock.offset(at)).begin;
    follow_week(&answer, move || unasked.then(|| begin(monday + DAYS)), go);
    let week = Memo::new(move |_| (begin(monday), begin(monday + DAYS)));
    let left_out = answer.left_out_text.clone();
    let left_out =
        (!left_out.is_empty()).then(|| view! { <p class="hint tl-left-out">{left_out}</p> });
    let facts = Facts::of(&[], &answer.reservations, Now::none());
    let promises = StoredValue::new(answer.reservations);
    let slots = Slots::of(monday, go);
    let days = (0..DAYS).map(|place| {
        view! { <DayColumn place number=monday + place promises slots go /> }
    });
    let days: Vec<_> = days.collect();
    let hours = (0..HOURS).map(|hour| view! { <li>{format!("{hour:02}:00")}</li> });
    let root = NodeRef::<html::Div>::new();
    let zone = move || clock.zone();
    let list = move || {
        let promises = promises.with_value(|all| within(all, week.get()));
        view! { <ReservationList promises go /> }
    };
    view! {
        <div
            class="week"
            node_ref=root
            role="group"
            aria-label=t::CALENDAR_TOLD
            on:keydown=move |event| slots.press(&event, root)
            on:pointerover=move |event| facts.point(event.target(), root)
            on:pointerleave=move |_| facts.leave()
            on:focusin=move |event| facts.point(event.target(), root)
            on:focusout=move |_| facts.leave()
        >
            <div class="week-hours">
                <p class="week-name week-zone quiet" title=zone>{zone}</p>
                <ol class="num" aria-hidden="true">{hours.collect_view()}</ol>
            </div>
            {days}
            <Card facts />
        </div>
        {left_out}
        {list}
    }
    .into_any()
}

/// Those with a time in this one, with no other times.
fn within(all: &[PromiseView], (from, to): (i64, i64)) -> Vec<PromiseView> {
    let mut all = all.to_vec();
    for one in &mut all {
        let times = &mut one.reservation.occurrences;
        times.retain(|time| time.start.as_second() < to && time.end.as_second() > from);
    }
    all.retain(|one| !one.reservation.occurrences.is_empty());
    all
}
