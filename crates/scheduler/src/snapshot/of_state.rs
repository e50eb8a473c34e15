//! The snapshot of the domain's state.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use berth_domain::cordon::of_gpu;
use berth_domain::job::PastAttempt;
use berth_domain::{
    Constraints, DependencyKind, GpuRef, HoldBy, Job, JobState, Lease, Node, NodeName,
    PendingReason, Place, State,
};

use super::{Active, Facts, FreeNode, Gate, Pending, Pool, Snapshot};

impl Snapshot {
    #[must_use]
    pub fn of(state: &State) -> Self {
        let waiting = state.live().filter(|job| job.attempt().is_none());
        Snapshot {
            pending: waiting.map(|job| pending(state, job)).collect(),
            ..Self::in_use(state)
        }
    }

    /// Without what waits: enough to say what is free and when more will be.
    #[must_use]
    pub fn in_use(state: &State) -> Self {
        let mut snapshot = Snapshot {
            quotas: state.quotas().clone(),
            cordons: state.cordons().clone(),
            foreign: foreign(state),
            ..Snapshot::default()
        };
        let mut place = HashMap::new();
        for node in state.nodes().filter(|node| node.present) {
            let idle = node
                .gpus
                .iter()
                .filter(|gpu| state.holder(&gpu.uuid).is_none());
            let idle = idle.map(|gpu| GpuRef {
                index: gpu.index,
                uuid: gpu.uuid.clone(),
            });
            let (kept, mut free): (Vec<GpuRef>, Vec<GpuRef>) =
                idle.partition(|gpu| is_kept(state, &node.name, gpu));
            let of_node = Place {
                node: node.name.clone(),
                gpu: None,
            };
            let foreign = usize::try_from(node.foreign).unwrap_or(usize::MAX);
            free.truncate(free.len().saturating_sub(foreign));
            place.insert(node.name.clone(), snapshot.nodes.len());
            snapshot.nodes.push(FreeNode {
                name: node.name.clone(),
                gpus: node.gpus.len(),
                pools: pools(node),
                free,
                cpu_jobs: 0,
                cordoned: state.cordons().contains_key(&of_node),
                kept,
            });
        }
        for job in state.live() {
            if let Some(attempt) = job.attempt() {
                for part in attempt.lease.0.iter().filter(|part| part.gpus.is_empty()) {
                    if let Some(node) = place.get(&part.node) {
                        snapshot.nodes[*node].cpu_jobs += 1;
                    }
                }
                snapshot.active.push(Active {
                    job: facts(job),
                    lease: given_back(&attempt.lease, state),
                    since: Some(attempt.granted_at),
                    checkpoint_at: None,
                    stopping: matches!(job.state, JobState::Stopping { .. }),
                });
            }
        }
        snapshot
    }
}

/// Of a lease what others can have when it ends.
fn given_back(lease: &Lease, state: &State) -> Lease {
    let mut lease = lease.clone();
    if !state.cordons().is_empty() || !state.foreign().is_empty() {
        for part in &mut lease.0 {
            let node = &part.node;
            part.gpus.retain(|gpu| !is_kept(state, node, gpu));
        }
    }
    lease
}

/// Whether a GPU gets no new job: it is cordoned, or somebody uses it outside the queue.
fn is_kept(state: &State, node: &NodeName, gpu: &GpuRef) -> bool {
    of_gpu(state.cordons(), node, gpu.index).is_some() || state.used_outside(&gpu.uuid).is_some()
}

/// The GPUs that somebody uses outside the queue.
fn foreign(state: &State) -> BTreeMap<Place, String> {
    if state.foreign().is_empty() {
        return BTreeMap::new();
    }
    let gpus = state
        .nodes()
        .flat_map(|node| node.gpus.iter().map(move |gpu| (node, gpu)));
    gpus.filter_map(|(node, gpu)| {
        let process = state.used_outside(&gpu.uuid)?;
        let place = Place {
            node: node.name.clone(),
            gpu: Some(gpu.index),
        };
        Some((place, process.words()))
    })
    .collect()
}

/// The GPUs of a node, alike ones together, in the order of their first.
fn pools(node: &Node) -> Arc<[Pool]> {
    let mut pools: Vec<Pool> = Vec::new();
    for gpu in &node.gpus {
        let alike = |pool: &&mut Pool| {
            pool.island == gpu.nvlink_island
                && pool.mem_total_bytes == gpu.mem_total_bytes
                && pool.model == gpu.model
        };
        match pools.iter_mut().find(alike) {
            Some(pool) => pool.gpus.push(gpu.index),
            None => pools.push(Pool {
                model: gpu.model.clone(),
                mem_total_bytes: gpu.mem_total_bytes,
                island: gpu.nvlink_island,
                gpus: vec![gpu.index],
            }),
        }
    }
    pools.into()
}

fn pending(state: &State, job: &Job) -> Pending {
    Pending {
        job: Facts::of(job),
        gate: gate(state, job),
    }
}

impl Facts {
    /// Without a prediction: see [`Learned::annotate`](crate::Learned::annotate).
    #[must_use]
    pub fn of(job: &Job) -> Self {
        facts(job)
    }
}

fn facts(job: &Job) -> Facts {
    Facts {
        id: job.id,
        class: job.spec.class,
        rank: job.rank.clone(),
        moved: job.moved,
        nodes: job.spec.nodes,
        gpus_per_node: job.spec.gpus_per_node,
        constraints: asks(&job.spec.constraints),
        owner: job.owner.clone(),
        project: job.spec.project.clone(),
        submitted_at: job.submitted_at,
        time_limit: job.spec.time_limit,
        preemptible: job.spec.preemptible,
        // Who may be preempted said that its work is saved then. What ended in any other way
        // starts from the beginning. Counted from the lease on, as while it runs: by another clock
        // the one that was stopped could be due before the one it was stopped for.
        service: preempted(job).map(PastAttempt::held).sum(),
        preemptions: u32::try_from(preempted(job).count()).unwrap_or(u32::MAX),
        predicted: None,
        deadline: job.spec.deadline,
        array: job.spec.array.map(|task| (task.array, task.limit)),
    }
}

/// What a job asks of nodes and GPUs, if it asks anything.
pub(super) fn asks(constraints: &Constraints) -> Option<Arc<Constraints>> {
    (!constraints.is_empty()).then(|| Arc::new(constraints.clone()))
}

fn preempted(job: &Job) -> impl Iterator<Item = &PastAttempt> {
    job.past.iter().filter(|past| past.was_preempted())
}

fn gate(state: &State, job: &Job) -> Gate {
    let not_before = match &job.state {
        JobState::Held {
            by: HoldBy::User, ..
        } => return Gate::Closed(PendingReason::JobHeldUser),
        JobState::Held {
            by: HoldBy::Admin, ..
        } => {
            return Gate::Closed(PendingReason::JobHeldAdmin);
        }
        JobState::Queued { not_before, .. } => *not_before,
        _ => None,
    };
    let mut waits_for = Vec::new();
    for dependency in &job.spec.dependencies {
        let satisfied = state
            .verdict(dependency.job)
            .map(|verdict| match dependency.kind {
                DependencyKind::AfterOk => verdict.succeeded,
                DependencyKind::AfterNotOk => !verdict.succeeded,
                DependencyKind::AfterAny => true,
            });
        match satisfied {
            Some(true) => {}
            Some(false) => {
                let job = dependency.job;
                return Gate::Closed(PendingReason::DependencyNeverSatisfied { job });
            }
            None => waits_for.push(dependency.job),
        }
    }
    if !waits_for.is_empty() {
        return Gate::Closed(PendingReason::Dependency { jobs: waits_for });
    }
    if let Some(at) = job.spec.begin.filter(|_| job.past.is_empty()) {
        return Gate::Until(at, PendingReason::BeginTime { at });
    }
    if let Some(at) = not_before {
        let attempt = job.past.last().map_or(0, |past| past.number);
        return Gate::Until(at, PendingReason::RetryBackoff { at, attempt });
    }
    Gate::Open
}
