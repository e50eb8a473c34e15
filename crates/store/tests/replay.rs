//! What is written is what was applied: journal, projections and memory agree, also after the
//! process was gone.

#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

#[path = "../../domain/tests/random/mod.rs"]
mod random;

use berth_domain::{Record, Seq, State};
use berth_store::{JobFilter, Page, Store, StoreError};
use proptest::prelude::*;
use random::{Step, World, steps};

async fn commit(store: &Store, world: &mut World, records: Vec<Record>) {
    let changes = world.state.project(&records).unwrap();
    store
        .commit(&records, &changes, changes.counters, &[])
        .await
        .unwrap();
    world.apply(records);
}

/// A world whose beginning is written already.
async fn begin(store: &Store) -> World {
    let world = World::new();
    let changes = State::default().project(&world.journal).unwrap();
    store
        .commit(&world.journal, &changes, changes.counters, &[])
        .await
        .unwrap();
    world
}

async fn journal(store: &Store) -> Vec<Record> {
    let mut all: Vec<Record> = Vec::new();
    loop {
        let after = all.last().map_or(Seq(0), |record| record.seq);
        // Small pages, to read more than one.
        let page = store.journal(after, 50).await.unwrap();
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn journal_projections_and_memory_agree(steps in steps(), reopen in any::<u8>()) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("berth.db");
            let mut store = Store::open(&path).await.unwrap();
            let mut world = begin(&store).await;
            for (n, step) in steps.into_iter().enumerate() {
                let records = world.decide(step);
                if !records.is_empty() {
                    commit(&store, &mut world, records).await;
                }
                if n % 40 == usize::from(reopen % 40) {
                    drop(store);
                    store = Store::open(&path).await.unwrap();
                    assert_eq!(store.load().await.unwrap(), world.state);
                }
            }
            assert_eq!(store.load().await.unwrap(), world.state);
            let journal = journal(&store).await;
            assert_eq!(journal, world.journal);
            assert_eq!(State::replay(&journal).unwrap(), world.state);
        });
    }
}

fn submit() -> Step {
    Step::Submit {
        user: 1,
        gpus: 1,
        retries: 0,
        hold: false,
        after: None,
        array: false,
        key: None,
    }
}

#[tokio::test]
async fn a_commit_that_fails_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("berth.db")).await.unwrap();
    let mut world = begin(&store).await;
    let mut records = world.decide(submit());
    let changes = world.state.project(&records).unwrap();
    // The second record has a number that is taken.
    records.push(Record {
        seq: Seq(1),
        ..records[0].clone()
    });
    let failed = store
        .commit(&records, &changes, changes.counters, &[])
        .await;
    assert!(matches!(failed, Err(StoreError::Sql(_))));
    assert_eq!(store.load().await.unwrap(), world.state);
    assert_eq!(journal(&store).await, world.journal);
    // And the connection can be used again.
    let records = world.decide(submit());
    commit(&store, &mut world, records).await;
    assert_eq!(store.load().await.unwrap(), world.state);
}

#[tokio::test]
async fn pages_show_each_job_once_while_new_ones_come() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("berth.db")).await.unwrap();
    let mut world = begin(&store).await;
    let mut seen = Vec::new();
    let mut cursor = None;
    for _ in 0..25 {
        let records = world.decide(submit());
        commit(&store, &mut world, records).await;
    }
    loop {
        let page = Page { limit: 10, cursor };
        let found = store.jobs(&JobFilter::default(), &page).await.unwrap();
        seen.extend(found.jobs.iter().map(|job| job.id.0));
        let records = world.decide(submit());
        commit(&store, &mut world, records).await;
        cursor = found.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, (1..=25).rev().collect::<Vec<_>>());
    let made_up = Page {
        limit: 10,
        cursor: Some("'; DROP TABLE jobs".to_owned()),
    };
    let refused = store.jobs(&JobFilter::default(), &made_up).await;
    assert!(matches!(refused, Err(StoreError::BadCursor)));
    let wild = JobFilter {
        text: Some("%".to_owned()),
        ..JobFilter::default()
    };
    let all = Page {
        limit: 10,
        cursor: None,
    };
    assert_eq!(
        store.jobs(&wild, &all).await.unwrap().jobs.len(),
        0,
        "% is only a character"
    );
}
