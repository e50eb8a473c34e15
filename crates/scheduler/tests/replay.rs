//! The queue run on: the same planner as the simulator's, so that from nothing it comes to the same.

use std::time::Duration;

use berth_domain::{GpuRef, GpuUuid, JobId, NodeName, Rank, Timestamp};
use berth_scheduler::sim::{Cluster, Synth, TraceJob, simulate, synthesize};
use berth_scheduler::{Facts, FreeNode, Gate, Pending, Policy, Script, Snapshot, replay};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("the test is right")
}

fn empty() -> Snapshot {
    let node = |n: u32| FreeNode {
        name: NodeName(format!("node-{n}")),
        gpus: 8,
        pools: [].into(),
        free: (0..8)
            .map(|index| GpuRef {
                index,
                uuid: GpuUuid(format!("{n}-{index}")),
            })
            .collect(),
        cpu_jobs: 0,
        cordoned: false,
        kept: vec![],
    };
    Snapshot {
        nodes: vec![node(1), node(2)],
        ..Snapshot::default()
    }
}

fn arrival(place: u64, job: &TraceJob) -> (Timestamp, Pending) {
    let nodes = job.gpus.div_ceil(8);
    let facts = Facts {
        nodes,
        gpus_per_node: job.gpus / nodes,
        owner: job.user.clone(),
        project: Some(job.group.clone()),
        submitted_at: at(job.submit_s),
        time_limit: Duration::from_secs(job.estimate_s.unsigned_abs()),
        rank: Rank::ordinal(place + 1),
        ..Facts::new(JobId(place))
    };
    let pending = Pending {
        job: facts,
        gate: Gate::Open,
    };
    (at(job.submit_s), pending)
}

#[test]
fn from_nothing_it_is_the_simulation() {
    let jobs = synthesize(&Synth {
        days: 4,
        load: 0.9,
        ..Synth::default()
    });
    let arrivals: Vec<(Timestamp, Pending)> = (0..)
        .zip(&jobs)
        .map(|(place, job)| arrival(place, job))
        .collect();
    let runs: Vec<f64> = jobs
        .iter()
        .map(|job| f64::from(u32::try_from(job.duration_s).expect("of a month")))
        .collect();
    for name in ["fifo", "easy", "slurm", "priority"] {
        let policy = Policy::named(name).expect("the test is right");
        let simulated = simulate("made up", &jobs, &Cluster::default(), &policy);
        let script = Script {
            left_s: &|job, ran_s| runs[usize::try_from(job.id.0).expect("a place")] - ran_s,
            arrivals: &arrivals,
            until: Timestamp::MAX,
            most_plans: u32::MAX,
        };
        let replayed = replay(empty(), &policy, at(0), &script);
        assert_eq!(replayed.until, Timestamp::MAX, "{name}");
        for (place, result) in (0..).zip(&simulated.jobs) {
            let start = replayed.starts.get(&JobId(place)).map(|at| at.as_second());
            assert_eq!(start, result.first_start_s, "{name}, job {place}");
        }
    }
}

#[test]
fn it_is_followed_as_far_as_was_said() {
    let job = |place, submit_s| {
        let line = TraceJob {
            id: place,
            submit_s,
            duration_s: 1000,
            gpus: 16,
            nodes: None,
            user: "ana".into(),
            group: String::new(),
            name: None,
            estimate_s: 2000,
            class: berth_domain::PriorityClass::Normal,
            preemptible: false,
        };
        arrival(place, &line)
    };
    let arrivals = [job(0, 0), job(1, 0), job(2, 0)];
    let run = |until, most_plans| {
        let script = Script {
            left_s: &|_, _| 1000.0,
            arrivals: &arrivals,
            until,
            most_plans,
        };
        replay(empty(), &Policy::easy(), at(0), &script)
    };
    let all = run(Timestamp::MAX, 100);
    assert_eq!((all.starts.len(), all.until), (3, Timestamp::MAX));
    assert_eq!(all.starts[&JobId(2)], at(2000));
    assert!(
        all.idle_gpu_s < 1e-9,
        "both nodes are full while somebody waits"
    );
    let some = run(at(1500), 100);
    assert_eq!((some.starts.len(), some.until), (2, at(1500)));
    let few = run(Timestamp::MAX, 2);
    assert_eq!((few.starts.len(), few.plans), (1, 2));
}
