//! What a campaign searches, how, and what came of it, as people say it.

use std::collections::BTreeMap;

use berth_api::campaigns::SpentView;
use berth_domain::campaign::{Dimension, Scale, Space, StopRule, Strategy};

use crate::pages::agent::words::gpu_hours;
use crate::texts::agent::campaigns as t;

/// A result with six digits: `0.25`, `123457`, `1.5e-7`.
pub fn number(value: f64) -> String {
    let short = format!("{value:.5e}");
    let exponent = short
        .split_once('e')
        .map(|(_, exponent)| exponent.parse::<i32>());
    let value: f64 = short.parse().unwrap_or(value);
    match exponent {
        Some(Ok(-4..=5)) => value.to_string(),
        _ => format!("{value:e}"),
    }
}

/// `lr=0.001 optimizer=adam`.
pub fn values(values: &BTreeMap<String, String>) -> String {
    let values = values.iter().map(|(name, value)| format!("{name}={value}"));
    values.collect::<Vec<_>>().join(" ")
}

pub fn strategy(strategy: &Strategy) -> String {
    match strategy {
        Strategy::Grid { points } => t::grid(*points),
        Strategy::Random { trials, seed } => t::random(*trials, *seed),
        Strategy::Asha(asha) => {
            let of = &asha.fidelity;
            t::asha(asha.trials, asha.eta, &of.param, of.min, of.max)
        }
        Strategy::Model { trials, per_round } => t::model(*trials, *per_round),
    }
}

/// What is searched of each parameter, a line each.
pub fn space(space: &Space) -> Vec<String> {
    let one = |(name, dimension): (&String, &Dimension)| format!("{name}: {}", part(dimension));
    space.iter().map(one).collect()
}

pub fn part(dimension: &Dimension) -> String {
    match dimension {
        Dimension::Choice(values) => values.join(", "),
        Dimension::Range(range) => {
            let log = range.scale == Scale::Log;
            t::range(&number(range.from), &number(range.to), log)
        }
    }
}

/// When it ends before all is tried or used; its time is said beside it.
pub fn stop(rule: &StopRule) -> Vec<String> {
    let target = rule.target.map(|target| t::at_target(&number(target)));
    let patience = rule.patience.map(t::after_patience);
    target.into_iter().chain(patience).collect()
}

/// `1.5 GPU-hours used + 1 kept, of 12`.
pub fn spent(spent: &SpentView) -> String {
    let kept = Some(spent.kept_gpu_seconds).filter(|seconds| *seconds > 0);
    t::spent(
        &gpu_hours(spent.gpu_seconds),
        kept.map(gpu_hours).as_deref(),
        &gpu_hours(spent.of_gpu_seconds),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_short_enough_to_compare() {
        for (value, text) in [
            (0.0, "0"),
            (0.25, "0.25"),
            (0.1 + 0.2, "0.3"),
            (-12.345_678_9, "-12.3457"),
            (123_456.7, "123457"),
            (1_234_567.0, "1.23457e6"),
            (0.000_000_15, "1.5e-7"),
            (9.999_999_9, "10"),
            (f64::MAX, "1.79769e308"),
        ] {
            assert_eq!(number(value), text);
        }
    }
}
