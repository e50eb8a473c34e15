//! How good forecasts were, now that their jobs have started.

use berth_domain::Timestamp;
use serde::{Deserialize, Serialize};

use super::Forecast;

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ForecastScore {
    /// Jobs that waited, had a forecast, and started.
    pub jobs: u32,
    /// How many of them, in percent, started by the p50 and by the p90.
    pub p50_pct: f64,
    pub p90_pct: f64,
    /// Median of |p50 - start|, in minutes.
    pub median_error_min: f64,
    /// Median width from p50 to p90, in minutes.
    pub median_width_min: f64,
}

impl ForecastScore {
    /// Of what was said and when the job then started.
    #[must_use]
    pub fn of(came: &[(Forecast, Timestamp)]) -> Self {
        let jobs = u32::try_from(came.len()).unwrap_or(u32::MAX);
        let percent = |by: fn(&Forecast) -> Timestamp| {
            let in_time = came.iter().filter(|(said, start)| *start <= by(said));
            let count = u32::try_from(in_time.count()).unwrap_or(u32::MAX);
            100.0 * f64::from(count) / f64::from(jobs.max(1))
        };
        let minutes = |from: Timestamp, to: Timestamp| to.duration_since(from).as_secs_f64() / 60.0;
        let errors = came
            .iter()
            .map(|(said, start)| minutes(said.p50, *start).abs());
        let widths = came.iter().map(|(said, _)| minutes(said.p50, said.p90));
        ForecastScore {
            jobs,
            p50_pct: percent(|said| said.p50),
            p90_pct: percent(|said| said.p90),
            median_error_min: median(errors.collect()),
            median_width_min: median(widths.collect()),
        }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}
