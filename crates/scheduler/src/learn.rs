//! What is learned from the cluster as it runs: run times, use, and how forecasts turned out. It
//! follows the state and adds to a snapshot what the state does not hold.
//!
//! Nothing here is stored: after a restart it learns again from the jobs that the state remembers.

use std::collections::{HashMap, HashSet};
use std::ops::Bound;
use std::sync::Arc;

use berth_domain::{
    Holder, Job, JobId, Outcome, Reservation, ReservationId, State, Timestamp, UserName,
};

use crate::fair::Ledger;
use crate::forecast::{Experience, Forecast};
use crate::predict::{Features, Guess, Predictor, RunTime};
use crate::snapshot::{Facts, Snapshot};

/// Everybody's jobs change what is thought of one user's too, but slowly: predictions are made
/// afresh after this many.
const REFRESH: usize = 50;

/// The planner's memory.
#[derive(Clone, Debug, Default)]
pub struct Learned {
    predictor: Predictor,
    ledger: Ledger,
    experience: Experience,
    /// What was thought of live jobs when they were first seen.
    guesses: HashMap<JobId, Guess>,
    /// Finished jobs that were taken in, with how many attempts they had.
    taken: HashSet<(JobId, usize)>,
    /// Attempts that were charged, by job.
    charged: HashMap<JobId, usize>,
    /// The last occurrence of each reservation whose idle time was charged.
    charged_idle: HashMap<ReservationId, Timestamp>,
    /// Forecasts that wait for their job to start, and when they were made.
    open: HashMap<JobId, (Timestamp, Forecast)>,
    /// Alike jobs of a user share a prediction.
    cache: HashMap<UserName, HashMap<Features, Option<Arc<RunTime>>>>,
    since_refresh: usize,
}

impl Learned {
    /// Takes in what happened since the last time.
    pub fn follow(&mut self, state: &State) {
        let new: Vec<&Job> = state
            .recent()
            .take_while(|job| !self.taken.contains(&(job.id, job.past.len())))
            .collect();
        for job in new.into_iter().rev() {
            self.taken.insert((job.id, job.past.len()));
            self.charge(job);
            self.charged.remove(&job.id);
            self.open.remove(&job.id);
            self.finished(job);
        }
        for reservation in state.reservations() {
            self.charge_idle(reservation);
        }
        for job in state.live() {
            self.charge(job);
            if !self.guesses.contains_key(&job.id) {
                let guess = self.predictor.guess(features_of(job));
                self.guesses.insert(job.id, guess);
            }
            if let Some(attempt) = job.attempt()
                && let Some((then, forecast)) = self.open.remove(&job.id)
            {
                let real = attempt.granted_at.duration_since(then).as_secs_f64();
                self.experience
                    .observe(f64::from(forecast.queue_s), real.max(0.0));
            }
        }
    }

    /// Adds predictions and use to a snapshot of the same state.
    pub fn annotate(&mut self, snapshot: &mut Snapshot) {
        snapshot.usage = self.ledger.clone();
        let waiting = snapshot.pending.iter_mut().map(|pending| &mut pending.job);
        let running = snapshot.active.iter_mut().map(|active| &mut active.job);
        for job in waiting.chain(running) {
            job.predicted = self.predict(job);
        }
    }

    /// Keeps forecasts in order to learn from them: the first of each job counts.
    pub fn keep(&mut self, forecasts: &HashMap<JobId, Forecast>, now: Timestamp) {
        for (job, forecast) in forecasts.iter().filter(|(_, forecast)| forecast.p90 > now) {
            self.open.entry(*job).or_insert((now, *forecast));
        }
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
        let known = self.cache.entry(features.owner.clone()).or_default();
        if let Some(run_time) = known.get(features) {
            return run_time.clone();
        }
        let run_time = self.predictor.predict(features);
        known.insert(features.clone(), run_time.clone());
        run_time
    }

    fn finished(&mut self, job: &Job) {
        let guess = self.guesses.remove(&job.id);
        // What was cancelled or lost would have run longer; nobody knows how long.
        let by_itself = matches!(
            job.outcome(),
            Some(Outcome::Succeeded | Outcome::Failed | Outcome::OutOfMemory | Outcome::TimedOut)
        );
        let last = job.past.last();
        let ran = last.and_then(|past| Some((past.started_at?, past.ended_at)));
        let Some((from, to)) = ran.filter(|_| by_itself) else {
            return;
        };
        let guess = guess.unwrap_or_else(|| self.predictor.guess(features_of(job)));
        let ran = std::time::Duration::try_from(to.duration_since(from)).unwrap_or_default();
        self.predictor.observe(&guess, ran);
        self.cache.remove(&job.owner);
        self.since_refresh += 1;
        if self.since_refresh >= REFRESH {
            self.since_refresh = 0;
            self.cache.clear();
        }
    }

    /// Charges who holds a reservation for what was kept and idled, up to when the occurrence was
    /// over: released, given back or ended. A project's is charged to who made it, as its jobs are
    /// to who submitted them.
    fn charge_idle(&mut self, reservation: &Reservation) {
        let charged = self.charged_idle.get(&reservation.id).copied();
        let user = match &reservation.holder {
            Holder::User(user) => user,
            Holder::Project(_) => &reservation.created_by,
        };
        let after = charged.map_or(Bound::Unbounded, Bound::Excluded);
        for (start, log) in reservation.log.range((after, Bound::Unbounded)) {
            let Some(over) = &log.over else { continue };
            self.charged_idle.insert(reservation.id, *start);
            // More than 130 years of one GPU are not told apart.
            let idle = u32::try_from(over.idle_gpu_seconds).unwrap_or(u32::MAX);
            if idle > 0 {
                self.ledger.charge(user, f64::from(idle), over.at);
            }
        }
    }

    /// Charges a job's owner for attempts that ended.
    fn charge(&mut self, job: &Job) {
        if job.past.is_empty() {
            return;
        }
        let done = self.charged.entry(job.id).or_default();
        for past in job.past.iter().skip(*done) {
            let held = past.ended_at.duration_since(past.granted_at).as_secs_f64();
            let gpus = u32::try_from(past.lease.gpu_count()).unwrap_or(u32::MAX);
            let amount = held.max(0.0) * f64::from(gpus);
            self.ledger.charge(&job.owner, amount, past.ended_at);
        }
        *done = job.past.len();
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
fn pattern(name: &str) -> String {
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
