//! Deadlines: who must start soon to be done in time goes first, within the class and for as long
//! as it helps.

use std::sync::Arc;
use std::time::Duration;

use crate::support::{at, facts, idle, job, now, run};
use berth_domain::{JobId, PriorityClass};
use berth_scheduler::predict::RunTime;
use berth_scheduler::{Experience, FactorKind, Facts, Policy, Snapshot, explain, factors, plan};

const HOUR: i64 = 3600;

/// A full node, and jobs of the whole node that run for an hour each.
fn queue(jobs: &[Facts]) -> Snapshot {
    let mut snapshot = idle(1);
    assert!(run(&mut snapshot, facts(100, 1, 8), 0, 0));
    for facts in jobs {
        let mut one = job(facts.id.0, 1, 8);
        one.job = facts.clone();
        snapshot.pending.push(one);
    }
    snapshot
}

fn hours(id: u64, run_s: i64, deadline_s: Option<i64>) -> Facts {
    let seconds = u64::try_from(run_s).expect("the test is right");
    Facts {
        time_limit: Duration::from_secs(seconds),
        submitted_at: now(),
        deadline: deadline_s.map(at),
        ..facts(id, 1, 8)
    }
}

fn predicted(job: Facts) -> Facts {
    let seconds = job.time_limit.as_secs_f64();
    Facts {
        time_limit: job.time_limit * 4,
        predicted: Some(Arc::new(RunTime::about(seconds))),
        ..job
    }
}

fn order(jobs: &[Facts], policy: &Policy) -> Vec<u64> {
    let made = plan(&queue(jobs), policy, now());
    made.order.iter().map(|id| id.0).collect()
}

#[test]
fn who_must_start_soon_goes_first() {
    // Job 2 is longer, so that it would come last; its latest start is near.
    let jobs = [
        hours(1, HOUR, None),
        hours(2, 2 * HOUR, Some(5 * HOUR / 2)),
        hours(3, HOUR, Some(40 * HOUR)),
    ];
    for policy in [Policy::slurm(), Policy::berth()] {
        assert_eq!(order(&jobs, &policy), [2, 1, 3], "{}", policy.name);
    }
    let known = jobs.clone().map(predicted);
    assert_eq!(order(&known, &Policy::berth())[0], 2);
    // Whoever chose strict order gets it.
    assert_eq!(order(&jobs, &Policy::easy()), [1, 2, 3]);
    let mut indifferent = Policy::berth();
    indifferent.set("deadline", "0").unwrap();
    assert_eq!(order(&known, &indifferent), [1, 3, 2]);
}

#[test]
fn what_cannot_be_met_any_more_hurries_nobody() {
    let jobs = [hours(1, HOUR, None), hours(2, 2 * HOUR, Some(HOUR))];
    for policy in [Policy::slurm(), Policy::berth()] {
        assert_eq!(order(&jobs, &policy), [1, 2], "{}", policy.name);
    }
    assert_eq!(order(&jobs.map(predicted), &Policy::berth()), [1, 2]);
}

#[test]
fn a_class_stands_above_a_deadline() {
    let high = Facts {
        class: PriorityClass::High,
        ..hours(1, 10 * HOUR, None)
    };
    let jobs = [hours(2, HOUR, Some(HOUR)), high];
    for policy in [Policy::slurm(), Policy::berth()] {
        assert_eq!(order(&jobs, &policy), [1, 2], "{}", policy.name);
    }
}

#[test]
fn its_share_is_reported_and_whether_it_is_met() {
    let jobs = [hours(1, HOUR, None), hours(2, HOUR, Some(3 * HOUR / 2))];
    let snapshot = queue(&jobs);
    let share = |policy: &Policy, job: &Facts| {
        let all = factors(&snapshot, policy, now(), job);
        let found = all.iter().find(|one| one.kind == FactorKind::Deadline);
        found.map(|found| found.share)
    };
    assert_eq!(share(&Policy::slurm(), &jobs[0]), None);
    assert_eq!(share(&Policy::slurm(), &jobs[1]), Some(5000.0));
    assert_eq!(share(&Policy::berth(), &jobs[1]), Some(0.5));
    // The running job has a day: the deadline will be missed by that and less.
    let experience = Experience::default();
    let told = explain(&snapshot, &Policy::berth(), now(), &experience, JobId(2)).unwrap();
    let due = told.due.unwrap();
    let late = due.late_by().unwrap().as_secs();
    assert_eq!(due.deadline, at(3 * HOUR / 2));
    assert!(late > 20 * 3600, "{due:?}");
    let told = explain(&snapshot, &Policy::berth(), now(), &experience, JobId(1)).unwrap();
    assert_eq!(told.due, None);
}
