//! What is learned from the cluster as it runs: run times, use, and how forecasts turned out. It
//! follows the journal, event by event, and adds to a snapshot what the state does not hold.
//!
//! What it knows depends on the events alone and not on when it was asked, so that a server that
//! was started again and reads its journal ([`Learning`]) knows what it knew before.

mod past;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use berth_domain::job::PastAttempt;
use berth_domain::reservation::Over;
use berth_domain::{Event, Job, JobId, Outcome, Record, State, Timestamp};

pub use past::Learning;

use crate::fair::Usage;
use crate::forecast::{Experience, Forecast};
use crate::predict::{Features, Guess, Predictor, RunTime};
use crate::snapshot::{Facts, Snapshot};
use crate::spent::{Spent, Use};

/// The planner's memory.
#[derive(Clone, Debug, Default)]
pub struct Learned {
    predictor: Predictor,
    usage: Usage,
    spent: Spent,
    experience: Experience,
    /// What was thought of live jobs when they were submitted or changed.
    guesses: HashMap<JobId, Guess>,
    /// Forecasts that wait for their job to start and when they were made, oldest first. While
    /// the journal is read there may be several of a job that started several times.
    open: HashMap<JobId, Vec<(Timestamp, Forecast)>>,
    /// Alike jobs share a prediction, until the next job ends.
    cache: HashMap<Features, Option<Arc<RunTime>>>,
}

impl Learned {
    /// Takes in an event that was just applied to the state.
    pub fn apply(&mut self, record: &Record, state: &State) {
        if let Event::ReservationOver { over, .. } = &record.event {
            self.charge_idle(over);
        }
        let Some(job) = record.event.job().and_then(|id| state.job(id)) else {
            return;
        };
        match &record.event {
            Event::JobSubmitted { .. } | Event::JobUpdated { .. } | Event::JobRequeued { .. } => {
                self.meet(job);
            }
            Event::AttemptStarting { .. } => self.started(job.id, record.at),
            Event::AttemptExited { .. } => {
                if let Some(past) = job.past.last() {
                    self.charge(job, past);
                }
                if job.is_finished() {
                    self.finished(job, record.at);
                }
            }
            Event::JobFinished { .. } => self.finished(job, record.at),
            _ => {}
        }
    }

    /// Takes in live jobs that came before everything that was read.
    pub fn meet_strangers(&mut self, state: &State) {
        for job in state.live() {
            if !self.guesses.contains_key(&job.id) {
                self.meet(job);
            }
        }
    }

    fn meet(&mut self, job: &Job) {
        let guess = self.predictor.guess(features_of(job));
        self.guesses.insert(job.id, guess);
    }

    fn started(&mut self, job: JobId, at: Timestamp) {
        let Some(forecasts) = self.open.get_mut(&job) else {
            return;
        };
        if forecasts.first().is_some_and(|(made, _)| *made <= at) {
            let (made, forecast) = forecasts.remove(0);
            let real = at.duration_since(made).as_secs_f64();
            self.experience
                .observe(f64::from(forecast.queue_s), real.max(0.0));
        }
        if forecasts.is_empty() {
            self.open.remove(&job);
        }
    }

    /// Adds predictions and use to a snapshot of the same state.
    pub fn annotate(&mut self, snapshot: &mut Snapshot) {
        snapshot.usage = self.usage.clone();
        if !snapshot.quotas.hours.is_empty() {
            snapshot.spent = self.spent.clone();
        }
        let waiting = snapshot.pending.iter_mut().map(|pending| &mut pending.job);
        let running = snapshot.active.iter_mut().map(|active| &mut active.job);
        for job in waiting.chain(running) {
            job.predicted = self.predict(job);
        }
    }

    /// Keeps forecasts in order to learn from them: the first of each wait counts. Returns those
    /// that are kept.
    pub fn keep(
        &mut self,
        forecasts: &HashMap<JobId, Forecast>,
        now: Timestamp,
    ) -> HashMap<JobId, Forecast> {
        let mut kept = HashMap::new();
        for (job, forecast) in forecasts.iter().filter(|(_, forecast)| forecast.p90 > now) {
            if let Entry::Vacant(free) = self.open.entry(*job) {
                free.insert(vec![(now, *forecast)]);
                kept.insert(*job, *forecast);
            }
        }
        kept
    }

    /// For [`forecast`](crate::forecast) and [`explain`](crate::explain).
    #[must_use]
    pub fn experience(&self) -> &Experience {
        &self.experience
    }

    #[must_use]
    pub fn predictor(&self) -> &Predictor {
        &self.predictor
    }

    fn predict(&mut self, job: &Facts) -> Option<Arc<RunTime>> {
        let features = &self.guesses.get(&job.id)?.job;
        if let Some(run_time) = self.cache.get(features) {
            return run_time.clone();
        }
        let run_time = self.predictor.predict(features);
        self.cache.insert(features.clone(), run_time.clone());
        run_time
    }

    fn finished(&mut self, job: &Job, at: Timestamp) {
        // Those that come later are of its life after a requeue.
        if let Some(forecasts) = self.open.get_mut(&job.id) {
            forecasts.retain(|(made, _)| *made > at);
            if forecasts.is_empty() {
                self.open.remove(&job.id);
            }
        }
        let Some(guess) = self.guesses.remove(&job.id) else {
            return;
        };
        // What was cancelled or lost would have run longer; nobody knows how long.
        let by_itself = matches!(
            job.outcome(),
            Some(Outcome::Succeeded | Outcome::Failed | Outcome::OutOfMemory | Outcome::TimedOut)
        );
        let last = job.past.last().filter(|_| by_itself);
        let Some((from, to)) = last.and_then(|past| Some((past.started_at?, past.ended_at))) else {
            return;
        };
        let ran = std::time::Duration::try_from(to.duration_since(from)).unwrap_or_default();
        self.predictor.observe(&guess, ran);
        self.cache.clear();
    }

    /// Charges who holds a reservation for what was kept and idled, up to when the occurrence was
    /// over: released, given back or ended.
    fn charge_idle(&mut self, over: &Over) {
        // More than 130 years of one GPU are not told apart.
        let idle = u32::try_from(over.idle_gpu_seconds).unwrap_or(u32::MAX);
        if idle > 0 {
            let idle_s = f64::from(idle);
            self.usage.charge(&over.charged, None, idle_s, over.at);
        }
    }

    /// Charges a job's owner for an attempt that ended.
    fn charge(&mut self, job: &Job, past: &PastAttempt) {
        let gpus = u32::try_from(past.lease.gpu_count()).unwrap_or(u32::MAX);
        let amount = past.held().as_secs_f64() * f64::from(gpus);
        let (owner, project, to) = (&job.owner, job.spec.project.as_deref(), past.ended_at);
        self.usage.charge(owner, project, amount, to);
        let from = to.checked_sub(past.held()).unwrap_or(Timestamp::MIN);
        self.spent.charge(owner, project, Use { gpus, from, to });
    }
}

/// What the predictor gets to know of a job.
#[must_use]
pub fn features_of(job: &Job) -> Features {
    Features {
        owner: job.owner.clone(),
        project: job.spec.project.clone(),
        name: Some(pattern(&job.spec.name)),
        gpus: job.spec.gpus(),
        time_limit: job.spec.time_limit,
    }
}

/// A name without what changes from run to run: each number becomes `#`.
pub(crate) fn pattern(name: &str) -> String {
    let mut pattern = String::with_capacity(name.len());
    for letter in name.chars() {
        let letter = if letter.is_ascii_digit() { '#' } else { letter };
        if letter != '#' || !pattern.ends_with('#') {
            pattern.push(letter);
        }
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_one_sweep_have_one_name() {
        assert_eq!(pattern("sweep-12-lr0.001"), pattern("sweep-7-lr0.1"));
        assert_ne!(pattern("train"), pattern("eval"));
    }
}
