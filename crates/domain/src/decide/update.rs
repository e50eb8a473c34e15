//! What may be changed of a job after its submission.

use jiff::{SignedDuration, Timestamp};

use super::change::{no_cycle, wrong_state};
use super::may;
use crate::command::{Actor, ConstraintsPatch, JobPatch};
use crate::event::Event;
use crate::job::Job;
use crate::refusal::Refusal;
use crate::rights::{Right, Thing};
use crate::spec::{ArrayTask, JobSpec, PriorityClass};
use crate::state::State;
use crate::submit;

pub(super) fn updated(
    state: &State,
    actor: &Actor,
    job: &Job,
    patch: JobPatch,
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
    if let Some(limit) = patch.at_once {
        spec.array = Some(at_once(job, limit)?);
    }
    if let Some(class) = patch.class {
        if class == PriorityClass::Critical
            && !may(state, actor, Right::UseCritical, Thing::job(job))
        {
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

fn at_once(job: &Job, limit: u32) -> Result<ArrayTask, Refusal> {
    let task = job.spec.array.ok_or(Refusal::NoArray { job: job.id })?;
    if limit == 0 {
        return Err(Refusal::invalid(
            "at_once",
            "At least 1 task at once: with 0 none would ever start.",
        ));
    }
    Ok(ArrayTask {
        limit: Some(limit),
        ..task
    })
}
