//! Who comes to a queue that is replayed: afterwards those who came, beforehand as many as came the day
//! before.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use berth_domain::{Job, JobId, State, Timestamp};
use berth_orchestrator::Planning;
use berth_scheduler::predict::{RunTime, bin_of};
use berth_scheduler::{Facts, Gate, Pending};
use jiff::SignedDuration;

use super::seen::later;
use super::words::seconds;

/// Those who came within this time before come again as long after.
pub(super) const DAY: SignedDuration = SignedDuration::from_hours(24);
/// No more than these are taken to come.
const MOST: usize = 200;

/// What was predicted at some time of jobs that were there: who comes later is taken to be like one of the
/// same owner, or like any. With what came of it it would stand elsewhere in the line.
pub(super) struct Foretold<'a>(Vec<&'a Facts>);

impl<'a> Foretold<'a> {
    pub(super) fn of(planning: &'a Planning) -> Self {
        let waiting = planning.snapshot.pending.iter().map(|one| &one.job);
        let running = planning.snapshot.active.iter().map(|one| &one.job);
        let all = waiting.chain(running);
        Foretold(all.filter(|job| job.predicted.is_some()).collect())
    }

    fn of_job(&self, job: &Facts) -> Option<Arc<RunTime>> {
        let alike = |other: &&&Facts| {
            let limit = |job: &Facts| bin_of(job.time_limit.as_secs_f64());
            let (own, size) = (other.owner == job.owner, other.gpus() == job.gpus());
            (own, own && size, limit(other) == limit(job))
        };
        let like = self.0.iter().max_by_key(alike)?;
        let run_time = like.predicted.as_deref()?.clone();
        Some(Arc::new(run_time.limited(job.time_limit.as_secs_f64())))
    }

    /// A job as it was when it came.
    pub(super) fn as_it_came(&self, job: &Job) -> Facts {
        let facts = Facts {
            service: Duration::ZERO,
            preemptions: 0,
            moved: None,
            ..Facts::of(job)
        };
        Facts {
            predicted: self.of_job(&facts),
            ..facts
        }
    }
}

/// Jobs that come, in order of time, and how long those run of which that is known.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    pub(super) all: Vec<(Timestamp, Pending)>,
    pub(super) run_s: HashMap<JobId, f64>,
}

impl Arrivals {
    /// As many and such as came on the day before, at the same times.
    pub(super) fn as_yesterday(state: &State, planning: &Planning, now: Timestamp) -> Self {
        let foretold = Foretold::of(planning);
        let all = state.live().chain(state.recent());
        let mut came: Vec<(Timestamp, &Job)> = all
            .filter(|job| later(job.submitted_at, DAY) > now && job.spec.gpus() > 0)
            .filter(|job| !job.is_finished() || !job.past.is_empty())
            .map(|job| (later(job.submitted_at, DAY), job))
            .collect();
        came.sort_by_key(|(at, job)| (*at, job.id));
        came.truncate(MOST);
        let mut arrivals = Arrivals::default();
        // Numbers that nobody has, and last in the order of submission.
        let next = state.next_job().0;
        let ordinal = state.counters().last_ordinal;
        for ((at, job), place) in came.into_iter().zip(1..) {
            let id = JobId(next + place);
            if job.is_finished() {
                let ran = job
                    .past
                    .iter()
                    .map(|past| seconds(past.granted_at, past.ended_at));
                arrivals.run_s.insert(id, ran.sum());
            }
            let facts = Facts {
                id,
                rank: berth_domain::Rank::ordinal(ordinal + place),
                submitted_at: at,
                array: None,
                deadline: None,
                ..foretold.as_it_came(job)
            };
            let gate = Gate::Open;
            arrivals.all.push((at, Pending { job: facts, gate }));
        }
        arrivals
    }
}
