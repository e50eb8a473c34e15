//! Whom to believe: every expert's word is weighted by how well it foretold the jobs that ended,
//! of this user and of everybody.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use berth_domain::UserName;

use super::experts::{Expert, Experts};
use super::run_time::{BINS, RunTime, bin_of};
use crate::math;

const COUNT: usize = Expert::ALL.len();
/// What a score keeps of what was before, a job of the user.
const USER_KEEP: f64 = 0.95;
/// The same for everybody's score.
const OVERALL_KEEP: f64 = 0.99;
/// How many jobs of the user everybody's experience counts as.
const OVERALL_JOBS: f64 = 5.0;
/// How fast scores turn into belief: 1 would be right if jobs were independent, but those of one
/// sweep are alike, and a few of them should not settle whom to believe.
const LEARNING_RATE: f64 = 0.15;
/// Jobs seen before anything is said.
const ENOUGH: u32 = 10;

/// What is known of a job when it is submitted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Features {
    pub owner: UserName,
    pub project: Option<String>,
    /// Its name, or the program it runs, without what changes from run to run.
    pub name: Option<String>,
    pub gpus: u32,
    pub time_limit: Duration,
}

/// What was thought of a job when it was submitted. It is kept until the job ends, because
/// experts are judged by what they said then, not by what they know afterwards.
#[derive(Clone, Debug)]
pub struct Guess {
    pub(crate) job: Features,
    /// Boxed and in half the precision: there is one for every live job.
    thoughts: Box<[[f32; BINS]; COUNT]>,
}

/// Learns run times as jobs end.
///
/// Experts are mixed by exponential weights on their logarithmic loss, as in the Bayesian
/// mixture of Vovk's aggregating algorithm (Cesa-Bianchi and Lugosi 2006, chapter 9); scores fade,
/// because people change what they do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Predictor {
    experts: Experts,
    overall: [f64; COUNT],
    overall_jobs: f64,
    by_user: HashMap<UserName, [f64; COUNT]>,
    seen: u32,
}

impl Predictor {
    /// Takes a job's features at submission.
    #[must_use]
    pub fn guess(&self, job: Features) -> Guess {
        Guess {
            thoughts: Box::new(self.experts.think(&job).map(|one| one.map(narrow))),
            job,
        }
    }

    /// The run time of a job as a distribution, by what is known now; `None` while too little was
    /// seen.
    #[must_use]
    pub fn predict(&self, job: &Features) -> Option<Arc<RunTime>> {
        if self.seen < ENOUGH {
            return None;
        }
        Some(Arc::new(self.mix(job)))
    }

    /// A job ended by itself after this long.
    pub fn observe(&mut self, guess: &Guess, ran: Duration) {
        let seconds = ran.as_secs_f64();
        let bin = bin_of(seconds);
        let job = &guess.job;
        let thoughts = self.experts.think(job);
        let losses: [f64; COUNT] = std::array::from_fn(|expert| {
            (math::ln(f64::from(guess.thoughts[expert][bin])) + math::ln(thoughts[expert][bin]))
                / 2.0
        });
        let user = self
            .by_user
            .entry(job.owner.clone())
            .or_insert([0.0; COUNT]);
        for expert in 0..COUNT {
            user[expert] = user[expert] * USER_KEEP + losses[expert];
            self.overall[expert] = self.overall[expert] * OVERALL_KEEP + losses[expert];
        }
        self.overall_jobs = self.overall_jobs * OVERALL_KEEP + 1.0;
        self.experts.observe(job, seconds);
        self.seen = self.seen.saturating_add(1);
    }

    /// How much each expert is believed for this user; sums to 1.
    #[must_use]
    pub fn beliefs(&self, owner: &UserName) -> [(Expert, f64); COUNT] {
        let user = self.by_user.get(owner);
        let scores: [f64; COUNT] = std::array::from_fn(|expert| {
            let own = user.map_or(0.0, |user| user[expert]);
            own + self.overall[expert] * OVERALL_JOBS / self.overall_jobs.max(1.0)
        });
        let best = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let weights = scores.map(|score| math::exp(LEARNING_RATE * (score - best)));
        let sum: f64 = weights.iter().sum();
        std::array::from_fn(|expert| (Expert::ALL[expert], weights[expert] / sum))
    }

    /// What each expert thinks of a job, as chances of the intervals.
    pub(super) fn thoughts(&self, job: &Features) -> [[f64; BINS]; COUNT] {
        self.experts.think(job)
    }

    fn mix(&self, job: &Features) -> RunTime {
        let thoughts = self.experts.think(job);
        let mut mass = [0.0; BINS];
        for (thought, (_, weight)) in thoughts.iter().zip(self.beliefs(&job.owner)) {
            for (sum, chance) in mass.iter_mut().zip(thought) {
                *sum += weight * chance;
            }
        }
        RunTime::of_weights(mass).limited(job.time_limit.as_secs_f64())
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a chance needs few digits")]
fn narrow(chance: f64) -> f32 {
    chance as f32
}
