//! Deadlines: how near a job is to the last moment at which it may start and still be done in time.

use berth_domain::Timestamp;

use super::order::seconds_until;
use crate::snapshot::Facts;

/// A job is not hurried earlier than this before its latest start, or than it runs, whichever is
/// more.
const LEAD_S: f64 = 3600.0;

/// From 0, for a job that has no deadline, time enough, or no chance any more, to 1, for one that
/// must start now.
///
/// It rises as long before the latest careful start (deadline less the run time that is not
/// exceeded in nine cases of ten) as the job runs, and stays at 1 up to the latest hopeful start
/// (deadline less the median run time). After that the deadline is more likely missed than met, and
/// hurrying the job would only delay others.
pub(crate) fn urgency(job: &Facts, served_s: f64, now: Timestamp) -> f64 {
    let Some(deadline) = job.deadline else {
        return 0.0;
    };
    let left = seconds_until(now, deadline);
    let (hopeful, careful) = run_s(job, served_s);
    if left < hopeful {
        return 0.0;
    }
    let spare = left - careful;
    (1.0 - spare / careful.max(LEAD_S)).clamp(0.0, 1.0)
}

/// How long it is expected to run on, in seconds: the median, and what is not exceeded in nine
/// cases of ten. Its limit where nothing is known.
pub(crate) fn run_s(job: &Facts, served_s: f64) -> (f64, f64) {
    let limit = job.time_limit.as_secs_f64();
    let quantile = |chance| match &job.predicted {
        Some(run_time) => (run_time.quantile_after(served_s, chance) - served_s).min(limit),
        None => limit,
    };
    (quantile(0.5), quantile(0.9))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use berth_domain::JobId;

    use super::*;

    #[test]
    fn it_rises_up_to_the_latest_start_and_falls_when_that_is_past() {
        let hour = |n: i64| Timestamp::from_second(n * 3600).unwrap();
        // It runs for two hours, so that it must start at 8 to be done at 10.
        let job = Facts {
            time_limit: Duration::from_secs(2 * 3600),
            deadline: Some(hour(10)),
            ..Facts::new(JobId(1))
        };
        let at = |n| urgency(&job, 0.0, hour(n));
        assert_eq!([0, 6, 7, 8, 9, 11].map(at), [0.0, 0.0, 0.5, 1.0, 0.0, 0.0]);
        let without = Facts {
            deadline: None,
            ..job
        };
        assert_eq!(urgency(&without, 0.0, hour(8)), 0.0);
    }
}
