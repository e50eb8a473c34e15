//! What is reserved, in a lane of its own, and the words for it. There reservations are drawn and
//! changed by hand; the list and the form below do the same.

use berth_api::reservations::{OccurrenceView, ReservationView};
use berth_api::timeline::PromiseView;
use berth_domain::reservation::OccurrenceState;
use leptos::prelude::*;

use super::drag::Hand;
use super::fields::fields;
use super::go::Go;
use super::pack::{height, pack};
use super::range::Range;
use crate::clock::Clock;
use crate::format;
use crate::icons::{Icon, icon};
use crate::texts::{common, reservations as t, timeline, units};

const MOST_ROWS: usize = 8;

/// Its note, or its number.
pub fn title(one: &ReservationView) -> String {
    one.note.clone().unwrap_or_else(|| t::number(one.id))
}

pub fn holder(one: &ReservationView) -> String {
    match (&one.user, &one.project) {
        (Some(user), _) => user.to_string(),
        (None, Some(project)) => common::project(project),
        (None, None) => t::NOBODY.to_owned(),
    }
}

pub fn words(state: OccurrenceState) -> &'static str {
    match state {
        OccurrenceState::Upcoming => t::TO_COME,
        OccurrenceState::Active => t::UNDER_WAY,
        OccurrenceState::Used => t::USED,
        OccurrenceState::Unused => t::OVER_NOBODY_CAME,
        OccurrenceState::NoShow => t::RELEASED,
        OccurrenceState::EndedEarly => t::GIVEN_BACK,
        OccurrenceState::Cancelled => common::CANCELLED,
    }
}

/// Icon and tone; the words stand beside them.
pub fn look(state: OccurrenceState) -> (Icon, &'static str) {
    match state {
        OccurrenceState::Upcoming => (Icon::Queued, "wait"),
        OccurrenceState::Active => (Icon::Running, "run"),
        OccurrenceState::Used => (Icon::Succeeded, "ok"),
        OccurrenceState::Unused | OccurrenceState::NoShow => (Icon::Lost, "warn"),
        OccurrenceState::EndedEarly => (Icon::Stopping, "idle"),
        OccurrenceState::Cancelled => (Icon::Cancelled, "idle"),
    }
}

/// `every mon, wed (Europe/Berlin) until 2026-12-31`; nothing of one that comes once.
pub fn again(one: &ReservationView) -> Option<String> {
    if one.every.is_empty() {
        return None;
    }
    let zone = one.zone.as_deref().unwrap_or("UTC");
    let until = one.until.as_ref();
    let until = until.map_or(String::new(), |until| t::again_until(until));
    Some(t::every(&one.every.join(", "), zone, &until))
}

/// What stayed idle of it and is charged, if anything did.
pub fn idle(time: &OccurrenceView) -> Option<String> {
    let seconds = time.idle_gpu_seconds.filter(|seconds| *seconds > 0)?;
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    Some(t::idle(&format::duration(seconds)))
}

/// The form for a change of this one.
pub fn change_href(one: &PromiseView, go: Go) -> String {
    go.form_href(&one.reservation.id.to_string(), &fields(&one.request))
}

/// The form for a change, or where it stands in the list.
pub fn href(one: &PromiseView, go: Go) -> String {
    if one.may_change {
        change_href(one, go)
    } else {
        format!("#reservation-{}", one.reservation.id)
    }
}

/// `demo, 8 GPUs for ana, to come`.
pub fn label(one: &ReservationView, time: &OccurrenceView) -> String {
    t::label(
        &title(one),
        &one.what,
        &holder(one),
        &words(time.state).to_lowercase(),
    )
}

#[component]
pub fn Promises(
    promises: Vec<PromiseView>,
    range: Range,
    clock: Clock,
    hand: Hand,
    go: Go,
) -> impl IntoView {
    let times = promises.iter().flat_map(|one| {
        let times = one.reservation.occurrences.iter();
        times.map(move |time| (one, time))
    });
    let mut times: Vec<(&PromiseView, &OccurrenceView)> = times.collect();
    times.sort_by_key(|(one, time)| (time.start, one.reservation.id));
    let spans = times
        .iter()
        .map(|(_, time)| (time.start.as_second(), time.end.as_second()));
    let lanes = pack(&spans.collect::<Vec<_>>(), MOST_ROWS);
    // One is kept free for what is drawn.
    let rows = height(&lanes) + 1;
    let more = lanes.iter().filter(|lane| lane.is_none()).count();
    let more =
        (more > 0).then(|| view! { <span class="tl-rest quiet">{more} {common::MORE}</span> });
    let bands = times.iter().zip(&lanes).filter_map(|((one, time), lane)| {
        let lane = (*lane)?;
        Some(band(one, time, lane, range, go))
    });
    let bands: Vec<_> = bands.collect();
    let ghost = move || {
        let (from, to) = hand.ghost()?;
        let cut = range.clip(from, to)?;
        let style = format!(
            "left:{:.3}%;width:{:.3}%;--row:{};--span:1",
            cut.left,
            cut.width,
            rows - 1
        );
        let words =
            units::from_to_for(&clock.at(from), &clock.at(to), &format::duration(to - from));
        Some(view! { <div class="tl-ghost" style=style><span class="num">{words}</span></div> })
    };
    let empty = times
        .is_empty()
        .then(|| view! { <span class="tl-hint needs-script">{t::DRAG_HERE}</span> });
    view! {
        <div class="tl-lane tl-reserved" style=format!("--rows:{rows}")>
            <div class="tl-name">
                <span class="tl-title">{t::RESERVED}</span>
                {more}
            </div>
            <div class="tl-track tl-rows" role="group" aria-label=t::RESERVATIONS>
                <div class="tl-surface" title=timeline::DRAG_TO_RESERVE></div>
                <div class="tl-layer tl-free">
                    {bands}
                    {ghost}
                </div>
                {empty}
            </div>
        </div>
    }
    .into_any()
}

fn band(one: &PromiseView, time: &OccurrenceView, lane: usize, range: Range, go: Go) -> AnyView {
    let (from, to) = (time.start.as_second(), time.end.as_second());
    let Some(cut) = range.clip(from, to) else {
        return ().into_any();
    };
    let (which, tone) = look(time.state);
    let over = time.over_at.filter(|over| *over < time.end);
    // What was released or given back is hatched.
    let kept = over.map_or(100.0, |over| {
        let kept = range.clip(from, over.as_second().max(from));
        let kept = kept.map_or(0.0, |kept| kept.width);
        100.0 * kept / cut.width.max(f64::EPSILON)
    });
    let style = format!(
        "left:{:.3}%;width:{:.3}%;--row:{lane};--span:1;--kept:{kept:.1}%",
        cut.left, cut.width
    );
    let view = &one.reservation;
    let label = label(view, time);
    let mut class = format!("tl-bar tl-band tl-is-{tone}");
    for (is, name) in [
        (one.may_change, " tl-mine"),
        (!cut.begins, " tl-cut-left"),
        (!cut.ends, " tl-cut-right"),
        (!view.every.is_empty(), " tl-again"),
    ] {
        if is {
            class.push_str(name);
        }
    }
    let href = href(one, go);
    let keeps = one.may_change;
    let text = format!("{} · {} · {}", title(view), view.what, holder(view));
    let (number, key) = (view.id.to_string(), format!("v{}@{from}", view.id));
    view! {
        <a
            class=class
            style=style
            href=href
            tabindex="-1"
            draggable="false"
            data-reservation=number
            data-bar=key
            data-row=lane.to_string()
            data-rows="1"
            data-from=from.to_string()
            data-to=to.to_string()
            aria-label=label
            aria-describedby="tl-card"
            on:click=move |event| if keeps { go.stay(&event) }
        >
            <span class="tl-in">{icon(which)} <span class="tl-text">{text}</span></span>
        </a>
    }
    .into_any()
}
