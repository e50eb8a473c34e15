//! How long jobs like a given one took, of those that ended not long ago: the same owner, size and name
//! but for numbers.
//!
//! The planner's prediction is a mix in which nothing is impossible, so that its far quantiles are long
//! whatever was seen. What is shown to people, and the limit that is proposed, rests on these.

use std::collections::HashMap;

use berth_domain::job::PastAttempt;
use berth_domain::{Job, Outcome, State, UserName};
use berth_scheduler::features_of;

/// What was seen of jobs like one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Like {
    /// How many ended by themselves, and did not fail.
    pub(super) count: u32,
    /// The longest, in seconds.
    pub(super) longest_s: f64,
    /// How many were ended by their time limit.
    pub(super) cut: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Kind {
    owner: UserName,
    name: Option<String>,
    gpus: u32,
}

impl Kind {
    fn of(job: &Job) -> Self {
        let features = features_of(job);
        Kind {
            owner: features.owner,
            name: features.name,
            gpus: features.gpus,
        }
    }
}

#[derive(Debug)]
pub(super) struct Likes(HashMap<Kind, Like>);

impl Likes {
    pub(super) fn of(state: &State) -> Self {
        let mut all: HashMap<Kind, Like> = HashMap::new();
        for job in state.recent() {
            let cut = match job.outcome() {
                Some(Outcome::Succeeded) => false,
                Some(Outcome::TimedOut) => true,
                _ => continue,
            };
            let Some(ran_s) = ran_s(job) else { continue };
            let like = all.entry(Kind::of(job)).or_default();
            like.count += u32::from(!cut);
            like.cut += u32::from(cut);
            like.longest_s = like.longest_s.max(ran_s);
        }
        Likes(all)
    }

    pub(super) fn of_job(&self, job: &Job) -> Like {
        self.0.get(&Kind::of(job)).copied().unwrap_or_default()
    }
}

/// How long its last attempt ran.
fn ran_s(job: &Job) -> Option<f64> {
    job.past.last().and_then(attempt_s)
}

/// How long the longest of its own attempts ran, which it may have to run again.
pub(super) fn longest_own_s(job: &Job) -> f64 {
    job.past.iter().filter_map(attempt_s).fold(0.0, f64::max)
}

fn attempt_s(past: &PastAttempt) -> Option<f64> {
    let ran = past.ended_at.duration_since(past.started_at?);
    Some(ran.as_secs_f64().max(0.0))
}
