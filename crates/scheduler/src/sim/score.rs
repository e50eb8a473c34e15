//! Forecasts scored in public: every waiting job gets a forecast when it was first left waiting,
//! and is compared with it when it starts.

use std::collections::{HashMap, HashSet};

use berth_domain::Timestamp;

use crate::dispatch::Decision;
use crate::forecast::{self, Experience, Forecast, ForecastScore};
use crate::policy::Policy;
use crate::snapshot::Snapshot;

/// Makes forecasts during a simulation, learns from them and scores them.
#[derive(Debug, Default)]
pub(super) struct Scorer {
    experience: Experience,
    open: HashMap<u64, (Timestamp, Forecast)>,
    seen: HashSet<u64>,
    came: Vec<(Forecast, Timestamp)>,
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
        let waited = now.duration_since(then).as_secs_f64();
        self.experience.observe(f64::from(forecast.queue_s), waited);
        self.came.push((forecast, now));
    }

    pub(super) fn finish(self) -> ForecastScore {
        ForecastScore::of(&self.came)
    }
}
