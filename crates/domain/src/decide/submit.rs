//! Submissions.

use jiff::{SignedDuration, Timestamp};

use super::{Decision, person};
use crate::command::Actor;
use crate::event::Event;
use crate::ids::{JobId, UserName};
use crate::job::HoldBy;
use crate::rank::Rank;
use crate::refusal::Refusal;
use crate::spec::{ArrayTask, JobSpec, PriorityClass};
use crate::state::State;
use crate::submit::{Checked, SubmitRequest};

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
    let specs = specs(checked, JobId(first))?;
    let jobs: Vec<JobId> = (first..).take(specs.len()).map(JobId).collect();
    let events = jobs
        .iter()
        .zip(specs)
        .zip(first_ordinal..)
        .map(|((job, spec), ordinal)| Event::JobSubmitted {
            job: *job,
            owner: owner.clone(),
            spec: Box::new(spec),
            rank: Rank::ordinal(ordinal),
            held: request.hold.then_some(HoldBy::User),
            key: request.idempotency_key.clone(),
            agent: by_agent(actor),
        })
        .collect();
    Ok(Decision {
        events,
        jobs,
        ..Decision::default()
    })
}

fn by_agent(actor: &Actor) -> Option<UserName> {
    match actor {
        Actor::Agent { name, .. } => Some(name.clone()),
        Actor::User { .. } | Actor::Berth => None,
    }
}

/// The job, or one for each task of the array or combination of the sweep; the first one's number
/// names them all.
fn specs(checked: Checked, first: JobId) -> Result<Vec<JobSpec>, Refusal> {
    let Checked { spec, array, sweep } = checked;
    let task = |index, limit| ArrayTask {
        array: first,
        index,
        limit,
    };
    if let Some(sweep) = sweep {
        let specs = (0..).zip(sweep.specs(&spec)?);
        let numbered = specs.map(|(index, spec)| JobSpec {
            array: Some(task(index, sweep.limit)),
            ..spec
        });
        return Ok(numbered.collect());
    }
    let Some(array) = array else {
        return Ok(vec![spec]);
    };
    let tasks = array.indices.into_iter();
    let tasks = tasks.map(|index| JobSpec {
        array: Some(task(index, array.limit)),
        ..spec.clone()
    });
    Ok(tasks.collect())
}
