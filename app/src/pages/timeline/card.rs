//! What is known of the bar under the pointer or with the focus: who, what and when.

use berth_api::reservations::{OccurrenceView, ReservationView};
use berth_api::timeline::{PastView, PromiseView};
use berth_api::views::JobRow;
use berth_domain::reservation::OccurrenceState;
use berth_domain::{JobId, StateName};
use leptos::html;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use web_sys::{Element, EventTarget, HtmlElement};

use super::bars::{self, Held, How, Now};
use super::promises;
use crate::clock::Clock;
use crate::components::lease;
use crate::components::owner::Owner;
use crate::components::start_range;
use crate::components::state_badge::outcome;
use crate::format;
use crate::live::Live;
use crate::texts::{common, jobs, timeline as t, units};

/// So many nodes are named.
const NODES: usize = 4;
/// As wide as the card may be, in pixels.
const WIDTH: i32 = 320;

/// What can be told, and of which bar it is told. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Facts {
    past: StoredValue<Vec<Held>>,
    promises: StoredValue<Vec<PromiseView>>,
    now: Now,
    shown: RwSignal<Option<Shown>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Shown {
    /// As `data-bar` has it.
    bar: String,
    /// In the chart, in pixels.
    left: i32,
    top: i32,
}

impl Facts {
    pub fn of(attempts: &[PastView], promises: &[PromiseView], now: Now) -> Self {
        let past = attempts.iter().cloned().map(bars::past);
        Facts {
            past: StoredValue::new(past.collect()),
            promises: StoredValue::new(promises.to_vec()),
            now,
            shown: RwSignal::new(None),
        }
    }

    /// Tells of the bar that this is or is part of.
    pub fn point(self, target: Option<EventTarget>, root: NodeRef<html::Div>) {
        let target = target.and_then(|target| target.dyn_into::<Element>().ok());
        let bar = target.and_then(|target| target.closest("[data-bar]").ok().flatten());
        let (Some(bar), Some(root)) = (bar, root.try_get_untracked().flatten()) else {
            return self.leave();
        };
        let name = bar.get_attribute("data-bar").unwrap_or_default();
        let Ok(bar) = bar.dyn_into::<HtmlElement>() else {
            return;
        };
        let (left, top) = place(&bar, &root);
        let most = (root.client_width() - WIDTH).max(0);
        let shown = Shown {
            bar: name,
            left: left.clamp(0, most),
            top: top + bar.offset_height() + 4,
        };
        self.shown.set(Some(shown));
    }

    pub fn leave(self) {
        // The browser also says so of a chart that is taken away.
        self.shown.try_set(None);
    }
}

/// Where something stands in the chart.
fn place(bar: &HtmlElement, root: &Element) -> (i32, i32) {
    let (mut left, mut top) = (0, 0);
    let mut here = Some(bar.clone());
    while let Some(element) = here {
        if **element == **root {
            break;
        }
        left += element.offset_left();
        top += element.offset_top();
        let parent = element.offset_parent();
        here = parent.and_then(|parent| parent.dyn_into().ok());
    }
    (left, top)
}

#[component]
pub fn Card(facts: Facts) -> impl IntoView {
    let (live, clock) = (Live::here(), Clock::here());
    // A chart that is taken away loses the focus, and what was set is looked at once more.
    let shown = move || facts.shown.try_get().flatten();
    let bar = Memo::new(move |_| shown().map(|shown| shown.bar));
    let bar = move || bar.try_get().flatten();
    let style = move || {
        let (left, top) = shown().map_or((0, 0), |at| (at.left, at.top));
        format!("left:{left}px;top:{top}px")
    };
    let text = move || bar().and_then(|bar| told(facts, live, clock, &bar));
    view! {
        <div
            class="tl-card"
            id="tl-card"
            role="tooltip"
            style=style
            hidden=move || bar().is_none()
        >
            {text}
        </div>
    }
    .into_any()
}

fn told(facts: Facts, live: Live, clock: Clock, bar: &str) -> Option<AnyView> {
    let (kind, key) = bar.split_at_checked(1)?;
    match kind {
        "h" => {
            let of = |all: &Vec<Held>| all.iter().find(|held| held.key() == key).cloned();
            let held = facts
                .now
                .running
                .with(of)
                .or_else(|| facts.now.ended.with(of))
                .or_else(|| facts.past.with_value(of))?;
            Some(attempt(&held, clock))
        }
        "w" => {
            let row = live.row(JobId(key.parse().ok()?))?;
            Some(row.with(|row| waits(row, clock)))
        }
        _ => {
            let (id, start) = key.split_once('@')?;
            let (id, start): (u64, i64) = (id.parse().ok()?, start.parse().ok()?);
            facts.promises.with_value(|all| {
                let one = all.iter().find(|one| one.reservation.id.0 == id)?;
                let times = &one.reservation.occurrences;
                let time = times.iter().find(|time| time.start.as_second() == start)?;
                Some(reserved(&one.reservation, time, clock))
            })
        }
    }
}

fn attempt(held: &Held, clock: Clock) -> AnyView {
    let now = clock.now();
    let at = |seconds: i64| clock.at(seconds);
    let mut lines = vec![];
    match &held.how {
        How::Ended {
            outcome: token,
            end,
        } => {
            let took = format::duration(held.to - held.from);
            lines.push(units::from_to_for(&at(held.from), &at(held.to), &took));
            let (_, word, _) = outcome(token);
            if end.starts_with(word) || end.is_empty() {
                lines.push(if end.is_empty() {
                    word.to_owned()
                } else {
                    end.clone()
                });
            } else {
                lines.push(format!("{word}. {end}"));
            }
        }
        How::Runs { state, expected } => {
            let since = format::duration(now - held.from);
            let word = match state {
                StateName::Starting => common::STARTING,
                StateName::Stopping => common::STOPPING,
                _ => common::RUNNING,
            };
            lines.push(t::since(word, &at(held.from), &since));
            lines.push(t::limit_ends_it(&at(held.to)));
            lines.push(match expected {
                Some(expected) if *expected > now => t::expected_to_end(&at(*expected)),
                Some(_) => t::EXPECTED_BY_NOW.to_owned(),
                None => t::NO_SUCH_JOB_KNOWN.to_owned(),
            });
        }
    }
    lines.push(t::gpus_on(
        &units::gpus(held.gpus),
        &lease::words_of(&held.lease, NODES),
    ));
    card(
        jobs::job(held.job, &held.name),
        Some(held.user.0.clone()),
        lines,
    )
}

fn waits(row: &JobRow, clock: Clock) -> AnyView {
    let mut lines = vec![];
    if let Some(words) = start_range::words(row.start_p50, row.start_p90, clock) {
        lines.push(t::starts(&words));
    }
    let limit = i64::try_from(row.time_limit_s).unwrap_or(i64::MAX);
    lines.push(t::at_most(&units::gpus(row.gpus), &format::duration(limit)));
    lines.extend(row.reason_text.clone());
    card(
        jobs::job(row.id, &row.name),
        Some(row.user.0.clone()),
        lines,
    )
}

fn reserved(one: &ReservationView, time: &OccurrenceView, clock: Clock) -> AnyView {
    let at = |at: berth_domain::Timestamp| clock.at(at.as_second());
    let length = format::duration(time.end.as_second() - time.start.as_second());
    let mut lines = vec![
        t::reserved_for(&one.what, &promises::holder(one)),
        units::from_to_for(&at(time.start), &at(time.end), &length),
    ];
    let how = promises::words(time.state);
    lines.push(match time.over_at.filter(|over| *over < time.end) {
        Some(over) => t::over_at(how, &at(over)),
        None if time.state == OccurrenceState::Active && !time.used => t::nobody_came_yet(how),
        None => how.to_owned(),
    });
    lines.extend(promises::idle(time));
    lines.extend(promises::again(one).map(|again| t::comes(&again)));
    card(promises::title(one), None, lines)
}

fn card(title: String, owner: Option<String>, lines: Vec<String>) -> AnyView {
    let lines = lines.into_iter().map(|line| view! { <p>{line}</p> });
    view! {
        <strong class="clip">{title}</strong>
        {owner.map(|name| view! { <Owner name /> })}
        {lines.collect_view()}
    }
    .into_any()
}
