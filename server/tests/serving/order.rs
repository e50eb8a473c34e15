//! Starts happen in the planned order: a mixed load on the real executor, checked against the places
//! that the planner gave and against the journal.

use crate::support::{Server, shell, submit, until_finished};
use berth_api::Berth;
use berth_api::jobs::JobEvents;
use berth_api::planner::{ExplainJob, PolicyArg, SetPolicy};
use berth_domain::{JobId, SubmitRequest, Timestamp};

const GPUS: u32 = 8;

/// A job of the load, and what became of it.
#[derive(Debug)]
struct Planned {
    id: JobId,
    gpus: u32,
    class: &'static str,
    /// Its place in the line before anything could start.
    place: usize,
    from: Timestamp,
    to: Timestamp,
}

/// When it got its lease and when that ended, as the journal has it.
async fn lease_times(berth: &Berth, id: JobId) -> (Timestamp, Timestamp) {
    let asked = JobEvents { id, after: None };
    let events = berth.call(asked).await.unwrap().events;
    let at = |kind: &str| {
        let found: Vec<_> = events.iter().filter(|event| event.kind == kind).collect();
        assert_eq!(found.len(), 1, "{kind} of job {id}: {events:?}");
        found[0].at
    };
    (at("attempt_starting"), at("attempt_exited"))
}

/// Submits the load behind a job that holds everything, lets it go, and returns it in the planned
/// order.
async fn run(policy: &str) -> Vec<Planned> {
    let server = Server::with("1x8", &[]);
    let berth = server.client();
    let body = PolicyArg {
        name: policy.to_owned(),
        knobs: std::collections::BTreeMap::default(),
    };
    berth.call(SetPolicy { body }).await.unwrap();
    let gate = server.dir.path().join("gate");
    let hold = SubmitRequest {
        gpus: Some(i64::from(GPUS)),
        ..shell(&format!(
            "while ! test -e {}; do sleep 0.02; done",
            gate.display()
        ))
    };
    let hold = submit(&berth, hold).await.id;
    let mut load = Vec::new();
    for n in 0..32usize {
        let gpus = [1, 2, 8, 1, 4, 3, 1, 6][n % 8];
        let class = ["normal", "low", "normal", "high", "normal"][n % 5];
        let request = SubmitRequest {
            gpus: Some(i64::from(gpus)),
            class: Some(class.to_owned()),
            time_limit: Some(["1m", "10m", "2h"][n % 3].to_owned()),
            ..shell(&format!("sleep 0.{}", 1 + (n * 5) % 4))
        };
        load.push((submit(&berth, request).await.id, gpus, class));
    }
    let mut places = Vec::new();
    for (id, ..) in &load {
        let answer = berth.call(ExplainJob { id: *id }).await.unwrap();
        places.push(answer.place.unwrap());
    }
    std::fs::write(&gate, "").unwrap();
    until_finished(&berth, &[hold]).await;
    let ids: Vec<JobId> = load.iter().map(|(id, ..)| *id).collect();
    for job in until_finished(&berth, &ids).await {
        assert_eq!(job.row.outcome.as_deref(), Some("Succeeded"), "{job:?}");
    }
    let mut planned = Vec::new();
    for ((id, gpus, class), place) in load.into_iter().zip(places) {
        let (from, to) = lease_times(&berth, id).await;
        planned.push(Planned {
            id,
            gpus,
            class,
            place,
            from,
            to,
        });
    }
    planned.sort_by_key(|job| job.place);
    planned
}

/// What is free once everything that starts at this moment has started.
fn free_after(jobs: &[Planned], at: Timestamp) -> u32 {
    let held = jobs.iter().filter(|job| job.from <= at && at < job.to);
    GPUS - held.map(|job| job.gpus).sum::<u32>()
}

/// Whoever started while the head of the line waited took what the head could not use. Those behind
/// the head may be passed by who is done in time for it. Where the rank leaves open who of several is
/// the head, one of them is.
fn nobody_jumped_the_line<R: Ord>(jobs: &[Planned], rank: impl Fn(&Planned) -> R) {
    let mut passed = 0;
    for job in jobs {
        let waiting: Vec<&Planned> = jobs
            .iter()
            .filter(|other| other.from > job.from && rank(other) < rank(job))
            .collect();
        let Some(first) = waiting.iter().map(|other| rank(other)).min() else {
            continue;
        };
        let free = free_after(jobs, job.from);
        let mut heads = waiting.iter().filter(|other| rank(other) == first);
        assert!(
            heads.any(|head| head.gpus > free),
            "job {} started though {free} GPUs were free for the head of the line: {jobs:#?}",
            job.id
        );
        passed += 1;
    }
    assert!(passed > 0, "the load is meant to let small jobs pass");
}

#[tokio::test(flavor = "multi_thread")]
async fn strict_order_is_strict() {
    let jobs = run("fifo").await;
    for pair in jobs.windows(2) {
        assert!(pair[0].from <= pair[1].from, "{pair:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn backfill_passes_only_who_could_not_start() {
    let jobs = run("easy").await;
    nobody_jumped_the_line(&jobs, |job| job.place);
}

/// What it learns while the load runs may change the order, but never that of classes.
#[tokio::test(flavor = "multi_thread")]
async fn classes_hold_whatever_is_learned() {
    let jobs = run("berth").await;
    let class = |job: &Planned| {
        ["high", "normal", "low"]
            .iter()
            .position(|c| *c == job.class)
    };
    assert!(jobs.is_sorted_by_key(class), "{jobs:#?}");
    nobody_jumped_the_line(&jobs, class);
}
