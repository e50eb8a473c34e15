//! A long queue in front of a full cluster, for taking the time.

use std::sync::Arc;
use std::time::Duration;

use berth_domain::{
    GpuRef, GpuUuid, JobId, Lease, MoveTo, NodeLease, NodeName, Timestamp, UserName,
};
use berth_scheduler::predict::{BINS, RunTime};
use berth_scheduler::{
    Active, Experience, Facts, FreeNode, Gate, Pending, Policy, PreemptionMode, Snapshot, forecast,
    moved, plan_and_forecast,
};

const NOW_S: i64 = 1_000_000;

/// Jobs of all sizes that wait for nodes of eight GPUs, each of which runs eight jobs.
#[derive(Clone, Debug)]
pub struct LongQueue {
    snapshot: Snapshot,
    policy: Policy,
    experience: Experience,
}

impl LongQueue {
    /// Under the default policy, which stops running jobs only if `preemption` is on.
    #[must_use]
    pub fn new(nodes: u32, jobs: u32, preemption: PreemptionMode) -> Self {
        let mut policy = Policy::berth();
        policy.preemption.mode = preemption;
        let mut snapshot = Snapshot::default();
        for node in 0..nodes {
            add_full_node(&mut snapshot, node);
        }
        let sizes = [1, 1, 1, 2, 2, 4, 8, 16];
        let pending = sizes.iter().cycle().zip(0..jobs).map(|(gpus, id)| Pending {
            job: facts(u64::from(id), *gpus),
            gate: Gate::Open,
        });
        snapshot.pending = pending.collect();
        LongQueue {
            snapshot,
            policy,
            experience: Experience::default(),
        }
    }

    /// Plans and says when everything would start; returns how many forecasts there are.
    #[must_use]
    pub fn plan(&self) -> usize {
        let now = at(0);
        let (_, forecasts) = plan_and_forecast(&self.snapshot, &self.policy, now, &self.experience);
        forecasts.len()
    }

    /// Moves the last job to the top and says when everything would start then, as a page does while
    /// somebody drags.
    #[must_use]
    pub fn moved(&self) -> usize {
        let last = self.snapshot.pending.last().map(|one| one.job.id);
        last.map_or(0, |job| {
            let with = moved(&self.snapshot, job, MoveTo::Top);
            forecast(&with, &self.policy, at(0), &self.experience).len()
        })
    }
}

/// So many seconds from now.
fn at(second: i64) -> Timestamp {
    Timestamp::from_second(NOW_S + second).unwrap_or(Timestamp::MAX)
}

fn facts(id: u64, gpus: u32) -> Facts {
    let mut mass = [0.1; BINS];
    mass[usize::try_from(id * 7 % 40).unwrap_or(0)] += 5.0;
    Facts {
        nodes: gpus.div_ceil(8),
        gpus_per_node: gpus.min(8),
        owner: UserName(format!("user-{}", id % 40)),
        submitted_at: at(-i64::try_from(id % 90_000).unwrap_or(0)),
        time_limit: Duration::from_secs(3600 * (1 + id % 48)),
        predicted: Some(Arc::new(RunTime::of_weights(mass))),
        preemptible: true,
        ..Facts::new(JobId(id))
    }
}

fn add_full_node(snapshot: &mut Snapshot, number: u32) {
    let name = NodeName(format!("node-{number}"));
    for index in 0..8 {
        let gpu = GpuRef {
            index,
            uuid: GpuUuid(format!("{number}-{index}")),
        };
        snapshot.active.push(Active {
            job: facts(1_000_000 + u64::from(number * 8 + index), 1),
            lease: Lease(vec![NodeLease {
                node: name.clone(),
                gpus: vec![gpu],
            }]),
            since: Some(at(-i64::from(index) * 500)),
            checkpoint_at: None,
            stopping: false,
        });
    }
    snapshot.nodes.push(FreeNode {
        name,
        gpus: 8,
        pools: Arc::default(),
        free: Vec::new(),
        cpu_jobs: 0,
        cordoned: false,
        kept: Vec::new(),
    });
}
