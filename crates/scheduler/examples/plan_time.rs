//! How long a plan and its forecast take, and how that grows with the queue and the cluster.

use std::sync::Arc;
use std::time::{Duration, Instant};

use berth_domain::{GpuRef, GpuUuid, JobId, Lease, NodeLease, NodeName, Timestamp, UserName};
use berth_scheduler::predict::RunTime;
use berth_scheduler::{
    Active, Experience, Facts, FreeNode, Gate, Pending, Policy, Snapshot, plan, plan_and_forecast,
};

fn main() {
    println!(
        "{:>6} {:>6} {:>8} {:>12} {:>16}",
        "GPUs", "jobs", "policy", "plan ms", "+ forecast ms"
    );
    for (nodes, jobs) in [
        (2, 1_000),
        (2, 10_000),
        (2, 20_000),
        (16, 10_000),
        (128, 1_000),
        (128, 10_000),
        (128, 20_000),
    ] {
        let snapshot = full(nodes, jobs);
        let now = Timestamp::from_second(1_000_000).unwrap_or_default();
        let mut on = Policy::berth();
        on.preemption.mode = berth_scheduler::PreemptionMode::On;
        on.name = "berth on".to_owned();
        for policy in [Policy::easy(), Policy::slurm(), Policy::berth(), on] {
            let experience = Experience::default();
            let planned = best(|| plan(&snapshot, &policy, now).order.len());
            let foretold = best(|| {
                plan_and_forecast(&snapshot, &policy, now, &experience)
                    .1
                    .len()
            });
            println!(
                "{:>6} {jobs:>6} {:>8} {:>12.2} {:>16.2}",
                nodes * 8,
                policy.name,
                planned,
                foretold
            );
        }
    }
}

/// The median of some runs, in milliseconds.
fn best(mut run: impl FnMut() -> usize) -> f64 {
    let mut times: Vec<f64> = (0..11)
        .map(|_| {
            let from = Instant::now();
            std::hint::black_box(run());
            from.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// A cluster of which every GPU is taken, and a queue of all sizes.
fn full(nodes: u32, jobs: u64) -> Snapshot {
    let at = |second: i64| Timestamp::from_second(second).unwrap_or_default();
    let predicted = |id: u64| {
        let mut mass = [0.1; berth_scheduler::predict::BINS];
        mass[usize::try_from(id * 7 % 40).unwrap_or(0)] += 5.0;
        Some(Arc::new(RunTime::of_weights(mass)))
    };
    let facts = |id: u64, gpus: u32| Facts {
        nodes: gpus.div_ceil(8),
        gpus_per_node: gpus.min(8),
        owner: UserName(format!("user-{}", id % 40)),
        submitted_at: at(1_000_000 - i64::try_from(id % 90_000).unwrap_or(0)),
        time_limit: Duration::from_secs(3600 * (1 + id % 48)),
        predicted: predicted(id),
        preemptible: true,
        ..Facts::new(JobId(id))
    };
    let mut snapshot = Snapshot::default();
    for node in 0..nodes {
        let name = NodeName(format!("node-{node}"));
        for index in 0..8u32 {
            let gpu = GpuRef {
                index,
                uuid: GpuUuid(format!("{node}-{index}")),
            };
            snapshot.active.push(Active {
                job: facts(1_000_000 + u64::from(node * 8 + index), 1),
                lease: Lease(vec![NodeLease {
                    node: name.clone(),
                    gpus: vec![gpu],
                }]),
                since: Some(at(1_000_000 - i64::from(index) * 500)),
                checkpoint_at: None,
                stopping: false,
            });
        }
        snapshot.nodes.push(FreeNode {
            name,
            gpus: 8,
            free: Vec::new(),
            cpu_jobs: 0,
            cordoned: false,
            pools: Arc::default(),
        });
    }
    snapshot.pending = (0..jobs)
        .map(|id| Pending {
            job: facts(
                id,
                [1, 1, 1, 2, 2, 4, 8, 16][usize::try_from(id % 8).unwrap_or(0)],
            ),
            gate: Gate::Open,
        })
        .collect();
    snapshot
}
