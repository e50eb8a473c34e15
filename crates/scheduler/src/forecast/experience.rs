//! What became of earlier forecasts. The queue run forward knows nothing of who will come and
//! overtake, or crash early; how far off it was before says that.

use serde::{Deserialize, Serialize};

use crate::math;

/// Added to waits before they are compared, in seconds: a minute more or less is nothing.
const FLOOR_S: f64 = 60.0;
/// Errors are counted by fifths of a factor e, from -4 to 4.
const BINS: usize = 41;
const PER_E: f64 = 5.0;
/// What a count keeps, a forecast.
const KEEP: f64 = 0.998;
/// How many forecasts the general experience counts as beside those of alike waits.
const GENERAL: f64 = 10.0;
/// Where one class of waits ends and the next begins, in seconds.
const CLASSES: [f64; 5] = [300.0, 1800.0, 7200.0, 28_800.0, 86_400.0];

/// Errors of past forecasts, as logarithms of (real / forecast), by the length of the forecast.
///
/// Taking the range from the quantiles of past errors is split conformal prediction (Vovk,
/// Gammerman and Shafer 2005), in which the past fades because loads change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Experience {
    all: Vec<f64>,
    by_class: Vec<Vec<f64>>,
}

impl Default for Experience {
    fn default() -> Self {
        // Before anything was seen: the real wait is likely within a factor of three.
        let prior = (0..BINS).map(|bin| 0.5 * math::exp(-0.5 * square(error_of(bin) / 0.8)));
        Experience {
            all: prior.collect(),
            by_class: vec![vec![0.0; BINS]; CLASSES.len() + 1],
        }
    }
}

impl Experience {
    /// A job that was expected to wait `queue_s` seconds (see
    /// [`Forecast::queue_s`](super::Forecast)) waited `real_s`.
    pub fn observe(&mut self, queue_s: f64, real_s: f64) {
        let error = math::ln((real_s + FLOOR_S) / (queue_s + FLOOR_S));
        let bin = bin_of(error);
        let class = class_of(queue_s);
        for counts in [&mut self.all, &mut self.by_class[class]] {
            counts.iter_mut().for_each(|count| *count *= KEEP);
            counts[bin] += 1.0;
        }
    }

    /// The seconds within which a job that the queue makes wait `queue_s` starts with a chance of
    /// 50 and of 90 %.
    #[must_use]
    pub fn range(&self, queue_s: f64) -> (f64, f64) {
        let class = &self.by_class[class_of(queue_s)];
        let sum: f64 = self.all.iter().sum();
        let counts: Vec<f64> = class
            .iter()
            .zip(&self.all)
            .map(|(own, all)| own + GENERAL * all / sum)
            .collect();
        let wait = |chance| {
            let factor = math::exp(quantile(&counts, chance));
            ((queue_s + FLOOR_S) * factor - FLOOR_S).max(0.0)
        };
        (wait(0.5), wait(0.9))
    }
}

fn square(x: f64) -> f64 {
    x * x
}

fn class_of(queue_s: f64) -> usize {
    CLASSES.partition_point(|end| *end <= queue_s)
}

/// The middle of a bin.
fn error_of(bin: usize) -> f64 {
    let from_middle = f64::from(u32::try_from(bin).unwrap_or(0)) - 20.0;
    from_middle / PER_E
}

fn bin_of(error: f64) -> usize {
    (0..BINS)
        .find(|bin| error < error_of(*bin) + 0.5 / PER_E)
        .unwrap_or(BINS - 1)
}

/// Within a bin as if errors were uniform there.
fn quantile(counts: &[f64], chance: f64) -> f64 {
    let mut wanted = chance * counts.iter().sum::<f64>();
    for (bin, count) in counts.iter().enumerate() {
        if *count >= wanted && *count > 0.0 {
            return error_of(bin) + (wanted / count - 0.5) / PER_E;
        }
        wanted -= count;
    }
    error_of(BINS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn learns_that_waits_are_twice_as_long() {
        let mut experience = Experience::default();
        let (p50, p90) = experience.range(3600.0);
        assert!(p50 > 2400.0 && p50 < 5400.0 && p90 > p50, "{p50} {p90}");
        for n in 0..500 {
            experience.observe(3600.0, if n % 10 == 0 { 36_000.0 } else { 7200.0 });
        }
        let (p50, p90) = experience.range(3600.0);
        assert!((p50 / 7200.0 - 1.0).abs() < 0.1, "{p50}");
        assert!((7000.0..40_000.0).contains(&p90), "{p90}");
    }
}
