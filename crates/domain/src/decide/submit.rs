//! Submissions.

use jiff::{SignedDuration, Timestamp};

use super::{Decision, by_agent, may};
use crate::campaign::CampaignId;
use crate::command::Actor;
use crate::event::Event;
use crate::ids::{JobId, UserName};
use crate::job::HoldBy;
use crate::rank::Rank;
use crate::refusal::Refusal;
use crate::rights::{Right, Thing};
use crate::spec::{ArrayTask, JobSpec, PriorityClass};
use crate::state::State;
use crate::submit::{Checked, SubmitRequest};

/// For whom a job is submitted, and by what.
#[derive(Debug)]
pub(super) struct Submitter {
    pub(super) owner: UserName,
    pub(super) agent: Option<UserName>,
    pub(super) campaign: Option<CampaignId>,
}

impl Submitter {
    fn of(actor: &Actor) -> Self {
        Submitter {
            owner: actor.person(),
            agent: by_agent(actor),
            campaign: None,
        }
    }
}

pub(super) fn submit(
    state: &State,
    actor: &Actor,
    request: &SubmitRequest,
    now: Timestamp,
) -> Result<Decision, Refusal> {
    let by = Submitter::of(actor);
    if let Some(key) = &request.idempotency_key
        && let Some(job) = state.by_key(&by.owner, key)
    {
        return Ok(Decision {
            jobs: vec![job],
            repeated: true,
            ..Decision::default()
        });
    }
    let checked = request.check(state.capacity())?;
    fits(state, actor, &checked.spec, now)?;
    let specs = specs(checked, state.next_job())?;
    let held = request.hold.then_some(HoldBy::User);
    Ok(submitted(
        state,
        &by,
        specs,
        held,
        request.idempotency_key.as_ref(),
    ))
}

/// What a job that is asked for has to fit: other jobs, the nodes, the time, and whose it is.
pub(super) fn fits(
    state: &State,
    actor: &Actor,
    spec: &JobSpec,
    now: Timestamp,
) -> Result<(), Refusal> {
    let owner = actor.person();
    let thing = Thing::of(&owner).within(spec.project.as_deref());
    if !may(state, actor, Right::Submit, thing) {
        return Err(Refusal::OnlyLooks);
    }
    if let Some(project) = &spec.project
        && !state.projects().is_open_to(project, actor)
    {
        let project = project.clone();
        return Err(Refusal::ProjectClosed { project });
    }
    if spec.class == PriorityClass::Critical && !may(state, actor, Right::UseCritical, thing) {
        return Err(Refusal::ClassNotAllowed);
    }
    let mut needed = spec.dependencies.iter();
    if let Some(dependency) = needed.find(|d| !state.exists(d.job)) {
        return Err(Refusal::invalid(
            "after",
            format!("There is no job {} to wait for.", dependency.job),
        ));
    }
    if let Some(at) = spec.begin
        && at < now - SignedDuration::from_mins(1)
    {
        return Err(Refusal::BeginInPast { at });
    }
    super::deadline(spec, now)?;
    spec.constraints
        .check(state.nodes(), spec.nodes, spec.gpus_per_node)
}

/// The jobs of these specifications, which get the next numbers.
pub(super) fn submitted(
    state: &State,
    by: &Submitter,
    specs: Vec<JobSpec>,
    held: Option<HoldBy>,
    key: Option<&String>,
) -> Decision {
    let first = state.next_job().0;
    let first_ordinal = state.counters().last_ordinal + 1;
    let jobs: Vec<JobId> = (first..).take(specs.len()).map(JobId).collect();
    let events = jobs
        .iter()
        .zip(specs)
        .zip(first_ordinal..)
        .map(|((job, spec), ordinal)| Event::JobSubmitted {
            job: *job,
            owner: by.owner.clone(),
            spec: Box::new(spec),
            rank: Rank::ordinal(ordinal),
            held,
            key: key.cloned(),
            agent: by.agent.clone(),
            campaign: by.campaign,
        })
        .collect();
    Decision {
        events,
        jobs,
        ..Decision::default()
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
