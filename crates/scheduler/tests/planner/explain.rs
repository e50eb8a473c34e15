//! Explanations and forecasts agree with what the planner does.

use std::sync::Arc;
use std::time::Duration;

use crate::random::snapshots;
use crate::support::{at, facts, idle, job, now, policies, run};
use berth_domain::{JobId, MoveTo};
use berth_scheduler::predict::RunTime;
use berth_scheduler::{
    Effect, Experience, Facts, Policy, Remedy, Snapshot, explain, forecast, forecast_if,
    forecast_move, forecast_policy, plan,
};
use proptest::prelude::*;

fn hours(job: Facts, hours: u64) -> Facts {
    Facts {
        time_limit: Duration::from_secs(hours * 3600),
        ..job
    }
}

/// A full node of jobs that end after 1 and 3 hours, a half-free one, and a gang in front.
fn busy() -> Snapshot {
    let mut snapshot = idle(2);
    assert!(run(&mut snapshot, hours(facts(100, 1, 4), 1), 0, 0));
    assert!(run(&mut snapshot, hours(facts(101, 1, 4), 3), 0, 0));
    assert!(run(&mut snapshot, hours(facts(102, 1, 4), 2), 1, 0));
    snapshot.pending = vec![job(1, 2, 8), job(2, 1, 4)];
    snapshot
}

#[test]
fn says_who_is_ahead_who_holds_and_what_helps() {
    let snapshot = busy();
    let experience = Experience::default();
    let told = explain(&snapshot, &Policy::easy(), now(), &experience, JobId(2)).unwrap();
    assert_eq!((told.place, told.ahead), (2, vec![JobId(1)]));
    assert_eq!(told.reason.sentence(), "Waits behind job 1.");
    // The gang starts after three hours: what is done by then may run before it.
    let limit = told
        .actions
        .iter()
        .find(|action| matches!(action.remedy, Remedy::TimeLimit(_)));
    let limit = limit.unwrap();
    assert_eq!(
        limit.remedy,
        Remedy::TimeLimit(Duration::from_secs(2 * 3600))
    );
    assert_eq!(limit.effect, Effect::StartsNow);
    let gang = explain(&snapshot, &Policy::easy(), now(), &experience, JobId(1)).unwrap();
    assert_eq!(gang.reason.token(), "DrainingForGang");
    let holders: Vec<(u64, i64)> = gang
        .holders
        .iter()
        .map(|holding| {
            (
                holding.job.0,
                holding.until.duration_since(now()).as_secs() / 3600,
            )
        })
        .collect();
    assert_eq!(holders, [(100, 1), (102, 2), (101, 3)]);
    assert_eq!(
        explain(&snapshot, &Policy::easy(), now(), &experience, JobId(100)),
        None
    );
}

#[test]
fn a_forecast_follows_the_queue() {
    let snapshot = busy();
    let experience = Experience::default();
    let all = forecast(&snapshot, &Policy::easy(), now(), &experience);
    assert_eq!(all[&JobId(1)].queue_s, 3 * 3600);
    assert!(all[&JobId(1)].p50 <= all[&JobId(1)].p90);
    // A job of one GPU for one hour passes the gang and starts at once.
    let small = hours(facts(9, 1, 1), 1);
    let at_once = forecast_if(&snapshot, &Policy::easy(), now(), &experience, &small).unwrap();
    assert_eq!((at_once.p50, at_once.p90), (now(), now()));
    let huge = forecast_if(
        &snapshot,
        &Policy::easy(),
        now(),
        &experience,
        &facts(9, 3, 8),
    );
    assert_eq!(huge, None);
}

#[test]
fn a_move_shows_whom_it_delays() {
    let mut snapshot = idle(1);
    assert!(run(&mut snapshot, hours(facts(100, 1, 8), 1), 0, 0));
    snapshot.pending = (1..=3).map(|id| job(id, 1, 8)).collect();
    for one in &mut snapshot.pending {
        one.job.time_limit = Duration::from_secs(3600);
        one.job.submitted_at = at(-60);
    }
    let experience = Experience::default();
    for policy in [Policy::fifo(), Policy::berth()] {
        let top = MoveTo::Top;
        let changes = forecast_move(&snapshot, &policy, now(), &experience, JobId(3), top);
        let waits: Vec<(u64, u32, u32)> = changes
            .iter()
            .map(|change| {
                (
                    change.job.0,
                    change.before.queue_s / 3600,
                    change.after.queue_s / 3600,
                )
            })
            .collect();
        assert_eq!(waits, [(1, 1, 2), (2, 2, 3), (3, 3, 1)], "{}", policy.name);
    }
}

#[test]
fn another_policy_shows_what_it_would_change() {
    let mut snapshot = idle(1);
    assert!(run(&mut snapshot, hours(facts(100, 1, 8), 1), 0, 0));
    snapshot.pending = vec![job(1, 1, 8), job(2, 1, 8)];
    for (one, hours) in snapshot.pending.iter_mut().zip([10, 1]) {
        let run_time = RunTime::about(f64::from(hours) * 3600.0);
        one.job.predicted = Some(Arc::new(run_time));
        one.job.submitted_at = now();
    }
    let policies = (&Policy::fifo(), &Policy::berth());
    let changes = forecast_policy(&snapshot, policies, now(), &Experience::default());
    let sooner: Vec<(u64, bool)> = changes
        .iter()
        .map(|change| (change.job.0, change.after.p50 < change.before.p50))
        .collect();
    assert_eq!(sooner, [(1, false), (2, true)]);
}

proptest! {
    /// An action that is said to start the job starts it.
    #[test]
    fn what_is_said_to_start_starts(snapshot in snapshots()) {
        let experience = Experience::default();
        for policy in policies() {
            let waiting = plan(&snapshot, &policy, now()).order;
            for id in waiting.into_iter().take(3) {
                let told = explain(&snapshot, &policy, now(), &experience, id).unwrap();
                prop_assert!(told.actions.len() <= 3);
                for action in told.actions {
                    let changed = action.remedy.apply(&snapshot, id);
                    let after = plan(&changed, &policy, now());
                    let starts = after.starts.iter().any(|(other, _)| *other == id);
                    prop_assert_eq!(starts, action.effect == Effect::StartsNow);
                }
            }
        }
    }

    #[test]
    fn everybody_in_the_line_has_a_range(snapshot in snapshots()) {
        let experience = Experience::default();
        for policy in policies() {
            let made = plan(&snapshot, &policy, now());
            let all = forecast(&snapshot, &policy, now(), &experience);
            for (id, _) in &made.starts {
                prop_assert_eq!(all[id].p90, now());
            }
            for (id, one) in &all {
                prop_assert!(one.p50 <= one.p90 && one.p50 >= now(), "{}", id);
            }
        }
    }
}
