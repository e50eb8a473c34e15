//! Builders and random snapshots for the planner's tests.

use berth_domain::{GpuRef, GpuUuid, JobId, Lease, NodeLease, NodeName, Timestamp};
use berth_scheduler::{Active, Facts, FreeNode, Gate, Pending, Plan, Policy, Snapshot};
use std::sync::Arc;

/// Ten days after the epoch, so that there is room for a past.
pub const NOW_S: i64 = 864_000;

pub fn now() -> Timestamp {
    at(0)
}

/// Seconds from now.
pub fn at(second: i64) -> Timestamp {
    Timestamp::from_second(NOW_S + second).expect("the test is right")
}

pub fn gpu(node: &str, index: u32) -> GpuRef {
    GpuRef {
        index,
        uuid: GpuUuid(format!("{node}-{index}")),
    }
}

pub fn facts(id: u64, nodes: u32, gpus_per_node: u32) -> Facts {
    Facts {
        nodes,
        gpus_per_node,
        ..Facts::new(JobId(id))
    }
}

pub fn job(id: u64, nodes: u32, gpus_per_node: u32) -> Pending {
    Pending {
        job: facts(id, nodes, gpus_per_node),
        gate: Gate::Open,
    }
}

/// Nodes `node-1`, `node-2`, … of eight GPUs, all free.
pub fn idle(nodes: usize) -> Snapshot {
    let node = |n: usize| {
        let name = format!("node-{n}");
        FreeNode {
            gpus: 8,
            free: (0..8).map(|index| gpu(&name, index)).collect(),
            name: NodeName(name),
            cpu_jobs: 0,
            cordoned: false,
            kept: Vec::new(),
            pools: Arc::default(),
        }
    };
    Snapshot {
        nodes: (1..=nodes).map(node).collect(),
        ..Snapshot::default()
    }
}

/// Runs a job on the first free GPUs of a node; `false` if there are too few.
pub fn run(snapshot: &mut Snapshot, job: Facts, node: usize, since_s: i64) -> bool {
    let gpus = job.gpus_per_node as usize;
    let place = &mut snapshot.nodes[node];
    if place.free.len() < gpus {
        return false;
    }
    let lease = Lease(vec![NodeLease {
        node: place.name.clone(),
        gpus: place.free.drain(..gpus).collect(),
    }]);
    snapshot.active.push(Active {
        job,
        lease,
        since: Some(at(since_s)),
        checkpoint_at: None,
        stopping: false,
    });
    true
}

/// Every built-in, and berth with preemption.
pub fn policies() -> Vec<Policy> {
    let mut all: Vec<Policy> = Policy::NAMES
        .iter()
        .map(|name| Policy::named(name).expect("the test is right"))
        .collect();
    let mut preemptive = Policy::berth();
    preemptive
        .set("preemption", "on")
        .expect("the test is right");
    all.push(preemptive);
    let mut conservative = Policy::slurm();
    conservative
        .set("backfill", "conservative")
        .expect("the test is right");
    all.push(conservative);
    all
}

/// The snapshot after the plan's starts.
pub fn started(snapshot: &Snapshot, plan: &Plan) -> Snapshot {
    let mut after = snapshot.clone();
    for (id, lease) in &plan.starts {
        let place = after
            .pending
            .iter()
            .position(|one| one.job.id == *id)
            .expect("the test is right");
        let job = after.pending.remove(place).job;
        for part in &lease.0 {
            let node = after
                .nodes
                .iter_mut()
                .find(|node| node.name == part.node)
                .expect("the test is right");
            node.free.retain(|gpu| !part.gpus.contains(gpu));
            node.cpu_jobs += u32::from(part.gpus.is_empty());
        }
        after.active.push(Active {
            job,
            lease: lease.clone(),
            since: Some(now()),
            checkpoint_at: None,
            stopping: false,
        });
    }
    after
}
