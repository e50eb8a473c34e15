//! Who holds GPUs without work and does not answer the alert about it: the next step is proposed. First
//! that the job may be preempted, where the policy preempts; then that it is queued again, where others
//! would start sooner or where it hangs; else it is only told that somebody has to end it.
//!
//! The ladder of `idle_ladder` climbs by itself. Where it goes further than to ask nothing is proposed.

use berth_domain::agent::{AgentRule, Considered, Draft};
use berth_domain::{Act, Alert, AlertRule, Choice, Job, JobPatch, JobState, Rung};
use berth_scheduler::{Gate, Pending, PreemptionMode, Snapshot};

use crate::autopilot::bench::{Bench, about, update};
use crate::autopilot::predict::{Foreseen, quantile_s};
use crate::autopilot::words;

const RULE: AgentRule = AgentRule::IdleLadder;
/// So many steps of the ladder are waited for an answer before a job is proposed to be queued again.
const STEPS: u32 = 3;

pub(super) fn find(bench: &Bench<'_>) -> Vec<Draft> {
    let seen = bench.seen;
    if seen.ladder.top != Rung::Ask {
        return vec![];
    }
    let mut drafts = Vec::new();
    for alert in seen.state.alerts().filter(|alert| is_idle(alert)) {
        let job = alert.finding.subject.job();
        let job = job.and_then(|id| seen.state.live_job(id));
        if let Some(job) = job.filter(|job| matches!(job.state, JobState::Running { .. })) {
            drafts.extend(next_step(bench, alert, job));
        }
    }
    drafts
}

/// One that waits for its data works, if slowly.
fn is_idle(alert: &Alert) -> bool {
    let rule = alert.finding.rule;
    rule.is_idle() && rule != AlertRule::Starved && alert.rung == Rung::Ask
}

fn next_step(bench: &Bench<'_>, alert: &Alert, job: &Job) -> Option<Draft> {
    let step = bench.seen.ladder.every.as_secs_f64();
    let open_s = words::seconds(alert.opened_at, bench.seen.now);
    let preempts = bench.seen.planning.policy.preemption.mode == PreemptionMode::On;
    let by_us = |answer: &berth_domain::Answer| {
        answer.by.as_str() == "berth" && answer.choice == Choice::Preemptible
    };
    // A person's answer stands.
    let answered = alert.answer.as_ref().is_some_and(|answer| !by_us(answer));
    if answered {
        return None;
    }
    let may_say = |choice| alert.finding.choices.contains(&choice);
    let first = preempts && !job.spec.preemptible && may_say(Choice::Preemptible);
    if first && open_s >= step {
        return preemptible(bench, alert, job);
    }
    if open_s < step * f64::from(STEPS) {
        return None;
    }
    // What Berth did not start it cannot start again, whatever the alert offered when it was opened.
    let may = may_say(Choice::Requeue) && job.spec.adopted.is_none();
    queue_again(bench, alert, job, may)
}

fn answer(alert: &Alert, choice: Choice) -> Act {
    Act::Answer {
        alert: alert.id,
        choice,
        because: None,
        lasts: None,
    }
}

fn saw(bench: &Bench<'_>, alert: &Alert, job: &Job) -> Vec<String> {
    let open = words::span(words::seconds(alert.opened_at, bench.seen.now));
    vec![
        alert.finding.text.clone(),
        format!(
            "{} was asked {open} ago and has not answered; the job holds {}.",
            job.owner,
            words::gpus(job.spec.gpus())
        ),
    ]
}

fn preemptible(bench: &Bench<'_>, alert: &Alert, job: &Job) -> Option<Draft> {
    let subject = format!("alert {} preemptible", alert.id);
    if !bench.is_news(RULE, &subject) {
        return None;
    }
    let foreseen = bench.foresee(None, |snapshot| {
        let active = snapshot.active.iter_mut();
        for one in active.filter(|one| one.job.id == job.id) {
            one.job.preemptible = true;
        }
    })?;
    let back = JobPatch {
        preemptible: Some(false),
        ..JobPatch::default()
    };
    Some(Draft {
        title: format!(
            "Job {} holds GPUs without work: let others have them when they need them",
            job.id
        ),
        saw: saw(bench, alert, job),
        considered: vec![
            Considered {
                option: "wait for an answer".to_owned(),
                why_not: "its GPUs do nothing until then".to_owned(),
            },
            Considered {
                option: "queue it again".to_owned(),
                why_not: "as long as nobody needs its GPUs it takes them from nobody".to_owned(),
            },
        ],
        act: Some(answer(alert, Choice::Preemptible)),
        undo: Some(update(job.id, back)),
        predicted: Some(foreseen.effect),
        // Its owner is asked by the alert.
        asks: None,
        ..about(job, RULE, subject, bench.within(2))
    })
}

fn queue_again(bench: &Bench<'_>, alert: &Alert, job: &Job, may: bool) -> Option<Draft> {
    let subject = format!("alert {} requeue", alert.id);
    if !bench.is_news(RULE, &subject) {
        return None;
    }
    let foreseen = bench.foresee(None, |snapshot| let_go(snapshot, job))?;
    let hangs = alert.finding.rule == AlertRule::HungCollective;
    let helps = foreseen.effect.mean_wait_s < 0.0;
    let draft = Draft {
        saw: saw(bench, alert, job),
        asks: None,
        ..about(job, RULE, subject, bench.within(2))
    };
    if !may || !(hangs || helps) {
        return Some(Draft {
            title: format!("Job {} holds GPUs without work, and nobody answers", job.id),
            considered: vec![Considered {
                option: "queue it again".to_owned(),
                why_not: match may {
                    true => {
                        "it would start again at once and nobody else any sooner: somebody has to \
                             say whether it is to end"
                            .to_owned()
                    }
                    false => "it was not started by Berth, which cannot start it again".to_owned(),
                },
            }],
            ..draft
        });
    }
    Some(Draft {
        title: format!("Job {} holds GPUs without work: queue it again", job.id),
        considered: vec![
            Considered {
                option: "wait for an answer".to_owned(),
                why_not: match hangs {
                    true => "what hangs does not go on by itself".to_owned(),
                    false => format!(
                        "queued again it lets others start, {} sooner in the mean",
                        words::span(-foreseen.effect.mean_wait_s)
                    ),
                },
            },
            Considered {
                option: "stop it".to_owned(),
                why_not: "that is its owner's to say; queued again it goes on from what it saved"
                    .to_owned(),
            },
        ],
        act: Some(answer(alert, Choice::Requeue)),
        predicted: Some(with_idle(bench, job, &foreseen).effect),
        ..draft
    })
}

/// What it does not hold any more is not wasted any more.
fn with_idle(bench: &Bench<'_>, job: &Job, foreseen: &Foreseen) -> Foreseen {
    let mut active = bench.seen.planning.snapshot.active.iter();
    let left = active.find(|one| one.job.id == job.id).map_or(0.0, |one| {
        let since = one.since.unwrap_or(bench.seen.now);
        quantile_s(&one.job, words::seconds(since, bench.seen.now), 0.5)
    });
    let mut effect = foreseen.effect;
    effect.wasted_gpu_s -= left * f64::from(job.spec.gpus());
    Foreseen {
        effect,
        ..*foreseen
    }
}

/// The job ends and waits again in its old place.
fn let_go(snapshot: &mut Snapshot, job: &Job) {
    let Some(place) = snapshot.active.iter().position(|one| one.job.id == job.id) else {
        return;
    };
    let active = snapshot.active.remove(place);
    for part in &active.lease.0 {
        let nodes = snapshot.nodes.iter_mut();
        for node in nodes.filter(|node| node.name == part.node) {
            node.free.extend(part.gpus.iter().cloned());
            node.free.sort_by_key(|gpu| gpu.index);
        }
    }
    snapshot.pending.push(Pending {
        job: active.job,
        gate: Gate::Open,
    });
}
