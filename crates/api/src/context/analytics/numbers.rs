//! Means and percentiles.

/// A weighted mean under way; unknown as long as nothing was added.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Mean {
    pub sum: f64,
    pub weight: f64,
}

impl Mean {
    pub(super) fn add(&mut self, value: f64, weight: f64) {
        if weight > 0.0 {
            self.sum += value * weight;
            self.weight += weight;
        }
    }

    pub(super) fn merge(&mut self, other: Mean) {
        self.sum += other.sum;
        self.weight += other.weight;
    }

    pub(super) fn get(self) -> Option<f64> {
        (self.weight > 0.0).then(|| self.sum / self.weight)
    }
}

/// Of values in rising order: the smallest that so many percent of them do not exceed.
pub(super) fn percentile(sorted: &[f64], percent: u32) -> Option<f64> {
    let percent = usize::try_from(percent).unwrap_or(100);
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

pub(super) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / float(values.len()))
}

/// A count as a number to calculate with.
pub(super) fn float(count: usize) -> f64 {
    f64::from(whole(count))
}

pub(super) fn whole(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// A part of a whole in percent; unknown of nothing.
pub(super) fn percent(part: usize, all: usize) -> Option<f64> {
    (all > 0).then(|| 100.0 * float(part) / float(all))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_percentile_is_the_least_value_that_covers_its_share(
            mut values in prop::collection::vec(0.0f64..1e6, 1..200),
            asked in 1u32..=100,
        ) {
            values.sort_by(f64::total_cmp);
            let found = percentile(&values, asked).unwrap();
            let covered = |limit: f64| values.iter().filter(|value| **value <= limit).count();
            let enough = |count: usize| 100 * count >= values.len() * asked as usize;
            prop_assert!(enough(covered(found)));
            for lower in values.iter().filter(|value| **value < found) {
                prop_assert!(!enough(covered(*lower)));
            }
        }
    }

    #[test]
    fn of_nothing_nothing_is_known() {
        assert_eq!(percentile(&[], 50), None);
        assert_eq!(mean(&[]), None);
        assert_eq!(Mean::default().get(), None);
        assert_eq!(percent(0, 0), None);
    }
}
