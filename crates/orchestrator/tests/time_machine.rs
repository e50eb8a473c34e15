//! Looking back shows what was: the state of a whole replay up to that time, planned by the planner.

#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

#[path = "../../domain/tests/random/mod.rs"]
mod random;

use berth_domain::{Job, JobId, Record, State, Timestamp};
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
