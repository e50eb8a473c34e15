//! A waiting job that asks for far more time than its like took is offered less, where it then starts
//! sooner: it fits before what is kept for others. If it turns out to run longer after all, it gets back
//! the time that it asked for: see [`give_back`](super::give_back).

use std::time::Duration;

use berth_domain::agent::{AgentRule, Considered, Draft};
use berth_domain::{Job, JobPatch, walltime};
use berth_scheduler::{Order, Remedy};

use crate::autopilot::bench::{Bench, about, update};
use crate::autopilot::likes::{Like, longest_own_s};
use crate::autopilot::predict::{Foreseen, quantile_s};
use crate::autopilot::words;

const RULE: AgentRule = AgentRule::ShortenLimit;
/// So many like it must have ended.
const ENOUGH: u32 = 5;
/// What is left for a job that takes longer than all before.
const MARGIN: f64 = 1.5;
/// It must ask for so many times what is proposed.
const FAR: u32 = 2;
/// It must start so much sooner, in seconds, and as a part of its wait.
const SOONER_S: f64 = 600.0;
const SOONER: f64 = 0.25;
/// Nobody else is delayed by more than this part of what it gains.
const AT_MOST: f64 = 0.5;
/// Limits that people ask for, in minutes.
const STEPS: [u64; 17] = [
    10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360, 480, 720, 1080, 1440, 2160, 2880,
];

pub(super) fn find(bench: &Bench<'_>) -> Vec<Draft> {
    let found = bench.waiting().into_iter().filter_map(|job| {
        let new = bench
            .is_news(RULE, &subject(job))
            .then(|| fitting(bench, job));
        new.flatten().map(|limit| (job, limit))
    });
    let mut drafts = Vec::new();
    for (job, limit) in bench.take_turns(found.collect()) {
        if bench.is_spent() {
            break;
        }
        drafts.extend(shorter(bench, job, limit));
    }
    drafts
}

fn subject(job: &Job) -> String {
    format!("job {} limit", job.id)
}

/// The limit that would do for a job, with a margin, if that is far less than it asks for.
pub(super) fn fitting(bench: &Bench<'_>, job: &Job) -> Option<Duration> {
    let spec = &job.spec;
    let ours = spec.interactive || spec.adopted.is_some();
    if ours || bench.seen.memory.by_hand(job.id, bench.seen.state) {
        return None;
    }
    let like = bench.likes().of_job(job);
    if like.count < ENOUGH {
        return None;
    }
    let pending = bench.pending(job.id)?;
    let nine_in_ten = quantile_s(&pending.job, 0.0, 0.9);
    // An attempt of its own that was lost tells more than its like.
    let longest = like.longest_s.max(nine_in_ten).max(longest_own_s(job));
    let limit = round_up(longest * MARGIN)?;
    (limit.checked_mul(FAR)? <= spec.time_limit).then_some(limit)
}

fn round_up(seconds: f64) -> Option<Duration> {
    let limits = STEPS
        .iter()
        .map(|minutes| Duration::from_secs(minutes * 60));
    limits
        .into_iter()
        .find(|limit| limit.as_secs_f64() >= seconds)
}

fn shorter(bench: &Bench<'_>, job: &Job, limit: Duration) -> Option<Draft> {
    let foreseen = foresee(bench, job, limit)?;
    let (without, with) = foreseen.without_s.zip(foreseen.with_s)?;
    let (sooner, effect) = (without - with, foreseen.effect);
    let (old, new) = (
        walltime::format(job.spec.time_limit),
        walltime::format(limit),
    );
    let like = bench.likes().of_job(job);
    let patch = JobPatch {
        time_limit: Some(limit),
        ..JobPatch::default()
    };
    Some(Draft {
        title: format!(
            "Job {} would start {} sooner with a time limit of {new}",
            job.id,
            words::span(sooner)
        ),
        saw: vec![
            format!(
                "{} asks for {old} and is expected to wait {} more.",
                words::job(job),
                words::span(without)
            ),
            seen_of(like),
            format!(
                "With {new} it would wait {}: it fits before what is kept for others.",
                words::span(with)
            ),
        ],
        considered: vec![
            Considered {
                option: format!("leave it at {old}"),
                why_not: format!("it then waits {} longer", words::span(sooner)),
            },
            Considered {
                option: format!("just as long as its like, {}", words::span(like.longest_s)),
                why_not: "one that takes a little longer would be ended by it".to_owned(),
            },
        ],
        act: Some(update(job.id, patch)),
        predicted: Some(effect),
        ..about(job, RULE, subject(job), bench.within(2))
    })
}

/// What the shorter limit comes to, if it pays: the job fits where it did not. A policy that goes by what is
/// predicted would also put it further ahead, since its limit bounds the prediction; that helps nobody but
/// the job itself, so that it must pay without.
fn foresee(bench: &Bench<'_>, job: &Job, limit: Duration) -> Option<Foreseen> {
    let fits = bench.foresee(Some(job.id), |snapshot| {
        for one in snapshot
            .pending
            .iter_mut()
            .filter(|one| one.job.id == job.id)
        {
            one.job.time_limit = limit;
        }
    })?;
    if !pays(&fits) || bench.seen.planning.policy.order != Order::Shortest {
        return Some(fits).filter(pays);
    }
    let remedy = Remedy::TimeLimit(limit);
    let all = bench.foresee(Some(job.id), |snapshot| {
        *snapshot = remedy.apply(snapshot, job.id);
    });
    all.filter(pays)
}

fn pays(foreseen: &Foreseen) -> bool {
    let Some((without, with)) = foreseen.without_s.zip(foreseen.with_s) else {
        return false;
    };
    let (sooner, effect) = (without - with, foreseen.effect);
    sooner >= SOONER_S
        && sooner >= SOONER * without
        && foreseen.all_s <= 0.0
        && foreseen.at_worst_s <= 0.0
        && effect.worst_delay_s <= AT_MOST * sooner
}

fn seen_of(like: Like) -> String {
    let jobs = words::count(like.count as usize, "job", "jobs");
    let cut = match like.cut {
        0 => String::new(),
        cut => format!("; {cut} more were ended by their limit"),
    };
    format!(
        "Of its like {jobs} ended by themselves not long ago, the longest after {}{cut}.",
        words::span(like.longest_s)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_such_as_people_write() {
        let minutes = |seconds| round_up(seconds).map(|limit| limit.as_secs() / 60);
        assert_eq!(minutes(1.0), Some(10));
        assert_eq!(minutes(600.0), Some(10));
        assert_eq!(minutes(601.0), Some(15));
        assert_eq!(minutes(1e9), None);
    }
}
