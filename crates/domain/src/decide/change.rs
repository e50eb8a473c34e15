//! Commands on jobs that exist.

use jiff::{SignedDuration, Timestamp};

use super::{Decision, just, person};
use crate::command::{Actor, Command, ConstraintsPatch, JobPatch, MoveTo};
use crate::event::Event;
use crate::ids::{AttemptId, JobId, UserName};
use crate::job::{HoldBy, Job, JobState, StopCause};
use crate::outcome::Outcome;
use crate::rank::Rank;
use crate::refusal::Refusal;
use crate::spec::{Dependency, JobSpec, PriorityClass};
use crate::state::State;
use crate::submit;

pub(super) fn change(
    state: &State,
    actor: &Actor,
    command: Command,
    now: Timestamp,
) -> Result<Decision, Refusal> {
    let (who, admin) = person(actor);
    let may = |id: JobId, verb: &str| allowed(state, id, &who, admin, verb);
    let (job, events) = match command {
        Command::Submit(_)
        | Command::SetPolicy(_)
        | Command::Reserve(..)
        | Command::CancelReservation(_)
        | Command::EndReservation(_)
        | Command::SetQuota(..)
        | Command::Cordon { .. }
        | Command::Uncordon(_) => {
            unreachable!("what is about no job that exists is decided elsewhere")
        }
        Command::Cancel(id) => {
            let job = may(id, "cancel")?;
            (id, cancel(job, &who)?)
        }
        Command::Hold(id) => {
            let job = may(id, "hold")?;
            (
                id,
                hold(
                    job,
                    if admin && job.owner != who {
                        HoldBy::Admin
                    } else {
                        HoldBy::User
                    },
                )?,
            )
        }
        Command::Release(id) => {
            let job = may(id, "release")?;
            (id, release(job, admin)?)
        }
        Command::Move(id, to) => {
            let job = may(id, "move")?;
            (id, relocate(state, job, to)?)
        }
        Command::Update(id, patch) => {
            let job = may(id, "change")?;
            (id, update(state, job, *patch, admin, now)?)
        }
        Command::Requeue(id) => {
            let job = may(id, "requeue")?;
            (id, requeue(state, job, who)?)
        }
    };
    Ok(Decision {
        jobs: vec![job],
        ..just(events)
    })
}

fn allowed<'a>(
    state: &'a State,
    id: JobId,
    who: &UserName,
    admin: bool,
    verb: &str,
) -> Result<&'a Job, Refusal> {
    let owner = match (state.job(id), state.verdict(id)) {
        (Some(job), _) => &job.owner,
        (None, Some(verdict)) => &verdict.owner,
        (None, None) => return Err(Refusal::NoSuchJob { job: id }),
    };
    if owner != who && !admin {
        return Err(Refusal::NotYours {
            job: id,
            owner: owner.clone(),
            verb: verb.to_owned(),
        });
    }
    state.job(id).ok_or(Refusal::TooOld { job: id })
}

fn wrong_state(job: &Job, needed: &str, done: &str) -> Refusal {
    Refusal::WrongState {
        job: job.id,
        state: job.name().as_str().to_lowercase(),
        needed: needed.to_owned(),
        done: done.to_owned(),
    }
}

fn cancel(job: &Job, who: &UserName) -> Result<Vec<Event>, Refusal> {
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

fn hold(job: &Job, by: HoldBy) -> Result<Vec<Event>, Refusal> {
    match &job.state {
        JobState::Queued { .. } => Ok(vec![Event::JobHeld { job: job.id, by }]),
        // An admin's hold stands above its owner's.
        JobState::Held { by: held, .. } if *held == by || by == HoldBy::User => Ok(vec![]),
        JobState::Held { .. } => Ok(vec![Event::JobHeld { job: job.id, by }]),
        _ => Err(wrong_state(job, "queued", "held")),
    }
}

fn release(job: &Job, admin: bool) -> Result<Vec<Event>, Refusal> {
    match &job.state {
        JobState::Held {
            by: HoldBy::Admin, ..
        } if !admin => Err(Refusal::HeldByAdmin { job: job.id }),
        JobState::Held { .. } => Ok(vec![Event::JobReleased { job: job.id }]),
        JobState::Queued { .. } => Ok(vec![]),
        _ => Err(wrong_state(job, "held", "released")),
    }
}

/// The live jobs' ranks are distinct, so there is always room between two neighbours.
fn relocate(state: &State, job: &Job, to: MoveTo) -> Result<Vec<Event>, Refusal> {
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

fn update(
    state: &State,
    job: &Job,
    patch: JobPatch,
    admin: bool,
    now: Timestamp,
) -> Result<Vec<Event>, Refusal> {
    if job.is_finished() {
        return Err(wrong_state(job, "waiting or running", "changed"));
    }
    let waiting_only = patch.nodes.is_some()
        || patch.gpus.is_some()
        || patch.dependencies.is_some()
        || patch.begin.is_some()
        || patch.constraints != ConstraintsPatch::default()
        || patch.class.is_some()
        || patch.per_gpu.is_some();
    if waiting_only && !job.is_waiting() {
        return Err(wrong_state(
            job,
            "held or queued",
            "changed in size, class, order, begin, processes or what it asks of nodes and GPUs",
        ));
    }
    let mut spec = job.spec.clone();
    if let Some(name) = patch.name {
        submit::label("name", &name)?;
        spec.name = name;
    }
    if let Some(limit) = patch.time_limit {
        submit::check_time_limit(limit)?;
        spec.time_limit = limit;
    }
    if let Some(notice) = patch.notice {
        spec.notice = notice;
    }
    if (spec.notice, spec.time_limit) != (job.spec.notice, job.spec.time_limit) {
        submit::check_notice(spec.notice, spec.time_limit)?;
    }
    if let Some(per_gpu) = patch.per_gpu {
        spec.per_gpu = per_gpu;
    }
    if let Some(class) = patch.class {
        if class == PriorityClass::Critical && !admin {
            return Err(Refusal::ClassNotAllowed);
        }
        spec.class = class;
    }
    if let Some(retries) = patch.max_retries {
        spec.max_retries = submit::retries(Some(i64::from(retries)))?;
    }
    if let Some(preemptible) = patch.preemptible {
        spec.preemptible = preemptible;
    }
    if patch.nodes.is_some() || patch.gpus.is_some() {
        let nodes = patch.nodes.or(patch.gpus.is_none().then_some(spec.nodes));
        let gpus = patch.gpus.unwrap_or(spec.gpus_per_node);
        let size = submit::size(
            nodes.map(i64::from),
            Some(i64::from(gpus)),
            state.capacity(),
        )?;
        (spec.nodes, spec.gpus_per_node) = size;
    }
    if spec.interactive && (spec.nodes > 1 || spec.per_gpu) {
        return Err(Refusal::invalid(
            "interactive",
            "An interactive job has one terminal: it stays one process on one node.",
        ));
    }
    if let Some(dependencies) = patch.dependencies {
        if let Some(missing) = dependencies.iter().find(|d| !state.exists(d.job)) {
            return Err(Refusal::invalid(
                "after",
                format!("There is no job {}.", missing.job),
            ));
        }
        no_cycle(state, job.id, &dependencies)?;
        spec.dependencies = dependencies;
    }
    if let Some(begin) = patch.begin {
        if let Some(at) = begin
            && at < now - SignedDuration::from_mins(1)
        {
            return Err(Refusal::BeginInPast { at });
        }
        spec.begin = begin;
    }
    if let Some(deadline) = patch.deadline {
        spec.deadline = deadline;
    }
    if (spec.deadline, spec.begin) != (job.spec.deadline, job.spec.begin) {
        super::deadline(&spec, now)?;
    }
    spec.constraints = patch.constraints.apply(&spec.constraints);
    let asks = |spec: &JobSpec| (spec.nodes, spec.gpus_per_node, spec.constraints.clone());
    if asks(&spec) != asks(&job.spec) {
        spec.constraints
            .check(state.nodes(), spec.nodes, spec.gpus_per_node)?;
    }
    if spec == job.spec {
        return Ok(vec![]);
    }
    Ok(vec![Event::JobUpdated {
        job: job.id,
        spec: Box::new(spec),
    }])
}

/// Refuses what would make jobs wait for each other.
fn no_cycle(state: &State, job: JobId, dependencies: &[Dependency]) -> Result<(), Refusal> {
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

fn requeue(state: &State, job: &Job, by: UserName) -> Result<Vec<Event>, Refusal> {
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
            Ok(vec![Event::JobRequeued {
                job: job.id,
                rank: state.next_rank(),
            }])
        }
        JobState::Stopping {
            cause: StopCause::Requeued { .. },
            ..
        } => Ok(vec![]),
        _ => Err(wrong_state(job, "running or finished", "requeued")),
    }
}
