//! Processes outside every lease: seen, and adopted as jobs.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Decision, may};
use crate::command::{Actor, AdoptRequest};
use crate::constraints::Constraints;
use crate::event::Event;
use crate::foreign::{Adopted, Foreign, ForeignProcess};
use crate::ids::{AttemptId, GpuUuid, UserName};
use crate::lease::{GpuRef, Lease, NodeLease};
use crate::node::Node;
use crate::notice::Notice;
use crate::refusal::Refusal;
use crate::rights::{Right, Thing};
use crate::spec::{JobSpec, PriorityClass};
use crate::state::State;
use crate::submit;

/// As long as a job that says nothing.
const TIME_LIMIT: Duration = Duration::from_secs(24 * 3600);

/// What changed of who uses which GPU. That an admin ignores a process is remembered.
pub(super) fn seen(state: &State, seen: Foreign) -> Vec<Event> {
    let gone = state
        .foreign()
        .keys()
        .filter(|gpu| !seen.contains_key(*gpu));
    let gone = gone.map(|gpu| Event::ForeignSet {
        gpu: gpu.clone(),
        processes: vec![],
    });
    let gone: Vec<Event> = gone.collect();
    let set = seen.into_iter().filter_map(|(gpu, mut processes)| {
        let known = state.foreign().get(&gpu).map_or(&[][..], Vec::as_slice);
        for process in &mut processes {
            let same = |known: &&ForeignProcess| known.is(process.pid, process.started);
            if let Some(known) = known.iter().find(same) {
                process.ignored = known.ignored;
                process.since = known.since;
            }
        }
        (known != processes).then_some(Event::ForeignSet { gpu, processes })
    });
    set.chain(gone).collect()
}

/// Makes a process a job that holds the GPUs which it uses.
pub(super) fn adopt(
    state: &State,
    actor: &Actor,
    request: &AdoptRequest,
) -> Result<Decision, Refusal> {
    let who = actor.person();
    let AdoptRequest {
        node,
        pid,
        name,
        project,
        time_limit,
    } = request;
    let unknown = || Refusal::NotForeign {
        node: node.clone(),
        pid: *pid,
    };
    let there = state.node(node).ok_or_else(unknown)?;
    let (process, gpus) = uses(state, there, *pid).ok_or_else(unknown)?;
    let owner = process.user.clone().unwrap_or_else(|| who.to_string());
    let of = UserName::from(owner.as_str());
    if !may(
        state,
        actor,
        Right::Adopt,
        Thing::of(&of).within(project.as_deref()),
    ) {
        return Err(Refusal::AdoptNotYours { pid: *pid, owner });
    }
    if let Some((gpu, holder)) = gpus
        .iter()
        .find_map(|gpu| Some((gpu, state.holder(&gpu.uuid)?)))
    {
        return Err(Refusal::AdoptLeased {
            pid: *pid,
            place: format!("{node}:{}", gpu.index),
            holder: holder.job,
        });
    }
    let name = name.clone().unwrap_or_else(|| program(process));
    submit::label("name", &name)?;
    if let Some(project) = project {
        submit::label("project", project)?;
    }
    let time_limit = time_limit.unwrap_or(TIME_LIMIT);
    submit::check_time_limit(time_limit)?;
    let command = process.command.clone().unwrap_or_else(|| name.clone());
    let spec = JobSpec {
        name,
        project: project.clone(),
        command: command.split_whitespace().map(str::to_owned).collect(),
        workdir: None,
        package: None,
        env: BTreeMap::new(),
        nodes: 1,
        gpus_per_node: u32::try_from(gpus.len()).unwrap_or(u32::MAX),
        time_limit,
        class: PriorityClass::Normal,
        preemptible: false,
        max_retries: 0,
        dependencies: vec![],
        begin: None,
        deadline: None,
        constraints: Constraints::default(),
        notice: Notice::default(),
        per_gpu: false,
        interactive: false,
        adopted: Some(Adopted {
            node: node.clone(),
            pid: *pid,
            started: process.started,
        }),
        array: None,
    };
    let job = state.next_job();
    let submitted = Event::JobSubmitted {
        job,
        owner: UserName(owner),
        spec: Box::new(spec),
        rank: state.next_rank(),
        held: None,
        key: None,
        agent: None,
        campaign: None,
    };
    let starting = Event::AttemptStarting {
        attempt: AttemptId { job, number: 1 },
        lease: Lease(vec![NodeLease {
            node: node.clone(),
            gpus: gpus.clone(),
        }]),
    };
    let rest = gpus.iter().map(|gpu| without(state, &gpu.uuid, process));
    Ok(Decision {
        events: [submitted, starting].into_iter().chain(rest).collect(),
        jobs: vec![job],
        ..Decision::default()
    })
}

/// The process, and the GPUs of the node that it uses.
fn uses<'a>(state: &'a State, node: &Node, pid: u32) -> Option<(&'a ForeignProcess, Vec<GpuRef>)> {
    let on = |gpu: &GpuUuid| {
        let processes = state.foreign().get(gpu)?;
        processes.iter().find(|process| process.pid == pid)
    };
    let process = node.gpus.iter().find_map(|gpu| on(&gpu.uuid))?;
    let gpus = node.gpus.iter().filter(|gpu| on(&gpu.uuid).is_some());
    let gpus = gpus.map(|gpu| GpuRef {
        index: gpu.index,
        uuid: gpu.uuid.clone(),
    });
    Some((process, gpus.collect()))
}

/// Who else uses it.
fn without(state: &State, gpu: &GpuUuid, process: &ForeignProcess) -> Event {
    let others = state.foreign().get(gpu).into_iter().flatten();
    let others = others.filter(|other| !other.is(process.pid, process.started));
    Event::ForeignSet {
        gpu: gpu.clone(),
        processes: others.cloned().collect(),
    }
}

/// `train.py` of `/usr/bin/python train.py --lr 1`.
fn program(process: &ForeignProcess) -> String {
    let command = process.command.as_deref().unwrap_or_default();
    let mut words = command.split_whitespace().map(|word| {
        let name = word.rsplit('/').next().unwrap_or(word);
        name.trim_matches(|c: char| !c.is_alphanumeric())
    });
    let first = words.next().unwrap_or_default();
    let script = words.find(|word| !word.is_empty()).unwrap_or_default();
    let name = if first.starts_with("python") && !script.is_empty() {
        script
    } else {
        first
    };
    if name.is_empty() {
        format!("process {}", process.pid)
    } else {
        name.chars().take(100).collect()
    }
}
