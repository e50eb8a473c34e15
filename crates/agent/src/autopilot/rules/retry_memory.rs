//! A job that ran out of memory is tried again as far as its owner allowed it: on GPUs with more memory,
//! if there are such, or once more where it had run for long and can go on from what it saved. Where
//! neither helps, its owner is told what would.

use berth_domain::agent::{AgentRule, Considered, Draft};
use berth_domain::{Act, ConstraintsPatch, Exit, Job, JobPatch, Outcome, memory};
use jiff::SignedDuration;

use crate::autopilot::bench::{Bench, about, update};
use crate::autopilot::rules::again;
use crate::autopilot::seen::later;
use crate::autopilot::words;

const RULE: AgentRule = AgentRule::RetryMemory;
/// Older ends have been seen by somebody.
const SINCE: SignedDuration = SignedDuration::from_hours(24);
/// Who ran shorter than this before it ran out has saved nothing yet, and will run out again.
const LONG_S: f64 = 1800.0;

pub(super) fn find(bench: &Bench<'_>) -> Vec<Draft> {
    let ended = bench.seen.state.recent().filter(|job| {
        let at = job
            .finished_at()
            .filter(|at| later(*at, SINCE) > bench.seen.now);
        at.is_some() && job.outcome() == Some(&Outcome::OutOfMemory)
    });
    // Those with a try left wait already, for the same GPUs.
    let waits = bench.seen.state.live().filter(|job| {
        let last = job.past.last();
        job.is_waiting() && last.is_some_and(|past| is_memory(&past.exit))
    });
    let mut drafts = Vec::new();
    for job in waits.chain(ended) {
        if bench.is_spent() {
            break;
        }
        if bench.is_news(RULE, &subject(job)) {
            drafts.extend(try_again(bench, job));
        }
    }
    drafts
}

fn is_memory(exit: &Exit) -> bool {
    exit.outcome() == Outcome::OutOfMemory
}

fn subject(job: &Job) -> String {
    format!("job {} memory {}", job.id, job.past.len())
}

/// What is known of how it ran out.
struct RanOut {
    ran_s: f64,
    /// The least memory of the GPUs that it had, in bytes; 0 where that is not known.
    had: u64,
    /// The least of what has more and could hold it.
    more: Option<u64>,
    times: usize,
}

impl RanOut {
    fn of(bench: &Bench<'_>, job: &Job) -> Option<Self> {
        let last = job.past.last()?;
        let held = last.lease.gpus().filter_map(|(name, held)| {
            let node = bench.seen.state.node(name)?;
            let gpu = node.gpus.iter().find(|gpu| gpu.uuid == held.uuid)?;
            Some(gpu.mem_total_bytes)
        });
        let had = held.min().unwrap_or(0);
        let more = larger(bench, job, had);
        Some(RanOut {
            ran_s: last
                .started_at
                .map_or(0.0, |at| words::seconds(at, last.ended_at)),
            had,
            more,
            times: job.past.iter().filter(|past| is_memory(&past.exit)).count(),
        })
    }

    fn saw(&self, job: &Job) -> Vec<String> {
        let had = match self.had {
            0 => String::new(),
            had => format!(" with {} each", memory::format(had)),
        };
        let tries = match job.spec.max_retries {
            0 => "Its owner allowed no second try.".to_owned(),
            1 => "Its owner allowed a second try.".to_owned(),
            more => format!("Its owner allowed {more} more tries."),
        };
        vec![
            format!(
                "{} ran out of memory after {} on {}{had}; {}.",
                words::job(job),
                words::span(self.ran_s),
                words::gpus(job.spec.gpus()),
                words::count(self.times, "time so far", "times so far"),
            ),
            tries,
        ]
    }
}

/// The least memory above this of GPUs that could hold the job.
fn larger(bench: &Bench<'_>, job: &Job, had: u64) -> Option<u64> {
    let nodes = || bench.seen.state.nodes().filter(|node| node.present);
    let holds = |size: u64| {
        let fitting = nodes().filter(|node| {
            let gpus = node.gpus.iter().filter(|gpu| gpu.mem_total_bytes >= size);
            gpus.count() >= job.spec.gpus_per_node as usize
        });
        fitting.count() >= job.spec.nodes as usize
    };
    let sizes = nodes().flat_map(|node| node.gpus.iter().map(|gpu| gpu.mem_total_bytes));
    sizes
        .filter(|size| had > 0 && *size > had && holds(*size))
        .min()
}

fn try_again(bench: &Bench<'_>, job: &Job) -> Option<Draft> {
    let ran_out = RanOut::of(bench, job)?;
    let allowed = job.spec.max_retries > 0;
    match (job.is_finished(), ran_out.more) {
        (false, Some(more)) => on_larger(bench, job, &ran_out, more),
        // The try that is left goes as the others did.
        (false, None) if ran_out.ran_s < LONG_S => Some(tell(bench, job, &ran_out)),
        (false, None) => None,
        (true, _) if allowed && ran_out.ran_s >= LONG_S && job.spec.adopted.is_none() => {
            once_more(bench, job, &ran_out)
        }
        (true, _) => Some(tell(bench, job, &ran_out)),
    }
}

/// It waits for its next try: that goes to GPUs with more memory.
fn on_larger(bench: &Bench<'_>, job: &Job, ran_out: &RanOut, more: u64) -> Option<Draft> {
    let asks = job.spec.constraints.min_gpu_mem_bytes;
    if asks.is_some_and(|asks| asks > ran_out.had) {
        return None;
    }
    let constraints = ConstraintsPatch {
        min_gpu_mem_bytes: Some(Some(more)),
        ..ConstraintsPatch::default()
    };
    let asked = constraints.clone().apply(&job.spec.constraints);
    let foreseen = bench.foresee(Some(job.id), |snapshot| {
        let own = snapshot.pending.iter_mut();
        for one in own.filter(|one| one.job.id == job.id) {
            one.job.constraints = Some(asked.clone().into());
        }
    })?;
    let size = memory::format(more);
    let patch = JobPatch {
        constraints,
        ..JobPatch::default()
    };
    Some(Draft {
        title: format!(
            "Job {} ran out of memory: try it on GPUs with {size}",
            job.id
        ),
        saw: ran_out.saw(job),
        considered: vec![
            Considered {
                option: "try it as it is".to_owned(),
                why_not: format!("on {} it would run out again", memory::format(ran_out.had)),
            },
            smaller_batch(),
        ],
        act: Some(update(job.id, patch)),
        predicted: Some(foreseen.effect),
        ..about(job, RULE, subject(job), bench.within(24))
    })
}

/// It has ended, and ran long enough to have saved something to go on from.
fn once_more(bench: &Bench<'_>, job: &Job, ran_out: &RanOut) -> Option<Draft> {
    let foreseen = bench.foresee(Some(job.id), |snapshot| again(snapshot, job))?;
    Some(Draft {
        title: format!(
            "Job {} ran out of memory after {}: queue it once more",
            job.id,
            words::span(ran_out.ran_s)
        ),
        saw: ran_out.saw(job),
        considered: vec![
            Considered {
                option: "leave it".to_owned(),
                why_not: "its owner allowed tries, and what ran so long has mostly saved its work"
                    .to_owned(),
            },
            smaller_batch(),
        ],
        act: Some(Act::Requeue { job: job.id }),
        undo: Some(Act::Cancel { job: job.id }),
        predicted: Some(foreseen.effect),
        ..about(job, RULE, subject(job), bench.within(24))
    })
}

fn tell(bench: &Bench<'_>, job: &Job, ran_out: &RanOut) -> Draft {
    let mut saw = ran_out.saw(job);
    saw.push(format!("What would help: {}.", advice(ran_out)));
    Draft {
        title: format!("Job {} ran out of memory, and would again", job.id),
        saw,
        considered: vec![Considered {
            option: "queue it as it is".to_owned(),
            why_not: match ran_out.ran_s < LONG_S {
                true => "it ran out soon after its start, as it would again".to_owned(),
                false => "its owner allowed no second try".to_owned(),
            },
        }],
        ..about(job, RULE, subject(job), bench.within(24))
    }
}

fn advice(ran_out: &RanOut) -> String {
    let mut ways = vec![
        "a smaller batch with gradients accumulated".to_owned(),
        "activation checkpointing".to_owned(),
        "more GPUs, if the model is sharded over them".to_owned(),
    ];
    if let Some(more) = ran_out.more {
        let size = memory::format(more);
        ways.insert(
            0,
            format!("GPUs with more memory, which there are (--gpu-mem {size})"),
        );
    }
    ways.join(", ")
}

fn smaller_batch() -> Considered {
    Considered {
        option: "a smaller batch".to_owned(),
        why_not: "only its owner can change what it runs".to_owned(),
    }
}
