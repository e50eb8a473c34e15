//! The short lives of jobs say what their whole ones do, also when they are made anew.

#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

#[path = "../../domain/tests/random/mod.rs"]
mod random;

use std::collections::BTreeMap;
use std::path::Path;

use berth_domain::event::Then;
use berth_domain::{Event, Job, Record, State, Timestamp};
use berth_store::{About, AnalyticsRows, AttemptRow, Range, Store};
use proptest::prelude::*;
use random::{World, steps};

const ALL: Range = Range {
    since: Timestamp::MIN,
    until: Timestamp::MAX,
};

async fn commit(store: &Store, state: &State, records: &[Record]) {
    let changes = state.project(records).unwrap();
    store
        .commit(records, &changes, changes.counters, &[])
        .await
        .unwrap();
}

/// What the whole jobs say: when each attempt was granted and ended, and its GPUs.
fn held(jobs: &[Job]) -> BTreeMap<(u64, u32), (Timestamp, Option<Timestamp>, usize)> {
    let mut held = BTreeMap::new();
    for job in jobs {
        for past in &job.past {
            let what = (past.granted_at, Some(past.ended_at), past.lease.gpu_count());
            held.insert((job.id.0, past.number), what);
        }
        if let Some(live) = job.attempt() {
            let what = (live.granted_at, None, live.lease.gpu_count());
            held.insert((job.id.0, live.number), what);
        }
    }
    held
}

fn check(rows: &AnalyticsRows, world: &World) {
    let jobs: Vec<Job> = world
        .state
        .recent()
        .chain(world.state.live())
        .cloned()
        .collect();
    // The attempts that ended their jobs, for good or until somebody runs them again.
    let ended = |record: &Record| match &record.event {
        Event::AttemptExited {
            attempt,
            then: Then::Finished { outcome },
            ..
        } => Some(((attempt.job.0, attempt.number), outcome.token())),
        _ => None,
    };
    let finished: BTreeMap<(u64, u32), &str> = world.journal.iter().filter_map(ended).collect();
    let mut told = BTreeMap::new();
    for row in &rows.attempts {
        let one = told
            .entry((row.job, row.attempt))
            .or_insert((row.granted, row.ended, 0usize));
        one.2 += usize::try_from(row.gpus).unwrap();
        let job = jobs.iter().find(|job| job.id.0 == row.job).unwrap();
        assert_eq!(&*row.owner, job.owner.as_str());
        assert_eq!(row.project.as_deref(), job.spec.project.as_deref());
        assert_eq!(row.ended.is_some(), row.outcome.is_some(), "{row:?}");
        if let Some(outcome) = finished.get(&(row.job, row.attempt)) {
            assert_eq!(row.outcome.as_deref(), Some(*outcome));
        }
    }
    assert_eq!(told, held(&jobs));
    // Each first start is a wait that is not negative, and not longer than since the submission.
    let started = jobs
        .iter()
        .filter(|job| !held(std::slice::from_ref(job)).is_empty());
    assert_eq!(rows.waits.len(), started.count());
    let first = world.journal.first().unwrap().at;
    for wait in &rows.waits {
        assert!(
            first <= wait.ready && wait.ready <= wait.granted,
            "{wait:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn short_lives_say_what_whole_ones_do(steps in steps()) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("berth.db");
            let store = Store::open(&path).await.unwrap();
            let mut world = World::new();
            commit(&store, &State::default(), &world.journal).await;
            for step in steps {
                let records = world.decide(step);
                if !records.is_empty() {
                    commit(&store, &world.state, &records).await;
                    world.apply(records);
                }
            }
            let rows = store.analytics(ALL, &About::default()).await.unwrap();
            check(&rows, &world);
            let moved = |record: &&Record| matches!(record.event, Event::JobMoved { .. });
            assert!(rows.by_hand.len() >= world.journal.iter().filter(moved).count());

            // An older Berth did not keep them.
            drop(store);
            forget(&path).await;
            let again = Store::open(&path).await.unwrap();
            let again = again.analytics(ALL, &About::default()).await.unwrap();
            assert_eq!(again.attempts, rows.attempts);
            assert_eq!(again.waits, rows.waits);

            // Filters part what there is.
            let store = Store::open(&path).await.unwrap();
            let mut parts: Vec<AttemptRow> = Vec::new();
            for user in &rows.users {
                let about = About { user: Some(user.as_str().into()), ..About::default() };
                parts.extend(store.analytics(ALL, &about).await.unwrap().attempts);
            }
            parts.sort_by_key(|row| (row.job, row.attempt));
            assert_eq!(parts, rows.attempts);
        });
    }
}

async fn forget(path: &Path) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    for table in ["lives", "attempts", "held"] {
        let sql = sqlx::AssertSqlSafe(format!("DELETE FROM {table}"));
        sqlx::query(sql).execute(&pool).await.unwrap();
    }
    pool.close().await;
}
