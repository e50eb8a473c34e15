//! Jobs that hold GPUs and do not use them, told apart five ways, and jobs that fail again and again.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use berth_domain::{AlertRule, Choice, Job, JobId, JobState, Subject, Timestamp};
use jiff::SignedDuration;

use crate::condition::{Condition, Verdict, Words, if_wrong};
use crate::observed::{GpuNow, Observed};
use crate::rules::Rules;
use crate::words;

/// Less of the memory than this is what a process needs to be there at all.
const LITTLE_MEMORY_PCT: f64 = 3.0;
/// Below it a GPU does nothing rather than little.
const NOTHING_PCT: f64 = 3.0;
/// How fast the mean of what a job's GPUs do follows.
const MEAN_OVER_S: f64 = 300.0;
/// All multiprocessors wait at this.
const FULL_PCT: f64 = 98.0;
/// What spins in a collective draws less of its power limit than this.
const SPINNING_POWER: f32 = 0.45;
/// A try that is over sooner did nothing.
const SHORT: SignedDuration = SignedDuration::from_mins(5);

/// What the GPUs of jobs did of late.
#[derive(Debug, Default)]
pub(crate) struct Means(HashMap<JobId, Mean>);

#[derive(Debug)]
struct Mean {
    busy: f64,
    at: Timestamp,
}

pub(crate) fn look(observed: &Observed, rules: &Rules, means: &mut Means) -> Vec<Condition> {
    let mut held: BTreeMap<JobId, (&Job, Vec<GpuNow>)> = BTreeMap::new();
    for gpu in observed.gpus() {
        if let Some(job) = gpu.holder {
            held.entry(job.id)
                .or_insert_with(|| (job, vec![]))
                .1
                .push(gpu);
        }
    }
    means.0.retain(|job, _| held.contains_key(job));
    let mut found = Vec::new();
    for (job, gpus) in held.values() {
        if matches!(job.state, JobState::Running { .. }) {
            found.extend(idle(observed, rules, means, job, gpus));
        }
    }
    found.extend(failing(observed, rules));
    found
}

/// What a GPU that is held does.
enum Does {
    Nothing { process: Option<bool>, memory: bool },
    Something,
    Unknown,
}

fn does(gpu: &GpuNow, rules: &Rules) -> Does {
    let limit = rules
        .get(AlertRule::IdleProcess)
        .map_or(1.0, |rule| rule.limit);
    let Some(sample) = gpu.sample else {
        return Does::Unknown;
    };
    match sample.busy_pct {
        None => Does::Unknown,
        Some(busy) if f64::from(busy) > limit => Does::Something,
        Some(_) => Does::Nothing {
            process: sample.processes.as_ref().map(|all| !all.is_empty()),
            memory: gpu.memory_pct().is_some_and(|pct| pct > LITTLE_MEMORY_PCT),
        },
    }
}

fn idle(
    observed: &Observed,
    rules: &Rules,
    means: &mut Means,
    job: &Job,
    gpus: &[GpuNow],
) -> Vec<Condition> {
    let (mut empty, mut resting, mut holding, mut unknown) = (0, 0, 0, 0);
    for gpu in gpus {
        match does(gpu, rules) {
            Does::Unknown => unknown += 1,
            Does::Something => {}
            Does::Nothing { memory: true, .. } => holding += 1,
            Does::Nothing {
                process: Some(false),
                ..
            } => empty += 1,
            Does::Nothing { .. } => resting += 1,
        }
    }
    let all = gpus.len();
    let count = |rule, count, what: &str| {
        let words = (count > 0).then(|| {
            let gpus = words::of_gpus(count, all);
            about(job, &format!("{} holds {gpus} {what}", words::job(job)))
        });
        let verdict = match words {
            None if unknown > 0 => Verdict::Unknown,
            words => if_wrong(words),
        };
        of(job, rule, verdict)
    };
    vec![
        count(AlertRule::NoProcess, empty, "without any process on them"),
        count(
            AlertRule::IdleProcess,
            resting,
            "on which its processes do nothing",
        ),
        count(
            AlertRule::MemoryHeld,
            holding,
            "whose memory is in use and which do nothing",
        ),
        of(
            job,
            AlertRule::Starved,
            starved(observed, rules, means, job, gpus),
        ),
        of(
            job,
            AlertRule::HungCollective,
            hung(observed, rules, job, gpus),
        ),
    ]
}

fn of(job: &Job, rule: AlertRule, verdict: Verdict) -> Condition {
    Condition {
        rule,
        subject: Subject::Job { job: job.id },
        verdict,
    }
}

fn about(job: &Job, text: &str) -> Words {
    let mut choices = vec![Choice::Keep, Choice::Stop];
    if job.spec.adopted.is_none() {
        choices.push(Choice::Requeue);
        if !job.spec.preemptible {
            choices.push(Choice::Preemptible);
        }
    }
    Words {
        text: words::sentence(text) + ".",
        advice: "Look at its log. If it is to stay as it is for now, say for how long and why; \
                 otherwise stop it, so that others get its GPUs."
            .to_owned(),
        asks: Some(job.owner.clone()),
        choices,
    }
}

/// It works, but little of the time: mostly it waits for its data.
fn starved(
    observed: &Observed,
    rules: &Rules,
    means: &mut Means,
    job: &Job,
    gpus: &[GpuNow],
) -> Verdict {
    let busy: Option<Vec<f64>> = gpus
        .iter()
        .map(|gpu| gpu.sample?.busy_pct.map(f64::from))
        .collect();
    let Some(busy) = busy.filter(|busy| !busy.is_empty()) else {
        return Verdict::Unknown;
    };
    let mean = means.take(job.id, average(&busy), observed.now);
    let limit = rules.get(AlertRule::Starved).map_or(0.0, |rule| rule.limit);
    if mean >= limit || mean <= NOTHING_PCT {
        return Verdict::Fine;
    }
    Verdict::Wrong(Words {
        advice: "It waits for its data or for the processor most of the time: more data-loader \
                 workers, a faster disk, or larger batches help. With fewer GPUs it would be about \
                 as fast."
            .to_owned(),
        ..about(
            job,
            &format!(
                "{} keeps its {} busy only {mean:.0}% of the time",
                words::job(job),
                if gpus.len() == 1 {
                    "GPU".to_owned()
                } else {
                    format!("{} GPUs", gpus.len())
                }
            ),
        )
    })
}

/// Every GPU is at 100 % and hardly works, and nothing is written: they wait for each other.
fn hung(observed: &Observed, rules: &Rules, job: &Job, gpus: &[GpuNow]) -> Verdict {
    let Some(rule) = rules.get(AlertRule::HungCollective) else {
        return Verdict::Fine;
    };
    if gpus.len() < 2 {
        return Verdict::Fine;
    }
    let mut unknown = false;
    for gpu in gpus {
        let Some(sample) = gpu.sample else {
            unknown = true;
            continue;
        };
        let spins = match (sample.sm_active_pct, sample.power_w, sample.power_limit_w) {
            (Some(working), ..) => f64::from(working) <= rule.limit,
            (None, Some(power), Some(limit)) => power <= limit * SPINNING_POWER,
            _ => false,
        };
        match sample.busy_pct {
            None => unknown = true,
            Some(busy) if f64::from(busy) >= FULL_PCT && spins => {}
            Some(_) => return Verdict::Fine,
        }
    }
    if unknown {
        return Verdict::Unknown;
    }
    let silent = job
        .attempt_id()
        .and_then(|attempt| observed.logs.get(&attempt))
        .map(|at| observed.now.duration_since(*at));
    let lasts = SignedDuration::try_from(rule.lasts).unwrap_or(SignedDuration::MAX);
    let Some(silent) = silent.filter(|silent| *silent >= lasts) else {
        return Verdict::Fine;
    };
    let silent = Duration::try_from(silent).unwrap_or_default();
    Verdict::Wrong(Words {
        advice: "A rank that died or left the loop early makes all others wait for ever. Look at the \
                 last lines of each rank's log; NCCL_DEBUG=INFO and a time-out of the process group \
                 help to find it. Stop it or requeue it."
            .to_owned(),
        ..about(
            job,
            &format!(
                "{} seems to hang in a collective: {} at 100% with hardly any work, and \
                 nothing written for {}",
                words::job(job),
                words::of_gpus(gpus.len(), gpus.len()),
                words::span(silent)
            ),
        )
    })
}

impl Means {
    /// The mean with this figure in it.
    fn take(&mut self, job: JobId, busy: f64, now: Timestamp) -> f64 {
        let mean = self.0.entry(job).or_insert(Mean { busy, at: now });
        let passed = now.duration_since(mean.at).as_secs_f64().max(0.0);
        let share = 1.0 - (-passed / MEAN_OVER_S).exp();
        mean.busy += share * (busy - mean.busy);
        mean.at = now;
        mean.busy
    }
}

#[expect(clippy::cast_precision_loss, reason = "as many as a job has GPUs")]
fn average(all: &[f64]) -> f64 {
    all.iter().sum::<f64>() / all.len() as f64
}

/// Jobs whose last tries all failed, each soon after its start.
fn failing(observed: &Observed, rules: &Rules) -> Vec<Condition> {
    let Some(rule) = rules.get(AlertRule::FailingLoop) else {
        return vec![];
    };
    let live = observed.active.iter().chain(observed.queue);
    let tries = live.filter(|job| !job.past.is_empty()).map(|job| {
        let row = job.past.iter().rev().take_while(|past| {
            let failed = past.stopped.is_none() && !past.exit.outcome().succeeded();
            failed && past.ended_at.duration_since(past.granted_at) < SHORT
        });
        let row = row.count();
        let words = (at_least(row, rule.limit)).then(|| Words {
            text: format!(
                "{} failed {row} times in a row, each within minutes.",
                words::sentence(&words::job(job))
            ),
            advice:
                "It will most likely fail again: look at its log, and stop it until it is mended."
                    .to_owned(),
            asks: Some(job.owner.clone()),
            choices: vec![Choice::Keep, Choice::Stop],
        });
        of(job, AlertRule::FailingLoop, if_wrong(words))
    });
    tries.chain(failing_arrays(observed, rule.limit)).collect()
}

/// Arrays of which one task after another failed, while more wait.
fn failing_arrays(observed: &Observed, limit: f64) -> Vec<Condition> {
    let mut rows: BTreeMap<JobId, (usize, bool, &Job)> = BTreeMap::new();
    for job in observed.recent {
        let Some(task) = job.spec.array else { continue };
        let row = rows.entry(task.array).or_insert((0, true, job));
        let short = job.past.last().is_some_and(|past| {
            past.stopped.is_none()
                && !past.exit.outcome().succeeded()
                && past.ended_at.duration_since(past.granted_at) < SHORT
        });
        row.1 &= short;
        row.0 += usize::from(row.1);
    }
    let waits = |array: JobId| {
        let of_it = |job: &&Job| job.spec.array.is_some_and(|task| task.array == array);
        observed.queue.iter().any(|job| of_it(&job))
    };
    let row = rows.into_iter().filter(|(array, _)| waits(*array));
    row.map(|(array, (row, _, job))| {
        let words = at_least(row, limit + 2.0).then(|| Words {
            text: format!(
                "The last {row} tasks of array {array} ({}, {}) failed, each within minutes.",
                job.spec.name, job.owner
            ),
            advice: format!(
                "The others will most likely fail too: `berth hold --array {array}` keeps them from \
                 starting until it is mended."
            ),
            asks: Some(job.owner.clone()),
            choices: vec![Choice::Keep, Choice::Ignore],
        });
        Condition {
            rule: AlertRule::FailingLoop,
            subject: Subject::Job { job: array },
            verdict: if_wrong(words),
        }
    })
    .collect()
}

#[expect(clippy::cast_precision_loss, reason = "a handful of tries")]
fn at_least(count: usize, limit: f64) -> bool {
    count as f64 >= limit.max(1.0)
}
