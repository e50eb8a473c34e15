//! A day of the week: its hours, and what is reserved in it, side by side where it overlaps. On a phone a
//! list.

use berth_api::reservations::OccurrenceView;
use berth_api::timeline::PromiseView;
use leptos::prelude::*;

use super::go::Go;
use super::promises::{holder, href, label, look, title};
use super::slots::Slots;
use super::ticks::{clock, day_name, day_text};
use super::week::{Beside, Block, DAY, Day, beside};
use crate::clock::Clock;
use crate::icons::icon;
use crate::texts::{reservations as t, units};

#[component]
pub fn DayColumn(
    /// In the week.
    place: i64,
    /// Since 1970.
    number: i64,
    promises: StoredValue<Vec<PromiseView>>,
    slots: Slots,
    go: Go,
) -> impl IntoView {
    let clock = Clock::here();
    let day = Memo::new(move |_| Day::of(number, |at| clock.offset(at)));
    let now = Memo::new(move |_| {
        let now = clock.now();
        day.with(|day| {
            let today = (day.begin..day.end).contains(&now);
            // To a thousandth: what does not move is not painted again.
            today.then(|| format!("top:{:.1}%", percent(day.place(now, |at| clock.offset(at)))))
        })
    });
    let today = Memo::new(move |_| now.with(Option::is_some));
    let hours = move || day.with(|day| slots.of_day(place, day));
    let blocks = move || day.with(|day| promises.with_value(|all| blocks(day, all, clock, go)));
    let line = move || {
        let style = now.get()?;
        Some(view! { <i class="week-now" style=style></i> })
    };
    let id = format!("week-day-{place}");
    let labelled = id.clone();
    view! {
        <section
            class="week-day"
            class:week-today=today
            aria-labelledby=labelled
            aria-current=move || today.get().then_some("date")
            data-day=day_text(number)
        >
            <h2 class="week-name" id=id>{day_name(number * DAY)}</h2>
            <div class="week-face">
                <div class="week-slots">{hours}</div>
                {blocks}
                {line}
            </div>
        </section>
    }
    .into_any()
}

#[expect(clippy::cast_precision_loss, reason = "seconds of a day")]
fn percent(seconds: i64) -> f64 {
    100.0 * seconds as f64 / DAY as f64
}

fn blocks(day: &Day, promises: &[PromiseView], clock: Clock, go: Go) -> AnyView {
    let offset = move |at: i64| clock.offset(at);
    let found = promises.iter().flat_map(|one| {
        let times = one.reservation.occurrences.iter();
        times.filter_map(move |time| {
            let span = (time.start.as_second(), time.end.as_second());
            Some((one, time, day.block(span, offset)?))
        })
    });
    let mut found: Vec<(&PromiseView, &OccurrenceView, Block)> = found.collect();
    if found.is_empty() {
        return view! { <p class="week-none quiet">{t::NOTHING_RESERVED}</p> }.into_any();
    }
    found.sort_by_key(|(one, time, block)| (block.top, time.start, one.reservation.id));
    let alone: Vec<Block> = found.iter().map(|(_, _, block)| *block).collect();
    let places = beside(&alone);
    let more = places.iter().filter(|place| place.is_none()).count();
    let more =
        (more > 0).then(|| view! { <p class="week-more quiet">{more} {t::MORE_AT_ONCE}</p> });
    let drawn = found.iter().zip(places);
    let drawn =
        drawn.map(|((one, time, on), beside)| block(day, (*one, *time), *on, beside, clock, go));
    view! {
        <ul class="week-blocks">{drawn.collect_view()}</ul>
        {more}
    }
    .into_any()
}

fn block(
    day: &Day,
    (one, time): (&PromiseView, &OccurrenceView),
    on: Block,
    beside: Beside,
    clock: Clock,
    go: Go,
) -> AnyView {
    let view = &one.reservation;
    let (which, tone) = look(time.state);
    // What was released or given back is hatched.
    let over = time.over_at.filter(|over| *over < time.end);
    let kept = over.map_or(DAY, |over| match over.as_second() {
        over if over <= day.begin => 0,
        over => day.place(over, |at| clock.offset(at)),
    });
    let kept = percent(DAY * (kept - on.top).clamp(0, on.bottom - on.top) / (on.bottom - on.top));
    // Without room beside the others it is told on a phone only.
    let (column, columns) = beside.unwrap_or((0, 1));
    let style = format!(
        "--top:{:.3}%;--height:{:.3}%;--column:{column};--columns:{columns};--kept:{kept:.1}%",
        percent(on.top),
        percent(on.bottom - on.top)
    );
    let when = when(on, time, clock);
    let label = format!("{}, {when}", label(view, time));
    let mut class = format!("week-block tl-is-{tone}");
    if !view.every.is_empty() {
        class.push_str(" tl-again");
    }
    let keeps = one.may_change;
    let what = format!("{} · {}", view.what, holder(view));
    let key = format!("v{}@{}", view.id, time.start.as_second());
    view! {
        <li style=style class:week-beyond=beside.is_none()>
            <a
                class=class
                href=href(one, go)
                draggable="false"
                data-bar=key
                data-reservation=view.id.to_string()
                aria-label=label
                aria-describedby="tl-card"
                on:click=move |event| if keeps { go.stay(&event) }
            >
                <span class="week-title">{icon(which)} <span class="tl-text">{title(view)}</span></span>
                <span class="week-what">{what}</span>
                <span class="week-when num">{when}</span>
            </a>
        </li>
    }
    .into_any()
}

/// `14:00 to 16:00`, of what is on this day.
fn when(on: Block, time: &OccurrenceView, here: Clock) -> String {
    let local = |at: i64| clock(at + here.offset(at));
    let (start, end) = (local(time.start.as_second()), local(time.end.as_second()));
    match (on.begins, on.ends) {
        (true, true) => units::from_to(&start, &end),
        (true, false) => t::from(&start),
        (false, true) => t::until(&end),
        (false, false) => t::ALL_DAY.to_owned(),
    }
}
