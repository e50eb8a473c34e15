//! A figure of several worlds.

/// What it is in the mean, and how sure that is.
#[derive(Clone, Copy, Debug)]
pub struct Spread {
    pub mean: f64,
    /// The standard error of the mean.
    pub error: f64,
}

impl Spread {
    pub fn of(all: &[f64]) -> Self {
        let mean = mean(all.iter().copied());
        let squares: f64 = all.iter().map(|one| (one - mean).powi(2)).sum();
        let count: f64 = all.iter().map(|_| 1.0).sum();
        Spread {
            mean,
            error: (squares / (count - 1.0) / count).sqrt(),
        }
    }
}

pub fn mean(all: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = all.fold((0.0, 0.0), |(sum, count), one| (sum + one, count + 1.0));
    if count > 0.0 { sum / count } else { f64::NAN }
}
