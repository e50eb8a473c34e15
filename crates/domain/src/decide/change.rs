//! Commands on a job that exists. Each is there twice: what it comes to for a job, and for the one
//! who asks, whether they may.

use jiff::Timestamp;

use super::update::updated;
use super::{Decision, just, may};
use crate::command::{Actor, JobPatch, MoveTo};
use crate::event::Event;
use crate::ids::{AttemptId, JobId, UserName};
use crate::job::{HoldBy, Job, JobState, StopCause};
use crate::outcome::Outcome;
use crate::rank::Rank;
use crate::refusal::Refusal;
use crate::rights::{Right, Thing};
use crate::spec::Dependency;
use crate::state::State;

pub(super) fn cancel(state: &State, actor: &Actor, id: JobId) -> Result<Decision, Refusal> {
    let job = allowed(state, actor, id, "cancel")?;
    Ok(about(id, cancelled(job, &actor.person())?))
}

pub(super) fn hold(state: &State, actor: &Actor, id: JobId) -> Result<Decision, Refusal> {
    let job = allowed(state, actor, id, "hold")?;
    Ok(about(id, held(job, holder(job, actor))?))
}

pub(super) fn release(state: &State, actor: &Actor, id: JobId) -> Result<Decision, Refusal> {
    let job = allowed(state, actor, id, "release")?;
    Ok(about(id, released(job, may_release(state, actor, job))?))
}

pub(super) fn relocate(
    state: &State,
    actor: &Actor,
    id: JobId,
    to: MoveTo,
) -> Result<Decision, Refusal> {
    let job = allowed(state, actor, id, "move")?;
    let by = actor.person();
    Ok(about(id, moved(state, job, to, by)?))
}

/// Nobody is asked whom it passes: it stood there before.
pub(super) fn undo_move(state: &State, actor: &Actor, id: JobId) -> Result<Decision, Refusal> {
    let job = allowed(state, actor, id, "move")?;
    let who = actor.person();
    let before = job.before_move.as_ref();
    let before = before
        .filter(|before| job.is_waiting() && before.by == who)
        .ok_or(Refusal::NothingToUndo { job: id })?;
    let mut others = state.live().filter(|other| other.id != id);
    let rank = if others.any(|other| other.rank == before.rank) {
        // Somebody was put there since.
        just_before(state, job, &before.rank)
    } else {
        before.rank.clone()
    };
    Ok(about(
        id,
        vec![Event::JobMoved {
            job: id,
            rank,
            to: before.moved,
            by: None,
        }],
    ))
}

pub(super) fn update(
    state: &State,
    actor: &Actor,
    id: JobId,
    patch: JobPatch,
    now: Timestamp,
) -> Result<Decision, Refusal> {
    let job = allowed(state, actor, id, "change")?;
    Ok(about(id, updated(state, actor, job, patch, now)?))
}

pub(super) fn requeue(state: &State, actor: &Actor, id: JobId) -> Result<Decision, Refusal> {
    let job = allowed(state, actor, id, "requeue")?;
    Ok(about(
        id,
        requeued(state, job, actor.person(), state.next_rank())?,
    ))
}

fn about(job: JobId, events: Vec<Event>) -> Decision {
    Decision {
        jobs: vec![job],
        ..just(events)
    }
}

/// A hold of another's job stands above its owner's.
pub(super) fn holder(job: &Job, actor: &Actor) -> HoldBy {
    if job.owner == actor.person() {
        HoldBy::User
    } else {
        HoldBy::Admin
    }
}

/// Whether one that was held so may be released.
pub(super) fn may_release(state: &State, actor: &Actor, job: &Job) -> bool {
    may(state, actor, Right::ReleaseHeld, Thing::job(job))
}

fn allowed<'a>(state: &'a State, actor: &Actor, id: JobId, verb: &str) -> Result<&'a Job, Refusal> {
    let (owner, project) = match (state.job(id), state.verdict(id)) {
        (Some(job), _) => (&job.owner, job.spec.project.as_deref()),
        (None, Some(verdict)) => (&verdict.owner, None),
        (None, None) => return Err(Refusal::NoSuchJob { job: id }),
    };
    if !may(
        state,
        actor,
        Right::ChangeJob,
        Thing::of(owner).within(project),
    ) {
        return Err(Refusal::NotYours {
            job: id,
            owner: owner.clone(),
            verb: verb.to_owned(),
        });
    }
    state.job(id).ok_or(Refusal::TooOld { job: id })
}

pub(super) fn wrong_state(job: &Job, needed: &str, done: &str) -> Refusal {
    Refusal::WrongState {
        job: job.id,
        state: job.name().as_str().to_lowercase(),
        needed: needed.to_owned(),
        done: done.to_owned(),
    }
}

pub(super) fn cancelled(job: &Job, who: &UserName) -> Result<Vec<Event>, Refusal> {
    let by = who.clone();
    match &job.state {
        JobState::Held { .. } | JobState::Queued { .. } => Ok(vec![Event::JobFinished {
            job: job.id,
            outcome: Outcome::Cancelled { by },
        }]),
        // Asked twice: nothing more to do.
        JobState::Stopping {
            cause: StopCause::Cancelled { .. } | StopCause::TimeLimit,
            ..
        } => Ok(vec![]),
        JobState::Starting { attempt }
        | JobState::Running { attempt, .. }
        | JobState::Stopping { attempt, .. } => Ok(vec![Event::AttemptStopping {
            attempt: AttemptId {
                job: job.id,
                number: attempt.number,
            },
            cause: StopCause::Cancelled { by },
        }]),
        JobState::Finished { .. } => Err(wrong_state(job, "waiting or running", "cancelled")),
    }
}

pub(super) fn held(job: &Job, by: HoldBy) -> Result<Vec<Event>, Refusal> {
    match &job.state {
        JobState::Queued { .. } => Ok(vec![Event::JobHeld { job: job.id, by }]),
        // An admin's hold stands above its owner's.
        JobState::Held { by: known, .. } if *known == by || by == HoldBy::User => Ok(vec![]),
        JobState::Held { .. } => Ok(vec![Event::JobHeld { job: job.id, by }]),
        _ => Err(wrong_state(job, "queued", "held")),
    }
}

/// `may`: release also what was held by somebody with more rights than its owner.
pub(super) fn released(job: &Job, may: bool) -> Result<Vec<Event>, Refusal> {
    match &job.state {
        JobState::Held {
            by: HoldBy::Admin, ..
        } if !may => Err(Refusal::HeldByAdmin { job: job.id }),
        JobState::Held { .. } => Ok(vec![Event::JobReleased { job: job.id }]),
        JobState::Queued { .. } => Ok(vec![]),
        _ => Err(wrong_state(job, "held", "released")),
    }
}

/// The live jobs' ranks are distinct, so there is always room between two neighbours.
fn moved(state: &State, job: &Job, to: MoveTo, by: UserName) -> Result<Vec<Event>, Refusal> {
    if !job.is_waiting() {
        return Err(wrong_state(job, "held or queued", "moved"));
    }
    let others = || state.live().filter(|other| other.id != job.id);
    let target = |id: JobId| -> Result<&Job, Refusal> {
        let target = state
            .live_job(id)
            .filter(|target| target.is_waiting())
            .ok_or_else(|| {
                Refusal::invalid(
                    "to",
                    format!("Job {id} is not waiting, so nothing can be moved next to it."),
                )
            })?;
        if target.id == job.id {
            return Err(Refusal::invalid(
                "to",
                "A job cannot be moved next to itself.",
            ));
        }
        if target.spec.class != job.spec.class {
            return Err(Refusal::invalid(
                "to",
                format!(
                    "Job {id} is of class {}, job {} of class {}: a job moves within its class. \
                     Change its class instead.",
                    target.spec.class, job.id, job.spec.class
                ),
            ));
        }
        Ok(target)
    };
    let rank = match to {
        MoveTo::Top => others()
            .filter(|other| other.is_waiting())
            .map(|other| &other.rank)
            .min()
            .map(|first| just_before(state, job, first)),
        MoveTo::Bottom => Some(state.next_rank()),
        MoveTo::Before(id) => Some(just_before(state, job, &target(id)?.rank)),
        MoveTo::After(id) => {
            let low = &target(id)?.rank;
            let next = others()
                .map(|other| &other.rank)
                .filter(|rank| *rank > low)
                .min();
            match next {
                Some(high) => Rank::between(low, high),
                None => Some(state.next_rank()),
            }
        }
    };
    Ok(rank
        .map(|rank| Event::JobMoved {
            job: job.id,
            rank,
            to: Some(to),
            by: Some(by),
        })
        .into_iter()
        .collect())
}

/// A free rank directly before `high`.
fn just_before(state: &State, job: &Job, high: &Rank) -> Rank {
    let others = state.live().filter(|other| other.id != job.id);
    let low = others
        .map(|other| &other.rank)
        .filter(|rank| *rank < high)
        .max();
    low.and_then(|low| Rank::between(low, high))
        .unwrap_or_else(|| high.before())
}

/// `rank`: its place in the order if it is queued at once.
pub(super) fn requeued(
    state: &State,
    job: &Job,
    by: UserName,
    rank: Rank,
) -> Result<Vec<Event>, Refusal> {
    if job.spec.adopted.is_some() {
        return Err(Refusal::invalid(
            "job",
            format!(
                "Job {} was adopted: Berth did not start it and cannot start it again. Submit it anew.",
                job.id
            ),
        ));
    }
    match &job.state {
        JobState::Starting { attempt } | JobState::Running { attempt, .. } => {
            Ok(vec![Event::AttemptStopping {
                attempt: AttemptId {
                    job: job.id,
                    number: attempt.number,
                },
                cause: StopCause::Requeued { by },
            }])
        }
        JobState::Finished { .. } => {
            // What it waited for may have been requeued since, and wait for it.
            no_cycle(state, job.id, &job.spec.dependencies)?;
            Ok(vec![Event::JobRequeued { job: job.id, rank }])
        }
        JobState::Stopping {
            cause: StopCause::Requeued { .. },
            ..
        } => Ok(vec![]),
        _ => Err(wrong_state(job, "running or finished", "requeued")),
    }
}

/// Refuses what would make jobs wait for each other.
pub(super) fn no_cycle(
    state: &State,
    job: JobId,
    dependencies: &[Dependency],
) -> Result<(), Refusal> {
    let Some(cycle) = cycle(state, job, dependencies) else {
        return Ok(());
    };
    let path: Vec<String> = cycle.iter().map(ToString::to_string).collect();
    Err(Refusal::invalid(
        "after",
        format!(
            "That is a cycle: {}. None of these jobs could ever start.",
            path.join(" → ")
        ),
    ))
}

/// A way from `job` through `dependencies` back to `job`.
fn cycle(state: &State, job: JobId, dependencies: &[Dependency]) -> Option<Vec<JobId>> {
    let mut seen = std::collections::BTreeSet::new();
    let mut open: Vec<Vec<JobId>> = dependencies.iter().map(|d| vec![job, d.job]).collect();
    while let Some(path) = open.pop() {
        let last = *path.last()?;
        if last == job {
            return Some(path);
        }
        if !seen.insert(last) {
            continue;
        }
        let next = state
            .live_job(last)
            .map(|job| job.spec.dependencies.as_slice())
            .unwrap_or(&[]);
        open.extend(next.iter().map(|d| {
            let mut longer = path.clone();
            longer.push(d.job);
            longer
        }));
    }
    None
}
