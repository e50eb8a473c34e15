//! What the planner looks at: a small, complete copy of what matters in the state.

use std::collections::HashMap;

use berth_domain::{
    DependencyKind, GpuRef, HoldBy, Job, JobId, JobState, Lease, NodeName, PendingReason,
    PriorityClass, Rank, State, Timestamp,
};

/// The knobs of the planner.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// How many jobs without GPUs one node runs at once.
    pub cpu_jobs_per_node: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            cpu_jobs_per_node: 16,
        }
    }
}

#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Present nodes, by name.
    pub nodes: Vec<FreeNode>,
    /// Everything that waits.
    pub pending: Vec<Pending>,
    /// Everything that holds a lease.
    pub active: Vec<Active>,
    /// Why nothing can be launched at the moment.
    pub executor_down: Option<String>,
}

/// A node and what is free on it.
#[derive(Clone, Debug)]
pub struct FreeNode {
    pub name: NodeName,
    pub gpus: usize,
    /// In rising index order.
    pub free: Vec<GpuRef>,
    /// Jobs without GPUs that run here.
    pub cpu_jobs: u32,
}

#[derive(Clone, Debug)]
pub struct Pending {
    pub id: JobId,
    pub class: PriorityClass,
    pub rank: Rank,
    pub nodes: u32,
    pub gpus_per_node: u32,
    pub gate: Gate,
    /// The array whose limit it counts against.
    pub array: Option<(JobId, u32)>,
}

/// What keeps a job out of the order for the time being.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gate {
    Open,
    /// Closed until something happens.
    Closed(PendingReason),
    /// Opens by the clock alone.
    Until(Timestamp, PendingReason),
}

#[derive(Clone, Debug)]
pub struct Active {
    pub id: JobId,
    pub lease: Lease,
    /// When its time limit ends it, at the latest; `None` before it runs.
    pub deadline: Option<Timestamp>,
    pub time_limit: std::time::Duration,
    pub array: Option<JobId>,
}

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
        let mut snapshot = Snapshot::default();
        let mut place = HashMap::new();
        for node in state.nodes().filter(|node| node.present) {
            let free = node
                .gpus
                .iter()
                .filter(|gpu| state.holder(&gpu.uuid).is_none());
            let free = free.map(|gpu| GpuRef {
                index: gpu.index,
                uuid: gpu.uuid.clone(),
            });
            place.insert(node.name.clone(), snapshot.nodes.len());
            snapshot.nodes.push(FreeNode {
                name: node.name.clone(),
                gpus: node.gpus.len(),
                free: free.collect(),
                cpu_jobs: 0,
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
                    id: job.id,
                    lease: attempt.lease.clone(),
                    deadline: job.deadline(),
                    time_limit: job.spec.time_limit,
                    array: job.spec.array.map(|task| task.array),
                });
            }
        }
        snapshot
    }
}

fn pending(state: &State, job: &Job) -> Pending {
    Pending {
        id: job.id,
        class: job.spec.class,
        rank: job.rank.clone(),
        nodes: job.spec.nodes,
        gpus_per_node: job.spec.gpus_per_node,
        gate: gate(state, job),
        array: job
            .spec
            .array
            .and_then(|task| Some((task.array, task.limit?))),
    }
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
