//! How good predictions are: how often what ended was within what was foretold, and how sharp
//! that was.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::experts::Expert;
use super::predictor::{Features, Guess, Predictor};
use super::run_time::{BINS, RunTime, bin_of};
use crate::math;

/// A job of the past. Times in seconds of one clock.
#[derive(Clone, Debug)]
pub struct Past {
    pub job: Features,
    pub submitted_s: f64,
    pub ended_s: f64,
    pub ran_s: f64,
}

/// The score of predictions that were made at submission, from what had ended by then.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Jobs for which something was foretold.
    pub jobs: u32,
    /// How often, in percent, the run time was at most the 10, 25, 50, 75 and 90 % quantile.
    pub covered_pct: [f64; 5],
    /// Mean surprise in bits about the interval of the run time; 5.6 for knowing nothing.
    pub bits: f64,
    /// The same of each expert alone.
    pub expert_bits: Vec<(String, f64)>,
    /// Median of |log2(median foretold / real)|: 1 is a factor of two.
    pub median_error_octaves: f64,
    /// The same for the users' own limits.
    pub limit_error_octaves: f64,
}

/// The quantiles of [`Calibration::covered_pct`].
pub const QUANTILES: [f64; 5] = [0.1, 0.25, 0.5, 0.75, 0.9];

/// Replays the past in order of time and scores what would have been foretold.
#[must_use]
pub fn calibrate(past: &[Past]) -> Calibration {
    let mut submissions: Vec<usize> = (0..past.len()).collect();
    let mut ends = submissions.clone();
    submissions.sort_by(|a, b| past[*a].submitted_s.total_cmp(&past[*b].submitted_s));
    ends.sort_by(|a, b| past[*a].ended_s.total_cmp(&past[*b].ended_s));
    let mut ends = ends.into_iter().peekable();
    let mut predictor = Predictor::default();
    let mut score = Score::default();
    let mut guesses: Vec<Option<Guess>> = vec![None; past.len()];
    for index in submissions {
        let now = past[index].submitted_s;
        while let Some(ended) = ends.next_if(|ended| past[*ended].ended_s <= now) {
            if let Some(guess) = guesses[ended].take() {
                predictor.observe(&guess, seconds(past[ended].ran_s));
            }
        }
        guesses[index] = Some(predictor.guess(past[index].job.clone()));
        if let Some(run_time) = predictor.predict(&past[index].job) {
            score.add(&past[index], &run_time, &predictor);
        }
    }
    score.finish()
}

fn seconds(value: f64) -> Duration {
    Duration::try_from_secs_f64(value).unwrap_or_default()
}

#[derive(Default)]
struct Score {
    jobs: u32,
    covered: [f64; 5],
    bits: f64,
    expert_bits: [f64; Expert::ALL.len()],
    errors: Vec<f64>,
    limit_errors: Vec<f64>,
}

impl Score {
    fn add(&mut self, past: &Past, run_time: &RunTime, predictor: &Predictor) {
        self.jobs += 1;
        for (count, quantile) in self.covered.iter_mut().zip(QUANTILES) {
            if past.ran_s <= run_time.quantile_after(0.0, quantile) {
                *count += 1.0;
            }
        }
        let bin = bin_of(past.ran_s);
        self.bits -= math::log2(run_time.mass()[bin].max(1e-9));
        let thoughts: [[f64; BINS]; Expert::ALL.len()] = predictor.thoughts(&past.job);
        for (sum, thought) in self.expert_bits.iter_mut().zip(thoughts) {
            *sum -= math::log2(thought[bin].max(1e-9));
        }
        let octaves = |foretold: f64| math::log2(foretold / past.ran_s).abs();
        self.errors.push(octaves(run_time.quantile_after(0.0, 0.5)));
        self.limit_errors
            .push(octaves(past.job.time_limit.as_secs_f64()));
    }

    fn finish(mut self) -> Calibration {
        let jobs = f64::from(self.jobs.max(1));
        Calibration {
            jobs: self.jobs,
            covered_pct: self.covered.map(|count| 100.0 * count / jobs),
            bits: self.bits / jobs,
            expert_bits: Expert::ALL
                .iter()
                .zip(self.expert_bits)
                .map(|(expert, bits)| (format!("{expert:?}"), bits / jobs))
                .collect(),
            median_error_octaves: median(&mut self.errors),
            limit_error_octaves: median(&mut self.limit_errors),
        }
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}
