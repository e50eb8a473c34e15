//! What follows from what was found to be wrong, and from what is answered.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Decision, Ladder, change, cordon, foreign, just, may};
use crate::alert::{Alert, AlertId, AlertRule, Answer, Choice, Finding, Rung, Subject};
use crate::command::{Actor, AdoptRequest, JobPatch};
use crate::cordon::{Cordon, Place};
use crate::event::Event;
use crate::foreign::ForeignProcess;
use crate::ids::{GpuUuid, JobId, UserName};
use crate::job::{Job, JobState, StopCause};
use crate::refusal::Refusal;
use crate::rights::{Right, Thing};
use crate::state::State;
use crate::submit::label;

/// How long things stay as they are when nothing else is said, and at most.
const KEEP: Duration = Duration::from_secs(2 * 3600);
const KEEP_MAX: Duration = Duration::from_secs(7 * 24 * 3600);

/// Opens what is new, resolves what is over, and climbs where nobody answers. `findings` is all that
/// is wrong now.
pub(super) fn found(
    state: &State,
    ladder: Ladder,
    findings: Vec<Finding>,
    now: Timestamp,
) -> Vec<Event> {
    let mut events = Vec::new();
    for alert in state.alerts() {
        let still = findings.iter().any(|finding| alert.is_of(finding));
        let holds = alert
            .answer
            .as_ref()
            .and_then(|answer| answer.until)
            .is_none_or(|until| until > now);
        match still {
            true if holds => events.extend(climb(state, ladder, alert, now)),
            _ => events.push(Event::AlertResolved { alert: alert.id }),
        }
    }
    let mut id = state.next_alert();
    for finding in findings {
        // What was seen before it ended.
        if finding.rule.is_idle() && !holds_gpus(state, &finding.subject) {
            continue;
        }
        let told = |alert: &Alert| {
            let resolved = Event::AlertResolved { alert: alert.id };
            alert.is_of(&finding) && !events.contains(&resolved)
        };
        if state.alerts().any(told) {
            continue;
        }
        events.extend(at_once(state, &finding, now));
        let alert = Alert {
            id,
            finding,
            opened_at: now,
            answer: None,
            resolved_at: None,
            rung: Rung::Ask,
        };
        events.push(Event::AlertOpened {
            alert: Box::new(alert),
        });
        id = AlertId(id.0 + 1);
    }
    events
}

fn holds_gpus(state: &State, subject: &Subject) -> bool {
    let job = subject.job().and_then(|id| state.live_job(id));
    job.is_some_and(|job| job.attempt().is_some())
}

/// A GPU that cannot be used any more gets no job, and what ran there is queued again.
fn at_once(state: &State, finding: &Finding, now: Timestamp) -> Vec<Event> {
    let (AlertRule::XidFatal, Subject::Gpu { place, gpu }) = (finding.rule, &finding.subject)
    else {
        return vec![];
    };
    let mut events = Vec::new();
    if !state.cordons().contains_key(place) {
        events.push(Event::Cordoned {
            place: place.clone(),
            cordon: Cordon {
                reason: finding.text.clone(),
                by: UserName::from("berth"),
                at: now,
                drain: false,
            },
        });
    }
    let holder = state.holder(gpu).and_then(|held| state.live_job(held.job));
    if let Some(job) = holder.filter(|job| goes_on(job)) {
        let cause = StopCause::GpuFault {
            place: place.clone(),
            why: finding.text.clone(),
        };
        events.extend(stop(job, cause));
    }
    events
}

fn goes_on(job: &Job) -> bool {
    matches!(
        job.state,
        JobState::Starting { .. } | JobState::Running { .. }
    )
}

fn stop(job: &Job, cause: StopCause) -> Option<Event> {
    let attempt = job.attempt_id()?;
    Some(Event::AttemptStopping { attempt, cause })
}

/// The next rung, if nobody answered for long enough and it may be climbed.
fn climb(state: &State, ladder: Ladder, alert: &Alert, now: Timestamp) -> Vec<Event> {
    let job = alert
        .finding
        .subject
        .job()
        .and_then(|id| state.live_job(id));
    let (Some(job), None, true) = (job, &alert.answer, alert.finding.rule.is_idle()) else {
        return vec![];
    };
    let Some(rung) = alert.rung.next().filter(|rung| *rung <= ladder.top) else {
        return vec![];
    };
    let climbed = alert.rung as i64 + 1;
    let pause = SignedDuration::try_from(ladder.every).unwrap_or(SignedDuration::MAX);
    let due = pause
        .checked_mul(i32::try_from(climbed).unwrap_or(i32::MAX))
        .and_then(|pause| alert.opened_at.checked_add(pause).ok());
    if due.is_none_or(|due| due > now) || !matches!(job.state, JobState::Running { .. }) {
        return vec![];
    }
    let done = match rung {
        Rung::Ask => None,
        Rung::Preemptible => Some(preemptible(job)),
        Rung::Checkpoint => job.attempt_id().map(|attempt| Event::AttemptTold {
            attempt,
            until: now.checked_add(ladder.every).unwrap_or(Timestamp::MAX),
        }),
        Rung::Requeue => stop(
            job,
            StopCause::Idle {
                alert: alert.id,
                rule: alert.finding.rule,
            },
        ),
    };
    let climbed = Event::AlertClimbed {
        alert: alert.id,
        rung,
    };
    [climbed].into_iter().chain(done).collect()
}

fn preemptible(job: &Job) -> Event {
    let mut spec = job.spec.clone();
    spec.preemptible = true;
    Event::JobUpdated {
        job: job.id,
        spec: Box::new(spec),
    }
}

/// Takes an answer, and does what it says.
pub(super) fn answer(
    state: &State,
    actor: &Actor,
    id: AlertId,
    choice: Choice,
    (because, lasts): (Option<String>, Option<Duration>),
    now: Timestamp,
) -> Result<Decision, Refusal> {
    let alert = state.alert(id).ok_or(Refusal::NoSuchAlert { alert: id })?;
    allowed(state, actor, alert)?;
    if !alert.finding.choices.contains(&choice) {
        let choices: Vec<&str> = alert
            .finding
            .choices
            .iter()
            .map(|one| one.as_str())
            .collect();
        return Err(Refusal::NotAChoice {
            alert: id,
            choice,
            choices: choices.join(", "),
        });
    }
    if let Some(because) = &because {
        label("because", because)?;
    }
    if choice == Choice::Keep && because.is_none() {
        return Err(Refusal::invalid(
            "because",
            "Say why it is to stay as it is: --because \"the data arrives at noon\".",
        ));
    }
    if lasts.is_some_and(|lasts| lasts.is_zero() || lasts > KEEP_MAX) {
        return Err(Refusal::invalid(
            "lasts",
            "It can stay as it is for up to 7 days: --for 2h.",
        ));
    }
    let by = actor.person();
    let until = match choice {
        Choice::Keep => now.checked_add(lasts.unwrap_or(KEEP)).ok(),
        Choice::Ignore => lasts.and_then(|lasts| now.checked_add(lasts).ok()),
        _ => None,
    };
    let Decision { events, jobs, .. } = effect(state, actor, alert, choice, now)?;
    let answered = Event::AlertAnswered {
        alert: id,
        answer: Box::new(Answer {
            by,
            at: now,
            choice,
            because,
            until,
        }),
    };
    Ok(Decision {
        events: [answered].into_iter().chain(events).collect(),
        jobs,
        ..Decision::default()
    })
}

/// Who is asked may answer, whose job it is, and who may answer for others.
fn allowed(state: &State, actor: &Actor, alert: &Alert) -> Result<(), Refusal> {
    let who = actor.person();
    let job = alert.finding.subject.job().and_then(|id| state.job(id));
    let asked = alert.finding.asks.as_ref();
    let thing = match (asked, job) {
        (Some(asked), _) if *asked == who => Thing::of(asked),
        (_, Some(job)) => Thing::job(job),
        (Some(asked), None) => Thing::of(asked),
        (None, None) => Thing::CLUSTER,
    };
    if may(state, actor, Right::AnswerAlert, thing) {
        return Ok(());
    }
    Err(match asked {
        Some(asks) => Refusal::AlertNotYours {
            alert: alert.id,
            asks: asks.clone(),
        },
        None => Refusal::AlertForAdmins { alert: alert.id },
    })
}

fn effect(
    state: &State,
    actor: &Actor,
    alert: &Alert,
    choice: Choice,
    now: Timestamp,
) -> Result<Decision, Refusal> {
    let job = || {
        let id = about(state, alert);
        id.ok_or_else(|| Refusal::invalid("alert", "It is about no job that runs any more."))
    };
    match choice {
        Choice::Keep => Ok(Decision::default()),
        Choice::Stop => change::cancel(state, actor, job()?),
        Choice::Requeue => change::requeue(state, actor, job()?),
        Choice::Preemptible => {
            let patch = JobPatch {
                preemptible: Some(true),
                ..JobPatch::default()
            };
            change::update(state, actor, job()?, patch, now)
        }
        Choice::Cordon => {
            let reason = alert.finding.text.chars().take(200).collect();
            cordon::cordon(state, actor, place(alert)?, (reason, false), now).map(just)
        }
        Choice::Adopt => {
            let (place, process) = process(state, alert)?;
            foreign::adopt(
                state,
                actor,
                &AdoptRequest {
                    node: place.node,
                    pid: process.pid,
                    name: None,
                    project: None,
                    time_limit: None,
                },
            )
        }
        Choice::Ignore => ignore(state, actor, alert),
    }
}

/// The job that an alert is about: its own, or who holds the GPU.
fn about(state: &State, alert: &Alert) -> Option<JobId> {
    match &alert.finding.subject {
        Subject::Job { job } => Some(*job),
        Subject::Gpu { gpu, .. } => state.holder(gpu).map(|attempt| attempt.job),
        _ => None,
    }
}

fn place(alert: &Alert) -> Result<Place, Refusal> {
    match &alert.finding.subject {
        Subject::Gpu { place, .. } => Ok(place.clone()),
        Subject::Node { node } => Ok(Place {
            node: node.clone(),
            gpu: None,
        }),
        _ => Err(Refusal::invalid("alert", "It is about no node and no GPU.")),
    }
}

fn process(state: &State, alert: &Alert) -> Result<(Place, ForeignProcess), Refusal> {
    let Subject::Gpu { place, gpu } = &alert.finding.subject else {
        return Err(Refusal::invalid("alert", "It is about no process."));
    };
    let process = state.used_outside(gpu).cloned().ok_or_else(|| {
        Refusal::invalid("alert", "The process is gone: there is nothing to adopt.")
    })?;
    Ok((place.clone(), process))
}

/// A foreign process that is ignored does not keep its GPU from being leased.
fn ignore(state: &State, actor: &Actor, alert: &Alert) -> Result<Decision, Refusal> {
    let (AlertRule::Foreign, Subject::Gpu { gpu, .. }) =
        (alert.finding.rule, &alert.finding.subject)
    else {
        return Ok(Decision::default());
    };
    if !may(state, actor, Right::AnswerAlert, Thing::CLUSTER) {
        return Err(Refusal::AlertForAdmins { alert: alert.id });
    }
    Ok(just(ignored(state, gpu).into_iter().collect()))
}

fn ignored(state: &State, gpu: &GpuUuid) -> Option<Event> {
    let mut processes = state.foreign().get(gpu)?.clone();
    for process in &mut processes {
        process.ignored = true;
    }
    Some(Event::ForeignSet {
        gpu: gpu.clone(),
        processes,
    })
}
