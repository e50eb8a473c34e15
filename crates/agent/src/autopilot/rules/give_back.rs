//! A job that runs longer than was thought, on a time limit that was shortened for it, gets back the time
//! that it asked for before that limit ends it. That is owed: it is done whatever the rules may do by now,
//! and also when all is stopped.

use berth_domain::agent::{AgentRule, Considered, Draft};
use berth_domain::{Job, JobPatch, JobState, walltime};
use jiff::SignedDuration;

use crate::autopilot::bench::{about, update};
use crate::autopilot::seen::{Seen, later};
use crate::autopilot::words;

/// Whichever rule shortened it.
const RULE: AgentRule = AgentRule::ShortenLimit;
/// What is left of a limit that was shortened when the old one is given back.
const LEFT: f64 = 0.2;

/// What is owed now, the most urgent first.
#[must_use]
pub fn owed(seen: &Seen<'_>) -> Vec<Draft> {
    let jobs = seen.state.live().filter_map(|job| {
        let left_s = left_s(seen, job)?;
        seen.is_news(RULE, &subject(job)).then_some((left_s, job))
    });
    let mut jobs: Vec<(f64, &Job)> = jobs.collect();
    jobs.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let drafts = jobs
        .into_iter()
        .filter_map(|(left_s, job)| give_back(seen, job, left_s));
    drafts.collect()
}

/// Once for each attempt.
fn subject(job: &Job) -> String {
    format!("job {} limit back {}", job.id, job.past.len())
}

/// What is left of a limit that was shortened, if that is little.
fn left_s(seen: &Seen<'_>, job: &Job) -> Option<f64> {
    let JobState::Running { since, .. } = job.state else {
        return None;
    };
    let limit = job.spec.time_limit;
    let shortened = seen.memory.asked(job.id)?.first > limit;
    let left_s = limit.as_secs_f64() - words::seconds(since, seen.now);
    let near = left_s <= LEFT * limit.as_secs_f64();
    (shortened && near && !seen.memory.by_hand(job.id, seen.state)).then_some(left_s)
}

fn give_back(seen: &Seen<'_>, job: &Job, left_s: f64) -> Option<Draft> {
    let first = seen.memory.asked(job.id)?.first;
    let old = walltime::format(first);
    let patch = JobPatch {
        time_limit: Some(first),
        ..JobPatch::default()
    };
    let until = later(seen.now, SignedDuration::from_hours(1));
    Some(Draft {
        title: format!(
            "Job {} runs longer than its like: its limit is {old} again",
            job.id
        ),
        saw: vec![format!(
            "{} has {} left of the {} to which its limit was shortened so that it started sooner.",
            words::job(job),
            words::span(left_s),
            walltime::format(job.spec.time_limit)
        )],
        considered: vec![Considered {
            option: "leave the limit".to_owned(),
            why_not: "it would end the job and lose its work".to_owned(),
        }],
        act: Some(update(job.id, patch)),
        ..about(job, RULE, subject(job), until)
    })
}
