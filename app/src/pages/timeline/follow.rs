//! When what is shown is asked for again: the clock has made something else of it.

use berth_api::timeline::{CalendarAnswer, PromiseView, TimelineAnswer};
use berth_domain::NodeName;
use leptos::prelude::*;

use super::go::Go;
use super::range::{Look, Range};
use crate::clock::Clock;
use crate::live::Live;

/// By so many seconds later the server has seen to it.
const PATIENCE: i64 = 2;

/// Asks again when the time that is looked at has moved on, a reservation begins, ends or is released,
/// or the nodes are others.
pub fn follow(answer: &TimelineAnswer, look: &Look, range: Range, go: Go) {
    let (live, clock) = (Live::here(), Clock::here());
    let follows = look.follows();
    let known: Vec<NodeName> = answer
        .nodes
        .iter()
        .filter(|node| node.present)
        .map(|node| node.name.clone())
        .collect();
    let turn = turn(&answer.reservations, answer.now.as_second());
    Effect::new(move |asked: Option<bool>| {
        if asked == Some(true) {
            return true;
        }
        let turned = turn.is_some_and(|turn| clock.now() > turn + PATIENCE);
        let behind = clock.now() - (range.from + range.span() / 4);
        let late = follows && behind > range.span() / 48;
        let others = live.nodes.with(|nodes| {
            let present = nodes.iter().filter(|node| node.present);
            let mut present: Vec<&NodeName> = present.map(|node| &node.name).collect();
            let mut known: Vec<&NodeName> = known.iter().collect();
            present.sort();
            known.sort();
            present != known
        });
        let asks = turned || late || others;
        if asks {
            go.again();
        }
        asks
    });
}

/// Asks again when a reservation begins, ends or is released, or the week that is shown unasked is over.
pub fn follow_week(answer: &CalendarAnswer, over: impl Fn() -> Option<i64> + 'static, go: Go) {
    let clock = Clock::here();
    let turn = turn(&answer.reservations, answer.now.as_second());
    Effect::new(move |asked: Option<bool>| {
        if asked == Some(true) {
            return true;
        }
        let next = turn.into_iter().chain(over()).min();
        let asks = next.is_some_and(|next| clock.now() > next + PATIENCE);
        if asks {
            go.again();
        }
        asks
    });
}

/// When the clock next makes something of a reservation.
fn turn(promises: &[PromiseView], now: i64) -> Option<i64> {
    let turns = promises.iter().flat_map(|one| {
        let release = one.reservation.no_show_s;
        let release = release.map(|after| i64::try_from(after).unwrap_or(i64::MAX));
        one.reservation.occurrences.iter().flat_map(move |time| {
            let (start, end) = (time.start.as_second(), time.end.as_second());
            let released = release.map(|after| start.saturating_add(after));
            [Some(start), Some(end), released.filter(|at| *at < end)]
        })
    });
    turns.flatten().filter(|turn| *turn >= now).min()
}
