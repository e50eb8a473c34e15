//! Forecasts scored in public: every waiting job gets a forecast when it was first left waiting,
//! and is compared with it when it starts.

use std::collections::{HashMap, HashSet};

use berth_domain::Timestamp;
use serde::{Deserialize, Serialize};

use crate::dispatch::Decision;
use crate::forecast::{self, Experience, Forecast};
use crate::policy::Policy;
use crate::snapshot::Snapshot;

/// How good the forecasts of a run were.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ForecastScore {
    /// Jobs that waited and had a forecast.
    pub jobs: u32,
    /// How many of them, in percent, started by the p50 and by the p90.
    pub p50_pct: f64,
    pub p90_pct: f64,
    /// Median of |p50 - start|, in minutes.
    pub median_error_min: f64,
    /// Median width from p50 to p90, in minutes.
    pub median_width_min: f64,
}

/// Makes forecasts during a simulation, learns from them and scores them.
#[derive(Debug, Default)]
pub(super) struct Scorer {
    experience: Experience,
    open: HashMap<u64, (Timestamp, Forecast)>,
    seen: HashSet<u64>,
    by_p50: u32,
    by_p90: u32,
    errors: Vec<f64>,
    widths: Vec<f64>,
}

impl Scorer {
    /// Gives a forecast to whoever waits and has none.
    pub(super) fn forecast(
        &mut self,
        snapshot: &Snapshot,
        policy: &Policy,
        decision: &Decision,
        now: Timestamp,
    ) {
        let new = |index: usize| !self.seen.contains(&snapshot.pending[index].job.id.0);
        if !decision.waiting.iter().any(|(index, _)| new(*index)) {
            return;
        }
        let all = forecast::of_decision(snapshot, policy, now, &self.experience, decision);
        for (index, _) in &decision.waiting {
            let id = snapshot.pending[*index].job.id;
            if self.seen.insert(id.0)
                && let Some(forecast) = all.get(&id)
            {
                self.open.insert(id.0, (now, *forecast));
            }
        }
    }

    pub(super) fn started(&mut self, id: u64, now: Timestamp) {
        let Some((then, forecast)) = self.open.remove(&id) else {
            return;
        };
        let seconds = |from: Timestamp, to: Timestamp| to.duration_since(from).as_secs_f64();
        self.experience
            .observe(f64::from(forecast.queue_s), seconds(then, now));
        self.by_p50 += u32::from(now <= forecast.p50);
        self.by_p90 += u32::from(now <= forecast.p90);
        self.errors.push(seconds(forecast.p50, now).abs() / 60.0);
        self.widths.push(seconds(forecast.p50, forecast.p90) / 60.0);
    }

    pub(super) fn finish(mut self) -> ForecastScore {
        let jobs = u32::try_from(self.errors.len()).unwrap_or(u32::MAX);
        let percent = |count: u32| 100.0 * f64::from(count) / f64::from(jobs.max(1));
        ForecastScore {
            jobs,
            p50_pct: percent(self.by_p50),
            p90_pct: percent(self.by_p90),
            median_error_min: median(&mut self.errors),
            median_width_min: median(&mut self.widths),
        }
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}
