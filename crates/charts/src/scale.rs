//! Axes: where their lines are, and where a value is on them.

/// From 0 up to a round number, in round steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Linear {
    pub step: f64,
    pub top: f64,
}

impl Linear {
    /// With three to six steps for values up to `most`.
    pub(crate) fn up_to(most: f64) -> Self {
        if !(most.is_finite() && most > 0.0) {
            return Linear {
                step: 1.0,
                top: 1.0,
            };
        }
        let unit = 10f64.powf((most / 4.0).log10().floor());
        let fits = |step: &f64| most / step <= 5.0;
        let steps = [1.0, 2.0, 5.0, 10.0].map(|times| times * unit);
        let step = steps.into_iter().find(fits).unwrap_or(10.0 * unit);
        Linear {
            step,
            top: step * (most / step - 1e-9).ceil(),
        }
    }

    pub(crate) fn percent() -> Self {
        Linear {
            step: 25.0,
            top: 100.0,
        }
    }

    /// From 0 to 1.
    pub(crate) fn place(self, value: f64) -> f64 {
        (value / self.top).clamp(0.0, 1.0)
    }

    pub(crate) fn ticks(self) -> impl Iterator<Item = f64> {
        let step = self.step;
        let count = (self.top / step).round();
        (0u32..=100)
            .map(f64::from)
            .take_while(move |n| *n <= count)
            .map(move |n| n * step)
    }
}

/// Times in minutes: each tenfold as wide, and 0 is on it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Times {
    top: f64,
}

/// Where an axis of times may have a tick, in minutes.
const TICKS: [f64; 9] = [
    0.0, 1.0, 10.0, 60.0, 360.0, 1440.0, 4320.0, 10_080.0, 43_200.0,
];

impl Times {
    pub(crate) fn up_to(most_min: f64) -> Self {
        let above = TICKS.into_iter().find(|tick| *tick >= most_min.max(10.0));
        Times {
            top: above.unwrap_or(most_min),
        }
    }

    /// From 0 to 1.
    pub(crate) fn place(self, minutes: f64) -> f64 {
        (minutes.max(0.0).ln_1p() / self.top.ln_1p()).clamp(0.0, 1.0)
    }

    pub(crate) fn ticks(self) -> impl Iterator<Item = f64> {
        TICKS.into_iter().filter(move |tick| *tick <= self.top)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round_and_cover_everything() {
        for most in [0.003, 0.9, 1.0, 7.0, 42.0, 99.0, 100.0, 3333.0, 1e7] {
            let scale = Linear::up_to(most);
            let ticks: Vec<f64> = scale.ticks().collect();
            assert!((3..=7).contains(&ticks.len()), "{most}: {ticks:?}");
            assert!(scale.top >= most * 0.999_999, "{most}: {ticks:?}");
            assert!((scale.place(most) - most / scale.top).abs() < 1e-9);
        }
        assert_eq!(Linear::up_to(0.0).ticks().collect::<Vec<_>>(), [0.0, 1.0]);
        assert_eq!(Linear::up_to(f64::NAN).top, 1.0);
    }

    #[test]
    fn times_rise_from_zero_to_the_end() {
        let scale = Times::up_to(200.0);
        let places: Vec<f64> = scale.ticks().map(|tick| scale.place(tick)).collect();
        assert_eq!((places[0], places[places.len() - 1]), (0.0, 1.0));
        assert!(places.windows(2).all(|two| two[0] < two[1]));
    }
}
