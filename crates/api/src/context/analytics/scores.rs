//! The scoreboard: the numbers that say whether Berth does what it is there for.

use berth_domain::Timestamp;

use super::Rows;
use super::hours::Hours;
use super::numbers::float;
use super::tally::ordinary_waits;
use super::window::Window;
use crate::analytics::{Score, Totals};

pub(super) fn scoreboard(
    rows: &Rows,
    window: Window,
    hours: &Hours,
    totals: &Totals,
    submits: Option<f64>,
) -> Vec<Score> {
    let by_hand = rows.stored.by_hand.iter();
    let by_hand = by_hand.filter(|at| window.part(**at, 1).is_some()).count();
    let used = &totals.used;
    let seen = used.allocated_h - used.unobserved_h;
    let seen = (used.allocated_h > 0.0).then(|| 100.0 * seen / used.allocated_h);
    let happened = rows
        .stored
        .began
        .is_some_and(|began: Timestamp| began < window.until());
    vec![
        score(
            ("busy_at_peak", "Busy at peak"),
            hours.peak_busy(),
            |value| format!("{value:.0}%"),
            ("at least 95%", |value| value >= 95.0),
            "The share of GPU time in which a kernel ran, in the busiest hour of the range.",
        ),
        score(
            ("by_hand", "Moved by hand"),
            happened.then(|| float(by_hand)),
            |value| format!("{value:.0}"),
            ("0", |value| value < 1.0),
            "How often somebody moved a job in the queue, or an admin held one: what the queue did not \
             settle by itself.",
        ),
        score(
            ("at_once", "Experiments at once"),
            happened.then(|| f64::from(totals.at_once)),
            |value| format!("{value:.0}"),
            ("at least 10", |value| value >= 10.0),
            "The most jobs that held GPUs at the same moment of the range.",
        ),
        score(
            ("wait", "Wait of ordinary jobs"),
            ordinary_waits(rows, window).mean_min,
            minutes,
            ("under 5 min", |value| value < 5.0),
            "The mean time that jobs of class normal with 1 to 8 GPUs on one node waited for GPUs, from \
             when nothing else was missing.",
        ),
        score(
            ("submit", "Time to submit"),
            submits,
            |value| format!("{value:.0} ms"),
            ("under 1 s", |value| value < 1000.0),
            "The time within which 99 of 100 submissions were on disk and answered, of the last 1,000 \
             since the server started, whatever the range.",
        ),
        score(
            ("visible", "Visible"),
            seen,
            |value| format!("{value:.1}%"),
            ("at least 99%", |value| value >= 99.0),
            "Of the GPU-hours that jobs held, the share of which it was seen what the GPUs did. The last \
             seconds of what runs are always missing.",
        ),
    ]
}

fn minutes(value: f64) -> String {
    if value < 1.0 {
        format!("{:.0} s", value * 60.0)
    } else if value < 120.0 {
        format!("{value:.1} min")
    } else {
        format!("{:.1} h", value / 60.0)
    }
}

fn score(
    (name, title): (&str, &str),
    value: Option<f64>,
    say: impl Fn(f64) -> String,
    (goal, meets): (&str, fn(f64) -> bool),
    definition: &str,
) -> Score {
    Score {
        name: name.to_owned(),
        title: title.to_owned(),
        value,
        text: value.map_or_else(|| "—".to_owned(), say),
        goal: goal.to_owned(),
        met: value.map(meets),
        definition: definition.to_owned(),
    }
}

/// How long the last submissions took, since the server started.
#[derive(Debug, Default)]
pub struct SubmitTimes(std::sync::Mutex<std::collections::VecDeque<f64>>);

impl SubmitTimes {
    const KEPT: usize = 1000;

    /// In milliseconds.
    pub(crate) fn add(&self, took_ms: f64) {
        let mut kept = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if kept.len() >= Self::KEPT {
            kept.pop_front();
        }
        kept.push_back(took_ms);
    }

    /// What 99 of 100 did not exceed, in milliseconds; `None` while there was none.
    pub(super) fn p99_ms(&self) -> Option<f64> {
        let kept = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut sorted: Vec<f64> = kept.iter().copied().collect();
        sorted.sort_by(f64::total_cmp);
        super::numbers::percentile(&sorted, 99)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_submissions_count() {
        let times = SubmitTimes::default();
        assert_eq!(times.p99_ms(), None);
        times.add(5000.0);
        (0..1000).for_each(|_| times.add(4.0));
        assert_eq!(times.p99_ms(), Some(4.0));
        assert_eq!(times.0.lock().unwrap().len(), 1000);
    }
}
