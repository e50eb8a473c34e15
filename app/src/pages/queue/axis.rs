//! The time axis that running and waiting jobs share: from now as far as starts reach.

use berth_domain::Timestamp;
use leptos::prelude::*;

use crate::clock::Clock;
use crate::format;
use crate::live::Live;
use crate::texts::units;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// How long an axis may be, and how far its marks are apart.
const SPANS: [(i64, i64); 9] = [
    (HOUR, 15 * MINUTE),
    (2 * HOUR, 30 * MINUTE),
    (4 * HOUR, HOUR),
    (8 * HOUR, 2 * HOUR),
    (DAY, 6 * HOUR),
    (2 * DAY, 12 * HOUR),
    (4 * DAY, DAY),
    (8 * DAY, 2 * DAY),
    (32 * DAY, 8 * DAY),
];

/// From when, for how long, and how far marks are apart; in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub from: i64,
    pub length: i64,
    pub step: i64,
}

impl Span {
    /// The shortest that reaches a time, from the minute of now.
    fn reaching(now: i64, last: i64) -> Self {
        let from = now.div_euclid(MINUTE) * MINUTE;
        let long_enough = |(length, _): &&(i64, i64)| from + length >= last;
        let (length, step) = SPANS.iter().find(long_enough).copied().unwrap_or(SPANS[8]);
        Span { from, length, step }
    }

    /// Where a time is, in percent from the left; never outside.
    pub fn at(self, time: Timestamp) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "years in seconds are exact")]
        let share = (time.as_second() - self.from) as f64 / self.length as f64;
        (share * 100.0).clamp(0.0, 100.0)
    }
}

/// Cheap to copy.
#[derive(Clone, Copy, Debug)]
pub struct Axis(pub Memo<Span>);

impl Axis {
    /// Follows the time by the minute, and what waits.
    pub fn provide() -> Self {
        let (live, clock) = (Live::here(), Clock::here());
        let minute = Memo::new(move |_| clock.now() / MINUTE);
        let span = Memo::new(move |_| {
            let now = minute.get() * MINUTE;
            let starts = live.queue.with(|queue| {
                let start = |id| live.row(id)?.with_untracked(|row| row.start_p90);
                let starts = queue.iter().filter_map(|id| start(*id));
                starts.map(Timestamp::as_second).max()
            });
            Span::reaching(now, starts.unwrap_or(now))
        });
        let axis = Axis(span);
        provide_context(axis);
        axis
    }

    pub fn here() -> Self {
        expect_context()
    }
}

/// The marks, above the bars.
#[component]
pub fn Ticks(axis: Axis) -> impl IntoView {
    let marks = move || {
        let span = axis.0.get();
        let count = span.length / span.step;
        let mark = move |number: i64| {
            let at = span.from + number * span.step;
            let time = Timestamp::from_second(at).unwrap_or(Timestamp::UNIX_EPOCH);
            // Clock times with dates would not fit beside each other.
            let word = match number {
                0 => units::NOW.to_owned(),
                _ => format!("+{}", format::duration(number * span.step)),
            };
            view! { <span style:left=format!("{:.2}%", span.at(time))>{word}</span> }
        };
        (0..count).map(mark).collect_view()
    };
    view! {
        <div class="axis-ticks" aria-hidden="true">
            {marks}
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_reaches_the_last_start_and_no_further_than_it_must() {
        let now = 1_000_000_020;
        for (last, length) in [
            (now, HOUR),
            (now + HOUR - MINUTE, HOUR),
            (now + HOUR + MINUTE, 2 * HOUR),
            (now + 3 * DAY, 4 * DAY),
            (now + 400 * DAY, 32 * DAY),
        ] {
            let span = Span::reaching(now, last);
            assert_eq!((span.from, span.length), (1_000_000_020 / 60 * 60, length));
            assert_eq!(span.length % span.step, 0);
        }
    }

    #[test]
    fn what_is_outside_is_at_the_edge() {
        let span = Span::reaching(0, 0);
        let at = |second| Timestamp::from_second(second).expect("a time");
        assert!(span.at(at(-5)).abs() < 1e-9);
        assert!((span.at(at(1800)) - 50.0).abs() < 1e-9);
        assert!((span.at(at(9 * HOUR)) - 100.0).abs() < 1e-9);
    }
}
