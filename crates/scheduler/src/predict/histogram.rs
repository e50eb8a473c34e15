//! Counts of run times, by interval, in which older ones fade.

use super::run_time::BINS;

/// How an observation spreads over the intervals around its own, as weights of distance 0, 1, 2…:
/// a run time says something of similar ones too.
const KERNEL: [f64; 4] = [0.36, 0.20, 0.09, 0.03];

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Histogram {
    counts: [f64; BINS],
    total: f64,
}

impl Default for Histogram {
    fn default() -> Self {
        Histogram {
            counts: [0.0; BINS],
            total: 0.0,
        }
    }
}

impl Histogram {
    /// Counts one more; what was counted before is multiplied by `keep`.
    pub(super) fn add(&mut self, bin: usize, keep: f64) {
        if keep < 1.0 {
            self.counts.iter_mut().for_each(|count| *count *= keep);
            self.total *= keep;
        }
        for (distance, weight) in KERNEL.iter().enumerate() {
            // At the ends the weight stays in the last interval.
            let low = bin.saturating_sub(distance);
            let high = (bin + distance).min(BINS - 1);
            self.counts[low] += weight;
            if distance > 0 {
                self.counts[high] += weight;
            }
            self.total += if distance > 0 { 2.0 * weight } else { *weight };
        }
    }

    /// The counts as chances, with `prior` counted `strength` times: what is seldom seen keeps to
    /// what is known in general (additive smoothing with a Dirichlet prior).
    pub(super) fn smoothed(&self, prior: &[f64; BINS], strength: f64) -> [f64; BINS] {
        let sum = self.total + strength;
        std::array::from_fn(|bin| (self.counts[bin] + strength * prior[bin]) / sum)
    }
}
