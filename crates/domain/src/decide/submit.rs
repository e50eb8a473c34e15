//! Submissions.

use jiff::{SignedDuration, Timestamp};

use super::{Decision, person};
use crate::command::Actor;
use crate::event::Event;
use crate::ids::JobId;
use crate::job::HoldBy;
use crate::rank::Rank;
use crate::refusal::Refusal;
use crate::spec::{ArrayTask, JobSpec, PriorityClass};
use crate::state::State;
use crate::submit::SubmitRequest;

pub(super) fn submit(
    state: &State,
    actor: &Actor,
    request: &SubmitRequest,
    now: Timestamp,
) -> Result<Decision, Refusal> {
    let (owner, admin) = person(actor);
    if let Some(key) = &request.idempotency_key
        && let Some(job) = state.by_key(&owner, key)
    {
        return Ok(Decision {
            jobs: vec![job],
            repeated: true,
            ..Decision::default()
        });
    }
    let checked = request.check(state.capacity())?;
    if checked.spec.class == PriorityClass::Critical && !admin {
        return Err(Refusal::ClassNotAllowed);
    }
    if let Some(dependency) = checked
        .spec
        .dependencies
        .iter()
        .find(|d| !state.exists(d.job))
    {
        return Err(Refusal::invalid(
            "after",
            format!("There is no job {} to wait for.", dependency.job),
        ));
    }
    if let Some(at) = checked.spec.begin
        && at < now - SignedDuration::from_mins(1)
    {
        return Err(Refusal::BeginInPast { at });
    }
    super::deadline(&checked.spec, now)?;
    let asked = &checked.spec;
    asked
        .constraints
        .check(state.nodes(), asked.nodes, asked.gpus_per_node)?;
    let first = state.next_job().0;
    let first_ordinal = state.counters().last_ordinal + 1;
    let tasks: Vec<Option<ArrayTask>> = match &checked.array {
        None => vec![None],
        Some(array) => {
            let task = |index| ArrayTask {
                array: JobId(first),
                index,
                limit: array.limit,
            };
            array
                .indices
                .iter()
                .map(|index| Some(task(*index)))
                .collect()
        }
    };
    let jobs: Vec<JobId> = (first..).take(tasks.len()).map(JobId).collect();
    let events = jobs
        .iter()
        .zip(tasks)
        .zip(first_ordinal..)
        .map(|((job, task), ordinal)| Event::JobSubmitted {
            job: *job,
            owner: owner.clone(),
            spec: Box::new(JobSpec {
                array: task,
                ..checked.spec.clone()
            }),
            rank: Rank::ordinal(ordinal),
            held: request.hold.then_some(HoldBy::User),
            key: request.idempotency_key.clone(),
        })
        .collect();
    Ok(Decision {
        events,
        jobs,
        repeated: false,
    })
}
