//! Forecasts on their way to disk. They are written with whatever is committed next, so that they
//! cost no write of their own, or alone after a moment in which nothing is.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use berth_domain::{JobId, Record, Timestamp};
use berth_scheduler::Forecast;
use berth_store::Foretold;
use tokio::time::Instant;

/// So long they wait to be written with something else.
const ALONE_AFTER: Duration = Duration::from_secs(1);
/// How many are written at once: when a long queue is first looked at there are thousands, and no
/// commit is to wait for them.
const AT_ONCE: usize = 100;

#[derive(Debug, Default)]
pub(crate) struct Unwritten {
    rows: Vec<Foretold>,
    due: Option<Instant>,
}

impl Unwritten {
    pub(crate) fn add(&mut self, made: HashMap<JobId, Forecast>, now: Timestamp) {
        self.rows
            .extend(made.into_iter().map(|(job, forecast)| Foretold {
                job,
                made_at: now,
                queue_s: forecast.queue_s,
                p50: forecast.p50,
                p90: forecast.p90,
            }));
        if !self.rows.is_empty() && self.due.is_none() {
            self.due = Some(Instant::now() + ALONE_AFTER);
        }
    }

    /// When they are to be written alone.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// What is to be written with these records: forecasts of jobs that they are about, which may
    /// start with them, and some others.
    pub(crate) fn with(&mut self, records: &[Record]) -> Vec<Foretold> {
        if self.rows.len() <= AT_ONCE {
            return self.rows.clone();
        }
        let jobs = records.iter().filter_map(|record| record.event.job());
        let jobs: HashSet<JobId> = jobs.collect();
        self.rows.sort_by_key(|one| !jobs.contains(&one.job));
        let theirs = self.rows.partition_point(|one| jobs.contains(&one.job));
        self.rows[..theirs.max(AT_ONCE)].to_vec()
    }

    /// The first so many are on disk. The others follow at once, but after whatever else there is
    /// to do.
    pub(crate) fn written(&mut self, count: usize) {
        self.rows.drain(..count);
        self.due = (!self.rows.is_empty()).then(Instant::now);
    }

    /// They could not be written.
    pub(crate) fn later(&mut self, pause: Duration) {
        self.due = Some(Instant::now() + pause);
    }
}
