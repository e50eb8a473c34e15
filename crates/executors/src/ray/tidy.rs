//! Jobs that nobody asks about any more, on their way out of Ray's table, which would otherwise grow
//! with all that ever ran.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use berth_ray::Ray;

/// A job is asked about again after twice as long each time.
const FIRST: Duration = Duration::from_secs(2);
const LAST: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(super) struct Tidy {
    jobs: BTreeMap<String, Leaving>,
}

#[derive(Debug)]
struct Leaving {
    due: Instant,
    wait: Duration,
    asking: bool,
}

impl Tidy {
    pub(super) fn add(&mut self, ids: impl IntoIterator<Item = String>) {
        for id in ids {
            self.jobs.entry(id).or_insert(Leaving {
                due: Instant::now() + FIRST,
                wait: FIRST,
                asking: false,
            });
        }
    }

    /// What is to be tidied now, and whether it had its time to end by itself.
    pub(super) fn due(&mut self, now: Instant) -> Vec<(String, bool)> {
        let due = self
            .jobs
            .iter_mut()
            .filter(|(_, job)| !job.asking && job.due <= now);
        due.map(|(id, job)| {
            job.asking = true;
            (id.clone(), job.wait > FIRST)
        })
        .collect()
    }

    pub(super) fn tried(&mut self, id: &str, done: bool) {
        if done {
            self.jobs.remove(id);
        } else if let Some(job) = self.jobs.get_mut(id) {
            job.asking = false;
            job.due = Instant::now() + job.wait;
            job.wait = (job.wait * 2).min(LAST);
        }
    }
}

/// Removes a job that is over; asks Ray to end one that is not. Returns whether it is gone.
pub(super) async fn tidy(ray: &Ray, id: &str, stop: bool) -> bool {
    match ray.job(id).await {
        Ok(None) => true,
        Ok(Some(job)) if job.status.is_over() => ray.delete(id).await.is_ok(),
        Ok(Some(_)) if stop => {
            // Whatever it answers, the job is asked about again.
            let _ = ray.stop(id).await;
            false
        }
        _ => false,
    }
}
