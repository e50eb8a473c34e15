//! The planner's promises.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use berth_domain::{
    GpuRef, GpuUuid, JobId, Lease, NodeLease, NodeName, PendingReason, PriorityClass, Rank,
    Timestamp,
};
use berth_scheduler::{Active, Facts, FreeNode, Gate, Pending, Policy, Snapshot, free_at, plan};
use proptest::prelude::*;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn gpu(node: &str, index: u32) -> GpuRef {
    GpuRef {
        index,
        uuid: GpuUuid(format!("{node}-{index}")),
    }
}

/// Two nodes of eight with these GPUs free.
fn cluster(free: [&[u32]; 2]) -> Snapshot {
    let nodes = ["node-1", "node-2"]
        .iter()
        .zip(free)
        .map(|(name, free)| FreeNode {
            name: NodeName::from(*name),
            gpus: 8,
            free: free.iter().map(|index| gpu(name, *index)).collect(),
            cpu_jobs: 0,
            cordoned: false,
            kept: Vec::new(),
            pools: Arc::default(),
        });
    Snapshot {
        nodes: nodes.collect(),
        ..Snapshot::default()
    }
}

const ALL: &[u32] = &[0, 1, 2, 3, 4, 5, 6, 7];

fn facts(id: u64, nodes: u32, gpus_per_node: u32) -> Facts {
    Facts {
        nodes,
        gpus_per_node,
        ..Facts::new(JobId(id))
    }
}

fn job(id: u64, nodes: u32, gpus_per_node: u32) -> Pending {
    Pending {
        job: facts(id, nodes, gpus_per_node),
        gate: Gate::Open,
    }
}

fn started(snapshot: &Snapshot) -> Vec<(u64, String)> {
    started_by(snapshot, &Policy::default())
}

fn started_by(snapshot: &Snapshot, policy: &Policy) -> Vec<(u64, String)> {
    let plan = plan(snapshot, policy, NOW);
    plan.starts
        .iter()
        .map(|(id, lease)| (id.0, lease.summary()))
        .collect()
}

fn reason(snapshot: &Snapshot, id: u64) -> PendingReason {
    reason_by(snapshot, &Policy::default(), id)
}

fn reason_by(snapshot: &Snapshot, policy: &Policy, id: u64) -> PendingReason {
    plan(snapshot, policy, NOW).reasons[&JobId(id)].clone()
}

#[test]
fn best_fit_keeps_whole_nodes_whole() {
    let mut snapshot = cluster([ALL, &[1, 4, 5]]);
    snapshot.pending = vec![job(1, 1, 2), job(2, 1, 8)];
    let expected = [
        (1, "node-2:1,4".to_owned()),
        (2, "node-1:0,1,2,3,4,5,6,7".to_owned()),
    ];
    assert_eq!(started(&snapshot), expected);
}

#[test]
fn a_gang_gets_all_or_none_and_holds_the_line() {
    let mut snapshot = cluster([ALL, &[0, 1, 2]]);
    snapshot.pending = vec![job(1, 2, 8), job(2, 1, 1), job(3, 1, 1)];
    assert_eq!(started_by(&snapshot, &Policy::fifo()), []);
    assert_eq!(
        reason_by(&snapshot, &Policy::fifo(), 1),
        PendingReason::Resources {
            wanted_gpus: 16,
            free_gpus: 11
        }
    );
    assert_eq!(
        reason_by(&snapshot, &Policy::fifo(), 2),
        PendingReason::Priority {
            ahead: 1,
            first: JobId(1)
        }
    );
    assert_eq!(
        reason_by(&snapshot, &Policy::fifo(), 3),
        PendingReason::Priority {
            ahead: 2,
            first: JobId(1)
        }
    );
    assert_eq!(
        reason_by(&snapshot, &Policy::fifo(), 3).sentence(),
        "Waits behind 2 jobs; job 1 is next."
    );
}

#[test]
fn fragmentation_is_named() {
    let mut snapshot = cluster([&[0, 1, 2], &[3, 4, 5]]);
    snapshot.pending = vec![job(1, 1, 4)];
    assert_eq!(
        reason(&snapshot, 1).sentence(),
        "6 GPUs are free, but at most 3 on one node; this job needs 4 together."
    );
}

#[test]
fn class_goes_before_rank_and_rank_before_number() {
    let mut snapshot = cluster([&[0], &[]]);
    let mut high = job(9, 1, 1);
    high.job.class = PriorityClass::High;
    let mut moved = job(8, 1, 1);
    moved.job.rank = Rank::ordinal(1).before();
    snapshot.pending = vec![job(1, 1, 1), moved, high];
    let plan = plan(&snapshot, &Policy::default(), NOW);
    assert_eq!(plan.starts[0].0, JobId(9));
    assert_eq!(plan.order, [JobId(8), JobId(1)]);
}

#[test]
fn who_stands_aside_holds_nobody_up() {
    let at = Timestamp::from_second(60).unwrap();
    let mut snapshot = cluster([ALL, ALL]);
    let held = Pending {
        gate: Gate::Closed(PendingReason::JobHeldUser),
        ..job(1, 1, 8)
    };
    let later = Pending {
        gate: Gate::Until(at, PendingReason::BeginTime { at }),
        ..job(2, 1, 8)
    };
    let huge = job(3, 3, 8);
    snapshot.pending = vec![held, later, huge, job(4, 1, 1)];
    let before = plan(&snapshot, &Policy::default(), NOW);
    assert_eq!(before.starts.len(), 1);
    assert_eq!(before.wake_at, Some(at));
    assert!(matches!(
        before.reasons[&JobId(3)],
        PendingReason::NeverFits { .. }
    ));
    let after = plan(&snapshot, &Policy::default(), at);
    assert_eq!(after.starts[0].0, JobId(2));
}

#[test]
fn an_array_runs_as_many_as_it_allows() {
    let task = |id| {
        let mut task = job(id, 1, 1);
        task.job.array = Some((JobId(1), Some(2)));
        task
    };
    let mut snapshot = cluster([ALL, ALL]);
    snapshot.pending = vec![task(1), task(2), task(3), job(4, 1, 1)];
    let plan = plan(&snapshot, &Policy::default(), NOW);
    let started: Vec<u64> = plan.starts.iter().map(|(id, _)| id.0).collect();
    assert_eq!(started, [1, 2, 4]);
    assert_eq!(
        plan.reasons[&JobId(3)],
        PendingReason::ArrayLimit { limit: 2 }
    );
}

#[test]
fn jobs_without_gpus_pass_a_blocked_line_up_to_the_nodes_limit() {
    let mut snapshot = cluster([&[], &[]]);
    snapshot.pending = vec![job(1, 1, 8), job(2, 1, 0), job(3, 1, 0), job(4, 1, 0)];
    let plan = plan(
        &snapshot,
        &Policy {
            cpu_jobs_per_node: 1,
            ..Policy::default()
        },
        NOW,
    );
    let started: Vec<u64> = plan.starts.iter().map(|(id, _)| id.0).collect();
    assert_eq!(started, [2, 3]);
    assert_eq!(
        plan.reasons[&JobId(4)],
        PendingReason::CpuSlots { limit: 1 }
    );
}

#[test]
fn nothing_starts_while_the_executor_is_down() {
    let mut snapshot = cluster([ALL, ALL]);
    snapshot.executor_down = Some("tmux is missing".to_owned());
    snapshot.pending = vec![job(1, 1, 1)];
    assert_eq!(started(&snapshot), []);
    assert_eq!(reason(&snapshot, 1).token(), "ExecutorDown");
}

#[test]
fn says_when_sizes_would_be_free() {
    let mut snapshot = cluster([&[0, 1], &[]]);
    let lease = |node: &str, indices: std::ops::Range<u32>| {
        Lease(vec![NodeLease {
            node: NodeName::from(node),
            gpus: indices.map(|index| gpu(node, index)).collect(),
        }])
    };
    let at = |second| Timestamp::from_second(second).unwrap();
    let running = |id, lease, end: i64| Active {
        job: Facts {
            time_limit: Duration::from_secs(end.unsigned_abs()),
            ..facts(id, 1, 1)
        },
        lease,
        since: Some(NOW),
        checkpoint_at: None,
        stopping: false,
    };
    snapshot.active = vec![
        running(1, lease("node-1", 2..8), 100),
        running(2, lease("node-2", 0..8), 50),
    ];
    let found: BTreeMap<u32, Option<Timestamp>> = free_at(&snapshot, NOW)
        .into_iter()
        .map(|free| (free.gpus, free.at))
        .collect();
    let expected = [(1, 0), (2, 0), (4, 50), (8, 50), (16, 100)];
    assert_eq!(
        found,
        expected.map(|(gpus, end)| (gpus, Some(at(end)))).into()
    );
}

/// A random cluster and queue.
fn snapshots() -> impl Strategy<Value = Snapshot> {
    let node = (1usize..=8, any::<u8>(), 0u32..3);
    let nodes = prop::collection::vec(node, 1..6);
    let gate = prop_oneof![
        6 => Just(Gate::Open),
        1 => Just(Gate::Closed(PendingReason::JobHeldUser)),
        1 => Just(Gate::Until(
            Timestamp::from_second(5).expect("the test is right"),
            PendingReason::BeginTime { at: Timestamp::from_second(5).expect("the test is right") },
        )),
    ];
    let pending = (
        1u32..4,
        0u32..=8,
        0usize..4,
        gate,
        prop::option::of(1u32..3),
        any::<u16>(),
    );
    (nodes, prop::collection::vec(pending, 0..40)).prop_map(|(nodes, pending)| Snapshot {
        nodes: nodes
            .into_iter()
            .enumerate()
            .map(|(place, (gpus, mask, cpu_jobs))| {
                let name = format!("n{place}");
                let indices = (0..u32::try_from(gpus).expect("the test is right"))
                    .filter(|i| mask & (1 << i) != 0);
                let free = indices.map(|index| gpu(&name, index)).collect();
                FreeNode {
                    name: NodeName(name),
                    gpus,
                    free,
                    cpu_jobs,
                    cordoned: false,
                    kept: Vec::new(),
                    pools: Arc::default(),
                }
            })
            .collect(),
        pending: pending
            .into_iter()
            .zip(1..)
            .map(|((nodes, gpus, class, gate, limit, rank), id)| Pending {
                job: Facts {
                    class: PriorityClass::ALL[class],
                    // Distinct, in random order.
                    rank: Rank::ordinal(u64::from(rank) * 1000 + id),
                    // The tasks of an array are alike; one without GPUs would take a place from
                    // the array's others while they are blocked.
                    array: limit
                        .filter(|_| gpus > 0)
                        .map(|limit| (JobId(1), Some(limit))),
                    ..facts(id, nodes, gpus)
                },
                gate,
            })
            .collect(),
        ..Snapshot::default()
    })
}

proptest! {
    #[test]
    fn every_lease_is_exact_free_and_whole(snapshot in snapshots()) {
        let plan = plan(&snapshot, &Policy::default(), NOW);
        let free: HashSet<GpuUuid> =
            snapshot.nodes.iter().flat_map(|node| &node.free).map(|gpu| gpu.uuid.clone()).collect();
        let mut taken = HashSet::new();
        for (id, lease) in &plan.starts {
            let job = snapshot.pending.iter().find(|waits| waits.job.id == *id).unwrap();
            let names: BTreeSet<&NodeName> = lease.0.iter().map(|part| &part.node).collect();
            prop_assert_eq!(names.len(), job.job.nodes as usize, "as many different nodes as asked");
            for part in &lease.0 {
                prop_assert_eq!(part.gpus.len(), job.job.gpus_per_node as usize);
                for gpu in &part.gpus {
                    prop_assert!(free.contains(&gpu.uuid), "it was free");
                    prop_assert!(taken.insert(gpu.uuid.clone()), "and is given once");
                }
            }
        }
    }

    #[test]
    fn every_job_starts_or_has_a_place_and_a_reason(snapshot in snapshots()) {
        let plan = plan(&snapshot, &Policy::default(), NOW);
        let started: HashSet<JobId> = plan.starts.iter().map(|(id, _)| *id).collect();
        let waiting: HashSet<JobId> = plan.order.iter().copied().collect();
        prop_assert!(started.is_disjoint(&waiting));
        prop_assert_eq!(started.len() + waiting.len(), snapshot.pending.len());
        prop_assert_eq!(waiting, plan.reasons.keys().copied().collect());
        prop_assert_eq!(plan.order.len(), plan.reasons.len());
    }

    #[test]
    fn nobody_overtakes_in_the_line_for_gpus(snapshot in snapshots()) {
        let plan = plan(&snapshot, &Policy::fifo(), NOW);
        let by_id: BTreeMap<JobId, &Pending> =
            snapshot.pending.iter().map(|waits| (waits.job.id, waits)).collect();
        let key = |id: &JobId| {
            (std::cmp::Reverse(by_id[id].job.class), by_id[id].job.rank.clone())
        };
        let head = plan.order.iter().find(|id| matches!(
            plan.reasons[id],
            PendingReason::Resources { .. } | PendingReason::Fragmentation { .. }
        ));
        if let Some(head) = head {
            for (id, _) in plan.starts.iter().filter(|(id, _)| by_id[id].job.gpus_per_node > 0) {
                prop_assert!(key(id) < key(head), "{id} started before {head}");
            }
        }
    }

    #[test]
    fn the_same_input_gives_the_same_plan(snapshot in snapshots()) {
        let policy = Policy::default();
        prop_assert_eq!(plan(&snapshot, &policy, NOW), plan(&snapshot, &policy, NOW));
        let mut shuffled = snapshot.clone();
        shuffled.pending.reverse();
        prop_assert_eq!(plan(&shuffled, &policy, NOW), plan(&snapshot, &policy, NOW));
    }

    /// What the plan says is blocked is blocked: planning what is left starts nothing more.
    #[test]
    fn a_plan_is_complete(snapshot in snapshots()) {
        let first = plan(&snapshot, &Policy::default(), NOW);
        let mut rest = snapshot.clone();
        rest.pending.retain(|waits| first.starts.iter().all(|(id, _)| *id != waits.job.id));
        for (id, lease) in &first.starts {
            for part in &lease.0 {
                let node = rest.nodes.iter_mut().find(|node| node.name == part.node).unwrap();
                node.free.retain(|gpu| !part.gpus.contains(gpu));
                node.cpu_jobs += u32::from(part.gpus.is_empty());
            }
            let job = snapshot.pending.iter().find(|waits| waits.job.id == *id).unwrap();
            rest.active.push(Active {
                job: job.job.clone(),
                lease: lease.clone(),
                since: Some(NOW),
                checkpoint_at: None,
                stopping: false,
            });
        }
        prop_assert_eq!(plan(&rest, &Policy::default(), NOW).starts, []);
    }
}
