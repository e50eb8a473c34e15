//! Looking back shows what was: the state of a whole replay up to that time, planned by the planner.

#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

#[path = "../../domain/tests/random/mod.rs"]
mod random;

use berth_domain::decide::{Input, Report, Rules, decide};
use berth_domain::{
    Actor, AttemptId, Command, Exit, Job, JobId, Lease, NodeLease, Record, State, SubmitRequest,
    Timestamp,
};
use berth_orchestrator::{PastError, View, resolve, view_at};
use berth_scheduler::{Learning, Snapshot, plan};
use berth_store::Store;
use proptest::prelude::*;
use random::{World, steps};

async fn commit(store: &Store, state: &State, records: &[Record]) {
    let changes = state.project(records).unwrap();
    let counters = changes.counters;
    store
        .commit(records, &changes, counters, &[])
        .await
        .unwrap();
}

/// What there is to see of the past must be what a replay of all that happened until then gives.
fn check(view: &View, until: &[Record], at: Timestamp) -> Result<(), TestCaseError> {
    let whole = State::replay(until).unwrap();
    let mut learning = Learning::with([]);
    until.iter().for_each(|record| learning.read(record));
    let policy = resolve(whole.policy(), 4).unwrap();
    let mut snapshot = Snapshot::of(&whole).promised(&whole, at);
    learning.finish(&whole).annotate(&mut snapshot);
    let planned = plan(&snapshot, &policy, at);

    prop_assert_eq!(view.seq, whole.seq);
    let nodes: Vec<_> = whole.nodes().cloned().collect();
    prop_assert_eq!(&view.nodes, &nodes);
    let active: Vec<&Job> = whole.live().filter(|job| job.attempt().is_some()).collect();
    prop_assert_eq!(view.active.iter().collect::<Vec<_>>(), active);
    prop_assert_eq!(view.holders.len(), whole.leased_count());
    prop_assert_eq!(&view.plan.order, &planned.order);
    prop_assert_eq!(&view.plan.reasons, &planned.reasons);
    let shown: Vec<JobId> = view.queue.iter().map(|job| job.id).collect();
    prop_assert!(shown.iter().all(|id| planned.order.contains(id)));
    for job in &view.queue {
        prop_assert_eq!(Some(job), whole.live_job(job.id));
    }
    prop_assert_eq!(&view.cordons, whole.cordons());
    prop_assert_eq!(&view.quotas, whole.quotas());
    prop_assert_eq!(&view.foreign, whole.foreign());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn the_past_is_what_a_whole_replay_gives(steps in steps(), pick in any::<[prop::sample::Index; 4]>()) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let dir = tempfile::tempdir().unwrap();
            let store = Store::open(&dir.path().join("berth.db")).await.unwrap();
            let mut world = World::new();
            commit(&store, &State::default(), &world.journal).await;
            for step in steps {
                let records = world.decide(step);
                if !records.is_empty() {
                    commit(&store, &world.state, &records).await;
                    world.apply(records);
                }
            }
            for pick in pick {
                let at = world.journal[pick.index(world.journal.len())].at;
                let until = world.journal.partition_point(|record| record.at <= at);
                let view = view_at(&store, at, world.now, 4).await.unwrap();
                check(&view, &world.journal[..until], at)?;
            }
            Ok::<(), TestCaseError>(())
        })?;
    }
}

#[tokio::test]
async fn what_is_not_over_or_before_everything_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("berth.db")).await.unwrap();
    let world = World::new();
    let second = jiff::SignedDuration::from_secs(1);
    let empty = view_at(&store, world.now, world.now, 4).await;
    assert!(matches!(empty, Err(PastError::Nothing)));
    commit(&store, &State::default(), &world.journal).await;
    let ahead = view_at(&store, world.now + second, world.now, 4).await;
    assert!(matches!(ahead, Err(PastError::NotOver)));
    let before = view_at(&store, world.now - second, world.now, 4).await;
    assert!(matches!(before, Err(PastError::Before { began }) if began == world.now));
    assert!(view_at(&store, world.now, world.now, 4).await.is_ok());
}

/// `cargo test --release -p berth-orchestrator --test time_machine -- --ignored --nocapture`
#[tokio::test]
#[ignore = "a measurement"]
async fn how_long_looking_back_takes() {
    const DONE: u64 = 100_000;
    const WAITING: u64 = 10_000;
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("berth.db")).await.unwrap();
    let mut world = World::new();
    commit(&store, &State::default(), &world.journal).await;
    for first in (0..DONE + WAITING).step_by(1000) {
        let (before, known) = (world.state.clone(), world.journal.len());
        for n in first..first + 1000 {
            world.now += jiff::SignedDuration::from_secs(20);
            live(&mut world, n < DONE);
        }
        commit(&store, &before, &world.journal[known..]).await;
    }
    let entries = world.journal.len();
    for ago_s in [0, 3600, 20 * 24 * 3600] {
        let at = world.now - jiff::SignedDuration::from_secs(ago_s);
        let from = std::time::Instant::now();
        let view = view_at(&store, at, world.now, 4).await.unwrap();
        println!(
            "{ago_s} s ago, {entries} entries, {} waiting: {:?}",
            view.queued,
            from.elapsed()
        );
    }
}

/// A job comes, and runs and ends at once, or waits for GPUs.
fn live(world: &mut World, ends: bool) {
    let actor = Actor::User {
        name: "ana".into(),
        admin: false,
    };
    let request = SubmitRequest {
        command: vec!["train".into(), format!("--seed={}", world.journal.len())],
        gpus: Some(if ends { 0 } else { 4 }),
        ..SubmitRequest::default()
    };
    let job = world.state.next_job();
    let mut inputs = vec![Input::Command {
        actor: actor.clone(),
        command: Command::Submit(Box::new(request)),
    }];
    if ends {
        let part = NodeLease {
            node: world.state.nodes().next().unwrap().name.clone(),
            gpus: vec![],
        };
        inputs.push(Input::Starts(vec![(job, Lease(vec![part]))]));
        let attempt = AttemptId { job, number: 1 };
        let report = Report::Exited(Exit::code(0));
        inputs.push(Input::Reports([(attempt, report)].into()));
    }
    for input in inputs {
        let made = decide(&world.state, &Rules::default(), input, world.now).unwrap();
        let mut seq = world.state.seq;
        let record = |event| {
            seq = seq.next();
            Record {
                seq,
                at: world.now,
                actor: actor.clone(),
                event,
            }
        };
        let records = made.events.into_iter().map(record).collect();
        world.apply(records);
    }
}
