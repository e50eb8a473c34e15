//! The best so far over the trials that have a result, in the order in which they ended. The table of trials
//! says the same in numbers.

use std::fmt::Write as _;

use berth_api::campaigns::{CampaignView, TrialView};
use berth_domain::campaign::Better;
use leptos::prelude::*;

use super::sheet::Sheet;
use super::words::number;
use crate::texts::agent::campaigns as t;

/// The drawing's own units; it is stretched to its place.
const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 160.0;
const MARGIN: f64 = 8.0;
/// One line needs two points.
const FEWEST: usize = 2;

#[component]
pub fn ChartPanel(sheet: Sheet) -> impl IntoView {
    let drawn = Memo::new(move |_| sheet.known.with(Drawn::of));
    move || {
        drawn.get().map(|drawn| {
            view! {
                <section class="panel" aria-labelledby="chart-title">
                    <h2 id="chart-title">{t::PROGRESS}</h2>
                    <figure class="campaign-chart">
                        <span class="campaign-scale num" aria-hidden="true">
                            <span>{drawn.top}</span>
                            <span>{drawn.bottom}</span>
                        </span>
                        <svg
                            viewBox=format!("0 0 {WIDTH} {HEIGHT}")
                            preserveAspectRatio="none"
                            role="img"
                            aria-label=drawn.said
                        >
                            <path class="campaign-line" d=drawn.line />
                            <path class="campaign-dots" d=drawn.dots />
                        </svg>
                        <figcaption class="hint">{t::PROGRESS_TOLD}</figcaption>
                    </figure>
                </section>
            }
        })
    }
}

/// What is drawn, and what is said of it.
#[derive(Clone, Debug, PartialEq)]
struct Drawn {
    dots: String,
    line: String,
    /// The ends of the scale.
    top: String,
    bottom: String,
    said: String,
}

impl Drawn {
    /// Nothing where there are too few results.
    fn of(known: &CampaignView) -> Option<Self> {
        let metric = &known.row.metric;
        let results = results(&known.trials);
        if results.len() < FEWEST {
            return None;
        }
        let bests = bests(&results, metric.better);
        let (low, high) = scale(&results, metric.better);
        let last = of(results.len() - 1);
        let (mut dots, mut line) = (String::new(), String::new());
        for (place, ((_, result), best)) in results.iter().zip(&bests).enumerate() {
            let x = MARGIN + of(place) / last * (WIDTH - 2.0 * MARGIN);
            // Writing to a text does not fail.
            let _ = write!(dots, "M{x:.1} {:.1}h0.01", y(*result, low, high));
            let y = y(*best, low, high);
            let _ = match place {
                0 => write!(line, "M{x:.1} {y:.1}"),
                _ => write!(line, "H{x:.1}V{y:.1}"),
            };
        }
        let first = bests.first().copied().map(number).unwrap_or_default();
        let now = bests.last().copied().map(number).unwrap_or_default();
        let is = |beyond: fn(&f64, &f64) -> bool, end: f64| {
            results.iter().any(|(_, one)| beyond(one, &end))
        };
        Some(Drawn {
            dots,
            line,
            top: edge("≥", high, is(f64::gt, high)),
            bottom: edge("≤", low, is(f64::lt, low)),
            said: t::progress(&metric.name, results.len(), &first, &now),
        })
    }
}

/// How far each went and what it came to, in the order in which they ended.
fn results(trials: &[TrialView]) -> Vec<(u32, f64)> {
    let mut done: Vec<&TrialView> = trials
        .iter()
        .filter(|trial| trial.result.is_some())
        .collect();
    done.sort_by_key(|trial| (trial.ended_at, trial.number));
    let results = done.into_iter();
    results
        .filter_map(|trial| Some((trial.rung, trial.result?)))
        .collect()
}

/// The best after each: of those that went furthest, since others do not compare.
fn bests(results: &[(u32, f64)], better: Better) -> Vec<f64> {
    let mut best: Option<(u32, f64)> = None;
    let after = results.iter().map(|(rung, result)| {
        let beats = best.is_none_or(|(of, value)| {
            *rung > of || (*rung == of && better.is_better(*result, value))
        });
        if beats {
            best = Some((*rung, *result));
        }
        best.map_or(*result, |(_, value)| value)
    });
    after.collect()
}

/// The scale's ends. The worst tenth is drawn at its edge: one that diverged leaves room for the others.
fn scale(results: &[(u32, f64)], better: Better) -> (f64, f64) {
    let mut sorted: Vec<f64> = results.iter().map(|(_, result)| *result).collect();
    sorted.sort_by(f64::total_cmp);
    if better == Better::Higher {
        sorted.reverse();
    }
    let best = sorted.first().copied().unwrap_or_default();
    let worst = sorted.get(sorted.len() * 9 / 10).copied().unwrap_or(best);
    (best.min(worst), best.max(worst))
}

/// What stands at an end of the scale: that some are beyond it, where some are.
fn edge(sign: &str, end: f64, beyond: bool) -> String {
    match beyond {
        true => format!("{sign} {}", number(end)),
        false => number(end),
    }
}

/// How far down a value is drawn.
fn y(value: f64, low: f64, high: f64) -> f64 {
    let share = (value - low) / (high - low);
    let share = if share.is_nan() { 0.5 } else { share };
    MARGIN + (1.0 - share.clamp(0.0, 1.0)) * (HEIGHT - 2.0 * MARGIN)
}

fn of(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_is_of_those_that_went_furthest() {
        let results = [(0, 0.5), (0, 0.3), (0, 0.4), (1, 0.6), (0, 0.1), (1, 0.2)];
        let expected = [0.5, 0.3, 0.3, 0.6, 0.6, 0.2];
        assert_eq!(bests(&results, Better::Lower), expected);
        assert_eq!(bests(&results[..2], Better::Higher), [0.5, 0.5]);
    }

    #[test]
    fn one_that_diverged_is_at_the_edge() {
        let mut results: Vec<(u32, f64)> = (1..=20).map(|n| (0, f64::from(n))).collect();
        results.push((0, f64::MAX));
        assert_eq!(scale(&results, Better::Lower), (1.0, 19.0));
        assert_eq!(y(f64::MAX, 1.0, 19.0), MARGIN);
        assert_eq!(y(1.0, 1.0, 19.0), HEIGHT - MARGIN);
        assert_eq!(y(3.0, 3.0, 3.0), HEIGHT / 2.0);
        let ends = [(0, f64::MIN), (0, f64::MAX)];
        let (low, high) = scale(&ends, Better::Higher);
        assert!(y(0.0, low, high).is_finite());
    }
}
