//! Learning again from a journal what was learned while it was written.

use berth_domain::{JobId, Record, State, Timestamp};

use super::Learned;
use crate::forecast::Forecast;

/// A memory in the making, and the state as of the last event read.
#[derive(Debug, Default)]
pub struct Learning {
    state: State,
    learned: Learned,
}

impl Learning {
    /// With the forecasts that were kept, each with when it was made, oldest first.
    pub fn with(forecasts: impl IntoIterator<Item = (JobId, Timestamp, Forecast)>) -> Self {
        let mut learning = Learning::default();
        for (job, made, forecast) in forecasts {
            let open = learning.learned.open.entry(job).or_default();
            open.push((made, forecast));
        }
        learning
    }

    /// Reads on. What is about jobs from before the first event that was read is passed over.
    pub fn read(&mut self, record: &Record) {
        if self.state.apply(record).is_ok() {
            self.learned.apply(record, &self.state);
        }
    }

    /// What was learned; `state` is the whole state after the last event.
    #[must_use]
    pub fn finish(mut self, state: &State) -> Learned {
        self.learned.meet_strangers(state);
        self.learned
    }
}
