//! The planner's decisions in single cases: backfill, moves, reservations, classes, preemption.

use std::time::Duration;

use crate::support::{at, facts, idle, job, now, policies, run};
use berth_domain::{Holder, JobId, MoveTo, PendingReason, PriorityClass, UserName};
use berth_scheduler::{Facts, Policy, Reservation, plan};

#[test]
fn a_short_job_passes_a_blocked_gang_and_a_long_one_does_not() {
    let mut snapshot = idle(2);
    let limit = |id, minutes: u64| Facts {
        time_limit: Duration::from_secs(minutes * 60),
        ..facts(id, 1, 4)
    };
    assert!(run(&mut snapshot, limit(100, 60), 0, 0));
    snapshot.pending = vec![job(1, 2, 8), job(2, 1, 4), job(3, 1, 4)];
    snapshot.pending[1].job.time_limit = Duration::from_secs(61 * 60);
    snapshot.pending[2].job.time_limit = Duration::from_secs(60 * 60);
    let plan = plan(&snapshot, &Policy::easy(), now());
    let started: Vec<u64> = plan.starts.iter().map(|(id, _)| id.0).collect();
    assert_eq!(started, [3]);
    // Best fit: the short one took the other half of the first node.
    assert_eq!(
        plan.reasons[&JobId(1)],
        PendingReason::DrainingForGang {
            wanted_gpus: 16,
            free_gpus: 8,
            at: at(3600),
            idle_gpu_minutes: 8 * 60,
        }
    );
    assert_eq!(plan.reasons[&JobId(2)].sentence(), "Waits behind job 1.");
}

#[test]
fn people_move_jobs_whatever_the_policy_thinks() {
    let order = |moved: &[(u64, MoveTo)]| {
        let mut snapshot = idle(1);
        assert!(run(&mut snapshot, facts(100, 1, 8), 0, 0));
        // The policy's order is 1 2 3 4: the smaller first.
        snapshot.pending = (1..=4)
            .map(|id| job(id, 1, u32::try_from(id).unwrap()))
            .collect();
        for one in &mut snapshot.pending {
            let about = berth_scheduler::predict::RunTime::about(600.0);
            one.job.predicted = Some(std::sync::Arc::new(about));
            one.job.submitted_at = now();
            one.job.moved = moved
                .iter()
                .find(|(id, _)| *id == one.job.id.0)
                .map(|(_, to)| *to);
        }
        let plan = plan(&snapshot, &Policy::berth(), now());
        plan.order.iter().map(|id| id.0).collect::<Vec<_>>()
    };
    assert_eq!(order(&[]), [1, 2, 3, 4]);
    assert_eq!(order(&[(3, MoveTo::Top)]), [3, 1, 2, 4]);
    assert_eq!(order(&[(4, MoveTo::Before(JobId(2)))]), [1, 4, 2, 3]);
    assert_eq!(order(&[(1, MoveTo::After(JobId(3)))]), [2, 3, 1, 4]);
    assert_eq!(order(&[(1, MoveTo::After(JobId(9)))]), [1, 2, 3, 4]);
    let chain = [(1, MoveTo::After(JobId(2))), (2, MoveTo::After(JobId(4)))];
    assert_eq!(order(&chain), [3, 4, 2, 1]);
    let circle = [(1, MoveTo::After(JobId(2))), (2, MoveTo::Before(JobId(1)))];
    assert_eq!(order(&circle), [1, 2, 3, 4]);
}

#[test]
fn a_reservation_is_kept_for_its_holder_and_costs_nothing_before() {
    let ana = UserName::from("ana");
    let mut snapshot = idle(1);
    let holder = Holder::User(ana.clone());
    snapshot.reservations = vec![Reservation {
        no_show: Some(Duration::from_secs(600)),
        ..Reservation::new(7, holder, (1, 6), (at(3600), at(7200)))
    }];
    let mut short = job(1, 1, 4);
    short.job.time_limit = Duration::from_secs(3600);
    let mut long = job(2, 1, 4);
    long.job.time_limit = Duration::from_secs(3660);
    let mut hers = job(3, 1, 4);
    hers.job.owner = ana;
    let starts = |pending: &[&berth_scheduler::Pending], second| {
        let mut snapshot = snapshot.clone();
        snapshot.pending = pending.iter().map(|one| (*one).clone()).collect();
        let plan = plan(&snapshot, &Policy::easy(), at(second));
        let ids = plan.starts.iter().map(|(id, _)| id.0).collect::<Vec<_>>();
        (ids, plan.reasons.get(&JobId(2)).map(PendingReason::token))
    };
    let wake = |second| plan(&snapshot, &Policy::easy(), at(second)).wake_at;
    assert_eq!(
        [wake(0), wake(3600), wake(4200)],
        [at(3600), at(4200), at(7200)].map(Some)
    );
    assert_eq!(starts(&[&short, &long], 0), (vec![1], Some("Reservation")));
    assert_eq!(starts(&[&long, &hers], 0), (vec![3], Some("Reservation")));
    assert_eq!(
        starts(&[&long, &hers], 3600),
        (vec![3], Some("Reservation"))
    );
    assert_eq!(starts(&[&long], 4199), (vec![], Some("Reservation")));
    assert_eq!(starts(&[&long], 4200), (vec![2], None), "nobody came");
}

#[test]
fn a_higher_class_goes_first_under_every_policy() {
    for policy in policies() {
        let mut snapshot = idle(1);
        snapshot.pending = vec![job(1, 1, 1), job(2, 1, 8)];
        snapshot.pending[1].job.class = PriorityClass::High;
        let plan = plan(&snapshot, &policy, now());
        assert_eq!(plan.starts[0].0, JobId(2), "{}", policy.name);
    }
}

#[test]
fn a_new_job_interrupts_a_long_one_that_may_be_stopped() {
    let mut policy = Policy::berth();
    policy.set("preemption", "on").unwrap();
    let mut snapshot = idle(1);
    let victim = |id| Facts {
        preemptible: true,
        ..facts(id, 1, 8)
    };
    assert!(run(&mut snapshot, victim(100), 0, -3600));
    snapshot.pending = vec![job(1, 1, 1)];
    let made = plan(&snapshot, &policy, now());
    assert_eq!(made.preemptions.len(), 1);
    assert_eq!(
        made.reasons[&JobId(1)].sentence(),
        "Next in line. Running jobs are being stopped so that it gets its 1 GPU."
    );
    snapshot.active[0].job.preemptible = false;
    assert_eq!(plan(&snapshot, &policy, now()).preemptions, []);
    snapshot.active[0].job.preemptible = true;
    policy.set("preemption", "off").unwrap();
    assert_eq!(plan(&snapshot, &policy, now()).preemptions, []);
}

#[test]
fn room_that_is_made_takes_no_place_of_jobs_without_gpus() {
    let mut policy = Policy::berth();
    policy.set("preemption", "on").unwrap();
    policy.cpu_jobs_per_node = 1;
    let mut snapshot = idle(1);
    let victim = Facts {
        preemptible: true,
        ..facts(100, 1, 8)
    };
    assert!(run(&mut snapshot, victim, 0, -3600));
    snapshot.pending = vec![job(1, 1, 1), job(2, 1, 0)];
    snapshot.pending[0].job.class = PriorityClass::High;
    let made = plan(&snapshot, &policy, now());
    assert_eq!(made.preemptions.len(), 1);
    assert_eq!(made.starts[0].0, JobId(2));
}

#[test]
fn nobody_else_is_stopped_while_the_first_is_on_its_way_out() {
    let mut policy = Policy::berth();
    policy.set("preemption", "on").unwrap();
    let mut snapshot = idle(2);
    for (id, node) in [(100, 0), (101, 1)] {
        let victim = Facts {
            preemptible: true,
            ..facts(id, 1, 8)
        };
        assert!(run(&mut snapshot, victim, node, -3600));
    }
    snapshot.pending = vec![job(1, 1, 1)];
    let first = plan(&snapshot, &policy, now());
    assert_eq!(first.preemptions.len(), 1);
    let stopped = first.preemptions[0].job;
    for active in &mut snapshot.active {
        active.stopping = active.job.id == stopped;
    }
    let second = plan(&snapshot, &policy, now());
    assert_eq!(second.preemptions, []);
    assert_eq!(second.reasons[&JobId(1)].token(), "PreemptionPending");
}

#[test]
fn who_loses_the_least_is_stopped_and_nobody_too_often() {
    let mut policy = Policy::berth();
    policy.set("preemption", "on").unwrap();
    let mut snapshot = idle(2);
    for (id, node, saved) in [(100, 0, -3000), (101, 1, -60)] {
        let victim = Facts {
            preemptible: true,
            preemptions: 2,
            ..facts(id, 1, 8)
        };
        assert!(run(&mut snapshot, victim, node, -3600));
        snapshot.active[node].checkpoint_at = Some(at(saved));
    }
    snapshot.pending = vec![job(1, 1, 8)];
    let stopped = |policy: &Policy| {
        let plan = plan(&snapshot, policy, now());
        plan.preemptions
            .iter()
            .map(|stop| stop.job.0)
            .collect::<Vec<_>>()
    };
    assert_eq!(stopped(&policy), [101]);
    policy.set("max_preemptions", "2").unwrap();
    assert!(stopped(&policy).is_empty());
}

#[test]
fn with_preemption_a_reservation_is_used_by_others_until_its_holder_comes() {
    let mut policy = Policy::berth();
    policy.set("preemption", "on").unwrap();
    let ana = UserName::from("ana");
    let mut snapshot = idle(1);
    let holder = Holder::User(ana.clone());
    snapshot.reservations = vec![Reservation::new(7, holder, (1, 6), (at(-60), at(7200)))];
    // Who may be stopped may use it, who may not and is not done in time may not.
    let mut stays = job(1, 1, 4);
    let mut goes = job(2, 1, 4);
    goes.job.preemptible = true;
    snapshot.pending = vec![stays.clone(), goes];
    let made = plan(&snapshot, &policy, now());
    let started: Vec<u64> = made.starts.iter().map(|(id, _)| id.0).collect();
    assert_eq!(started, [2]);
    assert_eq!(made.reasons[&JobId(1)].token(), "Reservation");
    // It starts later, when what is not reserved is enough.
    stays.job.gpus_per_node = 2;
    snapshot.pending = vec![stays];
    assert_eq!(plan(&snapshot, &policy, now()).starts.len(), 1);

    // A job that began ten seconds ago makes way for the holder, whatever it has left to do.
    let victim = Facts {
        preemptible: true,
        ..facts(100, 1, 8)
    };
    assert!(run(&mut snapshot, victim, 0, -10));
    let mut hers = job(3, 1, 6);
    hers.job.owner = ana;
    snapshot.pending = vec![hers.clone()];
    let made = plan(&snapshot, &policy, now());
    assert_eq!(made.preemptions[0].job, JobId(100));
    // But not for more than what is reserved.
    hers.job.gpus_per_node = 7;
    snapshot.pending = vec![hers];
    assert_eq!(plan(&snapshot, &policy, now()).preemptions, []);
}

#[test]
fn nobody_is_passed_for_longer_than_the_longest_wait() {
    let mut policy = Policy::berth();
    policy.set("max_wait", "3d").unwrap();
    for preemption in ["off", "on"] {
        policy.set("preemption", preemption).unwrap();
        let mut snapshot = idle(1);
        assert!(run(&mut snapshot, facts(100, 1, 8), 0, 0));
        let waited = |id: u64, days: i64, hours: f64| {
            let mut one = job(id, 1, 8);
            one.job.submitted_at = at(-days * 86_400);
            one.job.service = Duration::from_secs(3600);
            let run_time = berth_scheduler::predict::RunTime::about(hours * 3600.0);
            one.job.predicted = Some(std::sync::Arc::new(run_time));
            one
        };
        // A long job after two days, after four, and a short one that just came.
        snapshot.pending = vec![waited(1, 2, 200.0), waited(2, 4, 200.0), waited(3, 0, 2.0)];
        let plan = plan(&snapshot, &policy, now());
        assert_eq!(plan.order, [JobId(2), JobId(3), JobId(1)], "{preemption}");
    }
}
