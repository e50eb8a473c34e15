//! Commands on all tasks of an array or sweep. Each task is changed if that fits its state; it is
//! refused only when it fits none.

use super::change::{cancelled, held, holder, may_release, released, requeued};
use super::{Decision, just, may};
use crate::array::ArrayChange;
use crate::command::Actor;
use crate::event::Event;
use crate::ids::JobId;
use crate::job::{Job, JobState};
use crate::outcome::Outcome;
use crate::rank::Rank;
use crate::refusal::Refusal;
use crate::rights::{Right, Thing};
use crate::state::State;

/// `id` is any of the array's tasks.
pub(super) fn change(
    state: &State,
    actor: &Actor,
    id: JobId,
    change: ArrayChange,
) -> Result<Decision, Refusal> {
    let who = actor.person();
    let array = match state.job(id) {
        Some(job) => job.spec.array.map(|task| task.array),
        None => state.array(id).map(|_| id),
    };
    let Some((array, whole)) = array.and_then(|array| Some((array, state.array(array)?))) else {
        return Err(if state.exists(id) {
            Refusal::NoArray { job: id }
        } else {
            Refusal::NoSuchJob { job: id }
        });
    };
    let tasks = state.tasks(array);
    let project = tasks.iter().find_map(|job| job.spec.project.as_deref());
    if !may(
        state,
        actor,
        Right::ChangeJob,
        Thing::of(&whole.owner).within(project),
    ) {
        return Err(Refusal::NotYours {
            job: array,
            owner: whole.owner.clone(),
            verb: change.verb().to_owned(),
        });
    }
    let fitting = tasks.into_iter().filter(|job| fits(job, change));
    let mut decision = just(vec![]);
    let mut refused = None;
    let after = state.counters().last_ordinal;
    for (job, place) in fitting.zip(1..) {
        let events: Result<Vec<Event>, Refusal> = match change {
            ArrayChange::Cancel => cancelled(job, &who),
            ArrayChange::Hold => held(job, holder(job, actor)),
            ArrayChange::Release => released(job, may_release(state, actor, job)),
            ArrayChange::RetryFailed => {
                requeued(state, job, who.clone(), Rank::ordinal(after + place))
            }
        };
        match events {
            Ok(events) => {
                decision.jobs.push(job.id);
                decision.events.extend(events);
            }
            Err(refusal) => refused = Some(refusal),
        }
    }
    if decision.jobs.is_empty() {
        return Err(refused.unwrap_or(Refusal::NoTask { array, change }));
    }
    Ok(decision)
}

fn fits(job: &Job, change: ArrayChange) -> bool {
    match (change, &job.state) {
        (ArrayChange::Cancel, state) => !matches!(state, JobState::Finished { .. }),
        (ArrayChange::Hold, JobState::Queued { .. })
        | (ArrayChange::Release, JobState::Held { .. }) => true,
        (ArrayChange::RetryFailed, JobState::Finished { outcome, .. }) => {
            !matches!(outcome, Outcome::Succeeded | Outcome::Cancelled { .. })
        }
        _ => false,
    }
}
