//! A run time as a distribution: how likely a job ends in each of a row of intervals.
//!
//! The intervals grow by a third of an octave, because run times span seconds to days and what
//! matters is the ratio. Within an interval the time is taken as uniform.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::math;

/// How many intervals there are.
pub const BINS: usize = 48;
/// Where the first one ends, in seconds.
const FIRST_S: f64 = 15.0;
/// Intervals an octave.
const PER_OCTAVE: f64 = 3.0;

/// The upper ends of the intervals, in seconds; the last is about nine days.
static EDGES: LazyLock<[f64; BINS]> = LazyLock::new(|| {
    let mut edge = FIRST_S;
    let step = math::exp2(1.0 / PER_OCTAVE);
    std::array::from_fn(|_| {
        let this = edge;
        edge *= step;
        this
    })
});

/// The interval that holds a time.
#[must_use]
pub fn bin_of(seconds: f64) -> usize {
    EDGES.partition_point(|edge| *edge <= seconds).min(BINS - 1)
}

/// From where to where an interval goes, in seconds.
#[must_use]
pub fn bounds(bin: usize) -> (f64, f64) {
    let low = if bin == 0 { 0.0 } else { EDGES[bin - 1] };
    (low, EDGES[bin])
}

/// The chance of each interval; they sum to 1. It travels as these chances alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<f64>", into = "Vec<f64>")]
pub struct RunTime {
    mass: [f64; BINS],
    /// The chance of ending within each interval or before it.
    within: [f64; BINS],
    /// The chance of ending after each interval.
    after: [f64; BINS],
    /// What is left of a job that has not begun: asked for more than anything else.
    whole: Remaining,
}

/// What is left of a run time, given how long the job ran already.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Remaining {
    /// Its expectation in seconds.
    pub mean_s: f64,
    /// The least expected service per completion over all stopping times, in seconds: the
    /// reciprocal of the Gittins index (Gittins 1989; Aalto, Ayesta and Righter 2009). Serving
    /// the job with the least of it first minimises the mean delay on one server.
    pub gittins_s: f64,
}

impl From<RunTime> for Vec<f64> {
    fn from(run_time: RunTime) -> Self {
        run_time.mass.to_vec()
    }
}

impl TryFrom<Vec<f64>> for RunTime {
    type Error = String;

    fn try_from(chances: Vec<f64>) -> Result<Self, String> {
        let mass = chances.try_into();
        let mass =
            mass.map_err(|given: Vec<f64>| format!("{} chances, not {BINS}", given.len()))?;
        Ok(Self::of_chances(mass))
    }
}

impl RunTime {
    /// Scales any weights to a distribution; without any weight every interval is as likely.
    #[must_use]
    pub fn of_weights(mut mass: [f64; BINS]) -> Self {
        let sum: f64 = mass.iter().sum();
        if sum > 0.0 {
            mass.iter_mut().for_each(|weight| *weight /= sum);
        } else {
            mass = [1.0 / 48.0; BINS];
        }
        Self::of_chances(mass)
    }

    fn of_chances(mass: [f64; BINS]) -> Self {
        let mut sum = 0.0;
        let mut run_time = RunTime {
            mass,
            within: mass.map(|chance| {
                sum += chance;
                sum
            }),
            after: std::array::from_fn(|bin| mass[bin + 1..].iter().sum()),
            whole: Remaining {
                mean_s: 0.0,
                gittins_s: 0.0,
            },
        };
        run_time.whole = run_time.left_after(0.0);
        run_time
    }

    /// A run time that is known to lie in the interval of `seconds`.
    #[must_use]
    pub fn about(seconds: f64) -> Self {
        let mut mass = [0.0; BINS];
        mass[bin_of(seconds)] = 1.0;
        Self::of_chances(mass)
    }

    #[must_use]
    pub fn mass(&self) -> &[f64; BINS] {
        &self.mass
    }

    /// Everything beyond the limit counts as just at it: the job is ended there.
    #[must_use]
    pub fn limited(self, limit_s: f64) -> Self {
        let last = bin_of(limit_s * 0.999_999);
        let mut mass = self.mass;
        let beyond: f64 = mass[last + 1..].iter().sum();
        mass[last + 1..].fill(0.0);
        mass[last] += beyond;
        Self::of_chances(mass)
    }

    /// The chance of running at most this long.
    #[must_use]
    pub fn chance_within(&self, seconds: f64) -> f64 {
        let bin = bin_of(seconds);
        let (low, high) = bounds(bin);
        let before = if bin == 0 { 0.0 } else { self.within[bin - 1] };
        before + self.mass[bin] * ((seconds - low) / (high - low)).clamp(0.0, 1.0)
    }

    #[must_use]
    pub fn mean(&self) -> f64 {
        self.remaining(0.0).mean_s
    }

    /// The time within which it ends with this chance, given that it ran for `age_s`; counted from
    /// the start.
    #[must_use]
    pub fn quantile_after(&self, age_s: f64, chance: f64) -> f64 {
        let passed = self.chance_within(age_s);
        let rest = 1.0 - passed;
        if rest <= 1e-9 {
            return age_s * 1.5 + 1.0;
        }
        // Sums of chances may fall short of 1 by a rounding.
        let wanted = (passed + chance * rest).min(self.within[BINS - 1]);
        let bin = self.within.partition_point(|within| *within < wanted);
        let bin = bin.min(BINS - 1);
        let (low, high) = bounds(bin);
        let before = if bin == 0 { 0.0 } else { self.within[bin - 1] };
        let part = (wanted - before) / self.mass[bin].max(1e-12);
        (low + (high - low) * part.clamp(0.0, 1.0)).max(age_s)
    }

    /// What is left after `age_s` seconds. A job that outlived everything that was thought
    /// possible is expected to run half as long again.
    #[must_use]
    pub fn remaining(&self, age_s: f64) -> Remaining {
        if age_s <= 0.0 {
            return self.whole;
        }
        self.left_after(age_s)
    }

    /// [`Remaining::gittins_s`] alone, for who needs nothing else and asks often.
    #[must_use]
    pub fn gittins_s(&self, age_s: f64) -> f64 {
        if age_s <= 0.0 {
            return self.whole.gittins_s;
        }
        let mut best = f64::INFINITY;
        let served = self.serve(age_s, |spent, ended, rest| {
            best = f64::min(best, spent / ended);
            // What is spent only grows, and no more than the rest can end: no later stop is better.
            spent * (1.0 - 1e-9) <= best * rest
        });
        served.map_or_else(|| beyond(age_s), |_| best.max(1.0))
    }

    fn left_after(&self, age_s: f64) -> Remaining {
        let mut best = f64::INFINITY;
        let served = self.serve(age_s, |spent, ended, _| {
            best = f64::min(best, spent / ended);
            true
        });
        let Some((spent, rest)) = served else {
            let half = beyond(age_s);
            return Remaining {
                mean_s: half,
                gittins_s: half,
            };
        };
        Remaining {
            mean_s: (spent / rest).max(1.0),
            gittins_s: best.max(1.0),
        }
    }

    /// Serves a job from `age_s` on, interval by interval. At the end of each in which it may end,
    /// `go_on` is given the service expected so far, the chance that it has ended, and the chance
    /// that there was at the beginning, and says whether to go on. Returns the service and the
    /// chance at the beginning; `None` when it outlived everything that was thought possible.
    fn serve(
        &self,
        age_s: f64,
        mut go_on: impl FnMut(f64, f64, f64) -> bool,
    ) -> Option<(f64, f64)> {
        let first = bin_of(age_s);
        let (left, rest) = self.tail(age_s, first);
        if rest <= 1e-9 {
            return None;
        }
        let (mut ended, mut spent) = (0.0, 0.0);
        let (mut low, mut mass) = (age_s.max(bounds(first).0), left);
        for (high, next) in EDGES[first..].iter().zip(first + 1..) {
            let width = (high - low).max(1.0);
            // Those who end in this interval are served half of it, the others all of it.
            spent += mass * width / 2.0 + (rest - ended - mass).max(0.0) * width;
            ended += mass;
            if mass > 0.0 && !go_on(spent, ended, rest) || rest - ended <= 1e-12 {
                break;
            }
            (low, mass) = (*high, self.mass.get(next).copied().unwrap_or(0.0));
        }
        Some((spent, rest))
    }

    /// The expected service from `age_s` up to its end or to `until_s`, whichever comes first.
    #[must_use]
    pub fn service_until(&self, age_s: f64, until_s: f64) -> f64 {
        let first = bin_of(age_s);
        let (left, rest) = self.tail(age_s, first);
        if rest <= 1e-9 {
            return (until_s - age_s).max(0.0);
        }
        let (mut ended, mut spent) = (0.0, 0.0);
        for bin in first..BINS {
            let (low, high) = bounds(bin);
            let (low, mass) = if bin == first {
                (age_s.max(low), left)
            } else {
                (low, self.mass[bin])
            };
            if low >= until_s {
                break;
            }
            let width = high.min(until_s) - low;
            let part = mass * (width / (high - low).max(1.0)).min(1.0);
            spent += part * width / 2.0 + (rest - ended - part).max(0.0) * width;
            ended += part;
        }
        spent / rest
    }

    /// The chance of ending later in the interval of `age_s`, and of ending after `age_s` at all.
    fn tail(&self, age_s: f64, bin: usize) -> (f64, f64) {
        let (low, high) = bounds(bin);
        let part = ((high - age_s) / (high - low)).clamp(0.0, 1.0);
        let left = self.mass[bin] * part;
        (left, left + self.after[bin])
    }
}

/// What is left of a job that outlived everything that was thought possible: half as long again.
fn beyond(age_s: f64) -> f64 {
    (age_s / 2.0).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_time_has_that_mean_and_quantile() {
        let known = RunTime::about(3600.0);
        assert!(
            (known.mean() / 3600.0 - 1.0).abs() < 0.15,
            "{}",
            known.mean()
        );
        let half = known.quantile_after(0.0, 0.5);
        assert!((half / 3600.0 - 1.0).abs() < 0.15, "{half}");
        let left = known.remaining(1800.0).mean_s;
        assert!((left / 1800.0 - 1.0).abs() < 0.3, "{left}");
    }

    #[test]
    fn the_index_alone_is_the_same() {
        let mut weights = [0.0; BINS];
        for (bin, weight) in weights.iter_mut().enumerate() {
            *weight = f64::from(u32::try_from(bin * 37 % 11).unwrap());
        }
        for known in [
            RunTime::of_weights(weights),
            RunTime::of_weights(weights).limited(7000.0),
            RunTime::of_weights([1.0; BINS]),
            RunTime::about(300.0),
        ] {
            for age in [0.0, 1.0, 59.0, 600.0, 3000.0, 1e5, 1e7] {
                let whole = known.remaining(age).gittins_s;
                assert!(whole.to_bits() == known.gittins_s(age).to_bits(), "{age}");
            }
        }
    }

    #[test]
    fn a_job_that_may_crash_early_is_worth_a_try() {
        let mut mass = [0.0; BINS];
        mass[bin_of(30.0)] = 0.5;
        mass[bin_of(36_000.0)] = 0.5;
        let either = RunTime::of_weights(mass);
        let new = either.remaining(0.0);
        assert!(new.mean_s > 10_000.0 && new.gittins_s < 100.0, "{new:?}");
        let old = either.remaining(600.0);
        assert!(old.gittins_s > 20_000.0, "{old:?}");
    }

    #[test]
    fn a_limit_cuts_the_tail() {
        let cut = RunTime::of_weights([1.0; BINS]).limited(3600.0);
        assert!(cut.quantile_after(0.0, 1.0) <= 4000.0);
        assert!((cut.mass().iter().sum::<f64>() - 1.0).abs() < 1e-9);
        assert!(cut.remaining(1e7).mean_s > 0.0);
    }
}
