//! What a job asks of nodes and GPUs is what it gets, and why it waits for it is true.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::random::snapshots;
use crate::support::{facts, idle, job, now, policies, run, started};
use berth_domain::{Constraint, Constraints, GpuRef, JobId, NodeName, PendingReason};
use berth_scheduler::{
    Effect, Experience, Facts, FreeNode, Policy, Pool, Remedy, Snapshot, explain, plan,
};
use proptest::prelude::*;

const H100: &str = "NVIDIA H100 80GB HBM3";

fn pool(model: &str, island: u32, gpus: std::ops::Range<u32>) -> Pool {
    Pool {
        model: model.to_owned(),
        mem_total_bytes: 80_000_000_000,
        island: Some(island),
        gpus: gpus.collect(),
    }
}

fn model(name: &str) -> Constraints {
    Constraints {
        gpu_models: vec![name.to_owned()],
        ..Constraints::default()
    }
}

fn on(node: &str) -> Constraints {
    Constraints {
        nodes: vec![NodeName::from(node)],
        ..Constraints::default()
    }
}

fn island() -> Constraints {
    Constraints {
        nvlink: true,
        ..Constraints::default()
    }
}

fn asking(id: u64, nodes: u32, gpus: u32, asks: Constraints) -> Facts {
    Facts {
        constraints: Some(Arc::new(asks)),
        ..facts(id, nodes, gpus)
    }
}

fn allowed(asks: &Constraints, node: &FreeNode, gpu: &GpuRef) -> bool {
    let pool = node
        .pools
        .iter()
        .find(|pool| pool.gpus.contains(&gpu.index));
    let fits = match pool {
        Some(pool) => asks.allows_gpu(&pool.model, pool.mem_total_bytes),
        None => asks.allows_gpu("", 0),
    };
    asks.allows_node(&node.name) && fits
}

fn island_of(node: &FreeNode, gpu: &GpuRef) -> Option<u32> {
    let pool = node
        .pools
        .iter()
        .find(|pool| pool.gpus.contains(&gpu.index));
    pool.and_then(|pool| pool.island)
}

/// Whether a job would fit on what is free, found by looking at every GPU.
pub fn could(snapshot: &Snapshot, asks: &Constraints, job: &Facts) -> bool {
    let holds = |node: &&FreeNode| {
        let mut islands: BTreeMap<Option<u32>, u32> = BTreeMap::new();
        for gpu in node.free.iter().filter(|gpu| allowed(asks, node, gpu)) {
            let island = island_of(node, gpu).filter(|_| asks.nvlink);
            *islands.entry(island).or_default() += 1;
        }
        let most = islands.values().copied().max().unwrap_or(0);
        asks.allows_node(&node.name) && most >= job.gpus_per_node
    };
    snapshot.nodes.iter().filter(holds).count() >= job.nodes as usize
}

fn reason(snapshot: &Snapshot, policy: &Policy, id: u64) -> String {
    plan(snapshot, policy, now()).reasons[&JobId(id)].sentence()
}

#[test]
fn the_lease_is_what_was_asked_for() {
    let mut snapshot = idle(3);
    snapshot.nodes[0].pools = Arc::new([pool("A100", 0, 0..4), pool(H100, 1, 4..8)]);
    snapshot.nodes[1].pools = Arc::new([pool(H100, 0, 0..4), pool(H100, 1, 4..8)]);
    snapshot.nodes[2].pools = Arc::new([pool(H100, 0, 0..8)]);
    let asked = [
        (asking(1, 1, 3, model("h100")), "node-1:4,5,6"),
        (asking(2, 1, 2, on("node-3")), "node-3:0,1"),
        (asking(3, 1, 4, island()), "node-1:0,1,2,3"),
        (asking(4, 1, 3, island()), "node-2:0,1,2"),
        (asking(5, 1, 4, island()), "node-2:4,5,6,7"),
        // Nobody asks for the last of the first island: what fits best is taken.
        (facts(6, 1, 1), "node-1:7"),
        (facts(7, 1, 1), "node-2:3"),
    ];
    for (facts, _) in &asked {
        let mut one = job(facts.id.0, 1, 1);
        one.job = facts.clone();
        snapshot.pending.push(one);
    }
    for policy in [Policy::fifo(), Policy::easy()] {
        let made = plan(&snapshot, &policy, now());
        let mut leases: Vec<(u64, String)> = made
            .starts
            .iter()
            .map(|(id, lease)| (id.0, lease.summary()))
            .collect();
        leases.sort();
        let expected: Vec<(u64, String)> = asked
            .iter()
            .map(|(facts, lease)| (facts.id.0, (*lease).to_owned()))
            .collect();
        assert_eq!(leases, expected, "{}", policy.name);
    }
}

#[test]
fn the_reason_names_what_keeps_it_waiting() {
    let mut snapshot = idle(2);
    snapshot.nodes[0].pools = Arc::new([pool("A100", 0, 0..8)]);
    snapshot.nodes[1].pools = Arc::new([pool(H100, 0, 0..4), pool(H100, 1, 4..8)]);
    assert!(run(&mut snapshot, facts(100, 1, 4), 0, 0));
    assert!(run(&mut snapshot, facts(101, 1, 8), 1, 0));
    let said = |facts: Facts| {
        let mut snapshot = snapshot.clone();
        let mut one = job(facts.id.0, 1, 1);
        one.job = facts;
        snapshot.pending.push(one);
        reason(&snapshot, &Policy::berth(), 1)
    };
    let both = Constraints {
        exclude: vec![NodeName::from("node-2")],
        ..model("H100")
    };
    assert_eq!(
        said(asking(1, 1, 4, model("H100"))),
        "4 GPUs are free, but none of them is an H100."
    );
    assert_eq!(
        said(asking(1, 1, 4, on("node-2"))),
        "4 GPUs are free, but none of them is on node-2."
    );
    // Too large for what is free, whatever it asks.
    assert_eq!(
        said(asking(1, 1, 8, on("node-2"))),
        "Next in line. Waits for 8 GPUs; 4 are free."
    );
    assert_eq!(
        said(asking(1, 1, 4, both)),
        "Cannot start: there are not enough GPUs of model H100, not on node-2. Ask for less with \
         `berth update`, or wait for nodes to come back."
    );
    assert!(said(asking(1, 1, 8, island())).starts_with("Next in line."));
}

#[test]
fn what_it_could_do_without_is_offered() {
    let mut snapshot = idle(2);
    assert!(run(&mut snapshot, facts(100, 1, 8), 1, 0));
    let mut one = job(1, 1, 4);
    one.job = asking(1, 1, 4, on("node-2"));
    snapshot.pending.push(one);
    let told = explain(
        &snapshot,
        &Policy::berth(),
        now(),
        &Experience::default(),
        JobId(1),
    )
    .unwrap();
    assert_eq!(
        told.actions[0].remedy,
        Remedy::Without(Constraint::Nodelist)
    );
    assert_eq!(told.actions[0].effect, Effect::StartsNow);
    // It waits for node-2, and that is held.
    assert_eq!(told.holders[0].job, JobId(100));
}

#[test]
fn only_who_is_where_it_may_go_is_stopped_for_it() {
    let mut policy = Policy::berth();
    policy.set("preemption", "on").unwrap();
    let mut snapshot = idle(2);
    snapshot.nodes[1].pools = Arc::new([pool("A100", 0, 0..4), pool(H100, 1, 4..8)]);
    // Three jobs of four GPUs that may be stopped, on node-1, the A100s and the H100s.
    for (id, node) in [(100, 0), (101, 1), (102, 1)] {
        let victim = Facts {
            preemptible: true,
            ..facts(id, 1, 4)
        };
        assert!(run(&mut snapshot, victim, node, -3600));
    }
    assert!(run(&mut snapshot, facts(103, 1, 4), 0, -3600));
    let stopped = |asks: Constraints| {
        let mut snapshot = snapshot.clone();
        let mut one = job(1, 1, 1);
        one.job = asking(1, 1, 4, asks);
        snapshot.pending.push(one);
        let made = plan(&snapshot, &policy, now());
        made.preemptions
            .iter()
            .map(|stop| stop.job.0)
            .collect::<Vec<_>>()
    };
    assert_eq!(stopped(on("node-1")), [100]);
    assert_eq!(stopped(model("A100")), [101]);
    assert_eq!(stopped(model("H100")), [102]);
}

proptest! {
    #[test]
    fn no_start_violates_a_constraint(snapshot in snapshots()) {
        for policy in policies() {
            for (id, lease) in plan(&snapshot, &policy, now()).starts {
                let waits = snapshot.pending.iter().find(|one| one.job.id == id).unwrap();
                let Some(asks) = waits.job.constraints.as_deref() else { continue };
                for part in &lease.0 {
                    let node = snapshot.nodes.iter().find(|node| node.name == part.node).unwrap();
                    prop_assert!(asks.allows_node(&part.node));
                    for gpu in &part.gpus {
                        prop_assert!(allowed(asks, node, gpu), "{id} on {}", lease.summary());
                        let first = island_of(node, &part.gpus[0]);
                        prop_assert!(!asks.nvlink || island_of(node, gpu) == first);
                    }
                }
            }
        }
    }

    /// Where a job waits for certain nodes or GPUs, they are not there and others are.
    #[test]
    fn a_reason_about_constraints_is_true(snapshot in snapshots()) {
        let empty = Snapshot {
            nodes: snapshot.nodes.iter().map(|node| FreeNode {
                free: (0..8).map(|index| crate::support::gpu(node.name.as_str(), index)).collect(),
                ..node.clone()
            }).collect(),
            ..Snapshot::default()
        };
        let any = Constraints::default();
        for policy in policies() {
            let made = plan(&snapshot, &policy, now());
            let after = started(&snapshot, &made);
            for pending in &after.pending {
                let job = &pending.job;
                match &made.reasons[&job.id] {
                    PendingReason::Constraints { free_gpus, fitting_gpus, asks, .. } => {
                        prop_assert!(!asks.is_empty());
                        prop_assert!(could(&after, &any, job), "others are free");
                        prop_assert!(!could(&after, asks, job), "such are not");
                        let free = || after.nodes.iter().flat_map(|node| {
                            node.free.iter().map(move |gpu| (node, gpu))
                        });
                        let fitting = free().filter(|(node, gpu)| allowed(asks, node, gpu));
                        prop_assert_eq!(fitting.count(), *fitting_gpus as usize);
                        prop_assert_eq!(free().count(), *free_gpus as usize);
                    }
                    PendingReason::BadConstraints { asks } => {
                        prop_assert!(could(&empty, &any, job) && !could(&empty, asks, job));
                    }
                    PendingReason::NeverFits { .. } => prop_assert!(!could(&empty, &any, job)),
                    _ => {}
                }
            }
        }
    }
}
