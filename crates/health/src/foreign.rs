//! Processes where they should not be: outside every lease, or on a GPU that another job holds.

use std::collections::{BTreeMap, HashMap};

use berth_domain::{
    AlertRule, AttemptId, Choice, Foreign, ForeignProcess, GpuProcess, GpuUuid, Job, JobId,
    Timestamp, UserName,
};
use jiff::SignedDuration;

use crate::condition::{Condition, Verdict, Words, if_wrong};
use crate::observed::{GpuNow, Observed};
use crate::words;

/// A process that is gone sooner was on its way out, or had not told yet whose it is.
const SETTLES: SignedDuration = SignedDuration::from_secs(4);

/// When processes outside their lease were first seen.
#[derive(Debug, Default)]
pub(crate) struct Strangers(HashMap<(GpuUuid, u32, u64), Timestamp>);

/// Who uses which GPU outside every lease, and what is wrong with that.
pub(crate) fn look(observed: &Observed, strangers: &mut Strangers) -> (Foreign, Vec<Condition>) {
    let jobs: HashMap<JobId, &Job> = observed.active.iter().map(|job| (job.id, job)).collect();
    let mut found = Foreign::new();
    let mut conditions = Vec::new();
    let mut seen = BTreeMap::new();
    for gpu in observed.gpus() {
        let uuid = &gpu.gpu.uuid;
        let Some(processes) = gpu.sample.and_then(|sample| sample.processes.as_ref()) else {
            // Not known: who was there still is.
            let known = observed.foreign.get(uuid).cloned();
            found.extend(known.map(|known| (uuid.clone(), known)));
            conditions.extend(of(&gpu, Verdict::Unknown, Verdict::Unknown));
            continue;
        };
        let mut here = Vec::new();
        for process in processes {
            let whose = owner(process, &jobs);
            if whose.is_some() && whose == gpu.holder.and_then(Job::attempt_id) {
                continue;
            }
            let key = (uuid.clone(), process.pid, process.started);
            let first = strangers.0.get(&key).copied().unwrap_or(observed.now);
            seen.insert(key, first);
            if observed.now.duration_since(first) >= SETTLES {
                here.push(ForeignProcess {
                    pid: process.pid,
                    started: process.started,
                    user: process.user.clone(),
                    command: process.command.clone(),
                    of: whose,
                    since: first,
                    ignored: false,
                });
            }
        }
        let (foreign, isolation) = verdicts(observed, &gpu, &here);
        conditions.extend(of(&gpu, foreign, isolation));
        if !here.is_empty() {
            here.sort_by_key(|process| (process.pid, process.started));
            found.insert(uuid.clone(), here);
        }
    }
    strangers.0 = seen.into_iter().collect();
    (found, conditions)
}

/// Whose it is: as its node tells, or as the job that it was adopted as.
fn owner(process: &GpuProcess, jobs: &HashMap<JobId, &Job>) -> Option<AttemptId> {
    let adopted = || {
        let adopts = |job: &&&Job| {
            job.spec.adopted.as_ref().is_some_and(|adopted| {
                (adopted.pid, adopted.started) == (process.pid, process.started)
                    || process.parents.contains(&adopted.pid)
            })
        };
        jobs.values().find(adopts).and_then(|job| job.attempt_id())
    };
    process.attempt.or_else(adopted)
}

fn of(gpu: &GpuNow, foreign: Verdict, isolation: Verdict) -> [Condition; 2] {
    [
        (AlertRule::Foreign, foreign),
        (AlertRule::Isolation, isolation),
    ]
    .map(|(rule, verdict)| Condition {
        rule,
        subject: gpu.subject(),
        verdict,
    })
}

/// On a GPU that a job holds, it disturbs that job; on another, it takes the GPU out of the queue.
fn verdicts(observed: &Observed, gpu: &GpuNow, here: &[ForeignProcess]) -> (Verdict, Verdict) {
    let ignored = |process: &&ForeignProcess| {
        let known = observed.foreign.get(&gpu.gpu.uuid).into_iter().flatten();
        let mut same = known.filter(|known| known.is(process.pid, process.started));
        same.any(|known| known.ignored)
    };
    let Some(first) = here.iter().find(|process| !ignored(process)) else {
        return (Verdict::Fine, Verdict::Fine);
    };
    let more = match here.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let whose = first.of.map_or(String::new(), |attempt| {
        let lives = observed
            .active
            .iter()
            .any(|job| job.attempt_id() == Some(attempt));
        if lives {
            format!(" of job {}", attempt.job)
        } else {
            format!(", left behind by job {},", attempt.job)
        }
    });
    let process = words::sentence(&first.words());
    match gpu.holder {
        Some(job) => {
            let verdict = Verdict::Wrong(Words {
                text: format!(
                    "{process}{whose}{more} uses {}, which {} holds.",
                    gpu.place,
                    words::job(job)
                ),
                advice:
                    "They share memory and time: both may run out of memory, and neither is as \
                         fast as it should be. End the process, or move the job."
                        .to_owned(),
                asks: None,
                choices: vec![Choice::Stop, Choice::Requeue, Choice::Ignore],
            });
            (Verdict::Fine, verdict)
        }
        None => {
            let mut choices = vec![Choice::Ignore];
            if first.of.is_none() {
                choices.insert(0, Choice::Adopt);
            }
            let words = Words {
                text: format!("{process}{whose}{more} uses {} outside the queue.", gpu.place),
                advice: if first.of.is_some() {
                    "Something of a job was left behind and holds the GPU. End it on its node; until \
                     then the GPU is not leased."
                } else {
                    "The GPU is not leased as long as it runs. Adopt it as a job so that all see it \
                     and it has a lease, or end it."
                }
                .to_owned(),
                asks: first.user.as_deref().map(UserName::from),
                choices,
            };
            (if_wrong(Some(words)), Verdict::Fine)
        }
    }
}
