//! GPUs idle, nothing that waits fits them, and a task of an array would, but as many of its array run as it
//! allows: this one is let go ahead. The others keep to the limit, so that the array gets one more place and
//! no more, until one of those that run ends.

use std::collections::BTreeMap;

use berth_domain::agent::{AgentRule, Considered, Draft};
use berth_domain::{Job, JobId, JobPatch, PendingReason};
use berth_scheduler::Snapshot;

use crate::autopilot::bench::{Bench, about, update};
use crate::autopilot::words;

const RULE: AgentRule = AgentRule::FillGaps;
/// Nobody else is delayed by more than this, in seconds.
const DELAY_S: f64 = 60.0;

pub(super) fn find(bench: &Bench<'_>) -> Vec<Draft> {
    let snapshot = &bench.seen.planning.snapshot;
    let free = free(snapshot);
    if free == 0 || snapshot.executor_down.is_some() {
        return vec![];
    }
    let mut drafts = Vec::new();
    for (array, (job, limit)) in held_back(bench) {
        if bench.is_spent() {
            break;
        }
        if job.spec.gpus() <= free && bench.is_news(RULE, &subject(array)) {
            drafts.extend(go_ahead(bench, array, job, limit));
        }
    }
    drafts
}

fn subject(array: JobId) -> String {
    format!("array {array} at once")
}

fn free(snapshot: &Snapshot) -> u32 {
    let nodes = snapshot.nodes.iter().filter(|node| !node.cordoned);
    let free: usize = nodes.map(|node| node.free.len()).sum();
    u32::try_from(free).unwrap_or(u32::MAX)
}

/// The first task of each array that its limit keeps waiting, and the limit.
fn held_back<'a>(bench: &Bench<'a>) -> BTreeMap<JobId, (&'a Job, u32)> {
    let mut first = BTreeMap::new();
    for (id, reason) in &bench.seen.plan.reasons {
        let PendingReason::ArrayLimit { limit } = reason else {
            continue;
        };
        let job = bench
            .seen
            .state
            .live_job(*id)
            .filter(|job| job.is_waiting());
        let Some((job, task)) = job.and_then(|job| Some((job, job.spec.array?))) else {
            continue;
        };
        let known = first.entry(task.array).or_insert((job, *limit));
        if job.id < known.0.id {
            *known = (job, *limit);
        }
    }
    first
}

fn go_ahead(bench: &Bench<'_>, array: JobId, job: &Job, limit: u32) -> Option<Draft> {
    let running = running(bench, array);
    let raised = running.max(limit) + 1;
    let foreseen = bench.foresee(Some(job.id), |snapshot| {
        for one in snapshot
            .pending
            .iter_mut()
            .filter(|one| one.job.id == job.id)
        {
            one.job.array = Some((array, Some(raised)));
        }
    })?;
    let (without, with) = foreseen.without_s.zip(foreseen.with_s)?;
    let at_once = with < 1.0 && without >= DELAY_S;
    if !at_once || foreseen.effect.worst_delay_s > DELAY_S {
        return None;
    }
    let known = bench.seen.state.array(array);
    let queued = known.map_or(0, |array| array.tasks.queued);
    let name = known.map_or("", |array| array.name.as_str());
    let free = free(&bench.seen.planning.snapshot);
    let patch = JobPatch {
        at_once: Some(raised),
        ..JobPatch::default()
    };
    Some(Draft {
        title: format!("Let one more task of array {array} run: GPUs idle"),
        saw: vec![
            format!(
                "{} and nothing that waits fits them.",
                words::count(free as usize, "GPU is free,", "GPUs are free,")
            ),
            format!(
                "Array {array} ({name}) of {} allows {limit} tasks at once; {running} run and {queued} \
                 are queued. Its task {} would start now, {} sooner.",
                job.owner,
                job.id,
                words::span(without)
            ),
        ],
        considered: vec![
            Considered {
                option: "raise the limit of the whole array".to_owned(),
                why_not: "its owner set it: one task ahead of time fills the gap and is soon over"
                    .to_owned(),
            },
            Considered {
                option: "keep to the limit".to_owned(),
                why_not: "nobody else can use what is free, and nobody is delayed".to_owned(),
            },
        ],
        act: Some(update(job.id, patch)),
        predicted: Some(foreseen.effect),
        ..about(job, RULE, subject(array), bench.within(1))
    })
}

fn running(bench: &Bench<'_>, array: JobId) -> u32 {
    let active = bench.seen.planning.snapshot.active.iter();
    let of_it = active.filter(|one| one.job.array.is_some_and(|(of, _)| of == array));
    u32::try_from(of_it.count()).unwrap_or(u32::MAX)
}
