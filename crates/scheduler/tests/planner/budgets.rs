//! GPU-hours of a period: who has used theirs up waits, and starts again with the next period.

use std::time::Duration;

use berth_domain::quota::{Allow, SetTo, Whose};
use berth_domain::{Budget, JobId, PendingReason, Period, Quotas, Timestamp, UserName};
use berth_scheduler::{
    Facts, Plan, Policy, Script, Snapshot, Use, budget_of_project, budget_of_user, plan, replay,
};
use proptest::prelude::*;

use crate::random::snapshots;
use crate::support::{at, facts, idle, job, policies, run};

fn hours(gpu_hours: u32, hard: bool) -> SetTo {
    SetTo::Hours(Allow::This(Budget {
        gpu_hours,
        period: Period::Day,
        hard,
    }))
}

fn every_user(gpu_hours: u32, hard: bool) -> Quotas {
    Quotas::default().with(Whose::EveryUser, hours(gpu_hours, hard))
}

/// In the middle of a day, so that something of it is over.
fn noon() -> Timestamp {
    at(12 * 3600)
}

/// So many GPU-hours, which ended now.
fn used(snapshot: &mut Snapshot, user: &str, gpu_hours: u32) {
    let used = Use {
        gpus: gpu_hours * 3600,
        from: at(12 * 3600 - 1),
        to: noon(),
    };
    let user = UserName::from(user);
    snapshot.spent.charge(&user, Some("vision"), used);
}

fn of(owner: &str, id: u64) -> berth_scheduler::Pending {
    let mut one = job(id, 1, 1);
    one.job.owner = UserName::from(owner);
    one.job.project = Some("vision".to_owned());
    one
}

fn waits_for(made: &Plan, id: u64) -> &'static str {
    made.reasons
        .get(&JobId(id))
        .map_or("", PendingReason::token)
}

#[test]
fn who_has_used_theirs_up_waits_for_the_next_period() {
    let mut snapshot = idle(1);
    snapshot.pending = vec![of("ana", 1), of("ben", 2)];
    snapshot.quotas = every_user(10, true);
    used(&mut snapshot, "ana", 10);
    used(&mut snapshot, "ben", 9);
    for policy in policies() {
        let made = plan(&snapshot, &policy, noon());
        assert_eq!(made.starts.len(), 1, "{}", policy.name);
        assert_eq!(made.starts[0].0, JobId(2));
        assert_eq!(waits_for(&made, 1), "BudgetUser");
        let (_, tomorrow) = Period::Day.around(noon());
        assert_eq!(made.wake_at, Some(tomorrow), "{}", policy.name);
        assert_eq!(
            made.reasons[&JobId(1)].sentence(),
            "ana has used 10 of 10 GPU-hours of this day, with what is expected of what runs. It starts at \
             1970-01-12 00:00:00 UTC, when the next day begins, or when an admin allows more."
        );
        // Then it starts.
        let then = plan(&snapshot, &policy, tomorrow);
        assert_eq!(then.starts.len(), 2, "{}", policy.name);
    }
}

#[test]
fn more_is_borrowed_while_nobody_else_waits() {
    let mut snapshot = idle(1);
    snapshot.quotas = every_user(10, false);
    used(&mut snapshot, "ana", 10);
    // One node, of which ben's gang waits for more than is free.
    for policy in policies() {
        snapshot.pending = vec![of("ana", 1)];
        assert_eq!(
            plan(&snapshot, &policy, noon()).starts.len(),
            1,
            "{}",
            policy.name
        );
        let mut busy = snapshot.clone();
        assert!(run(&mut busy, facts(9, 1, 1), 0, -60));
        let mut gang = of("ben", 2);
        gang.job.gpus_per_node = 8;
        busy.pending = vec![of("ana", 1), gang];
        let made = plan(&busy, &policy, noon());
        assert_eq!(made.starts, [], "{}", policy.name);
        assert_eq!(waits_for(&made, 1), "BudgetUser", "{}", policy.name);
    }
}

#[test]
fn what_runs_counts_as_far_as_it_is_expected_to_use() {
    let mut snapshot = idle(1);
    let budget = hours(10, true);
    let vision = Whose::Project("vision".to_owned());
    snapshot.quotas = Quotas::default().with(vision, budget);
    // Three jobs of 4 hours each: when two were begun, 8 of 10 hours are spoken for, and one more may.
    let with_limit = |id| {
        let mut one = of("ana", id);
        one.job.time_limit = Duration::from_secs(4 * 3600);
        one
    };
    snapshot.pending = (1..=5).map(with_limit).collect();
    let policy = Policy::fifo();
    let made = plan(&snapshot, &policy, noon());
    assert_eq!(made.starts.len(), 3);
    assert_eq!(waits_for(&made, 4), "BudgetProject");
    // One that has run for an hour is expected to run for three more.
    snapshot.pending.clear();
    assert!(run(&mut snapshot, with_limit(7).job, 0, 11 * 3600));
    let standing = budget_of_project(&snapshot, "vision", noon()).unwrap();
    assert_eq!(
        (standing.used_s, standing.coming_s),
        (3600.0, 3.0 * 3600.0),
        "{standing:?}"
    );
    assert_eq!(standing.at_end_s(noon()), Some(2.0 * 3600.0));
    assert_eq!(standing.runs_out_at(noon()), None, "not today");
    assert_eq!(budget_of_user(&snapshot, &"ana".into(), noon()), None);
    // With six of ten hours gone at noon, the rest is gone eight hours later.
    used(&mut snapshot, "ana", 5);
    let standing = budget_of_project(&snapshot, "vision", noon()).unwrap();
    assert_eq!(standing.runs_out_at(noon()), Some(at(20 * 3600)));
    // What ran over midnight counts for each day with its part.
    let standing = budget_of_project(&snapshot, "vision", at(25 * 3600)).unwrap();
    assert_eq!(standing.used_s, 3600.0);
}

#[test]
fn the_queue_run_on_knows_when_a_budget_is_used_up() {
    let mut snapshot = idle(1);
    snapshot.quotas = every_user(4, true);
    let two_hours = |id| {
        let mut one = of("ana", id);
        one.job.gpus_per_node = 8;
        one.job.time_limit = Duration::from_secs(3600);
        one
    };
    snapshot.pending = vec![two_hours(1), two_hours(2)];
    let script = Script {
        left_s: &|_: &Facts, ran_s| 3600.0 - ran_s,
        arrivals: &[],
        until: Timestamp::MAX,
        most_plans: u32::MAX,
    };
    let replayed = replay(snapshot, &Policy::fifo(), noon(), &script);
    let (_, tomorrow) = Period::Day.around(noon());
    assert_eq!(replayed.starts[&JobId(1)], noon());
    assert_eq!(replayed.starts[&JobId(2)], tomorrow);
}

proptest! {
    /// Whoever has used up a hard budget starts nothing, and what the reason says is so.
    #[test]
    fn hard_budgets_hold(
        mut snapshot in snapshots(),
        gpu_hours in 0u32..40,
        before in prop::collection::vec(0u32..40, 3),
        hard in any::<bool>(),
    ) {
        snapshot.quotas = every_user(gpu_hours, hard);
        for (n, gpu_hours) in before.iter().enumerate() {
            used(&mut snapshot, &format!("user-{n}"), *gpu_hours);
        }
        for policy in policies() {
            let made = plan(&snapshot, &policy, noon());
            let owner = |id: &JobId| {
                let job = snapshot.pending.iter().find(|one| one.job.id == *id);
                &job.expect("it is there").job
            };
            for (id, _) in &made.starts {
                let job = owner(id);
                let standing = budget_of_user(&snapshot, &job.owner, noon()).unwrap();
                let spent = hard && standing.is_spent() && job.gpus() > 0;
                prop_assert!(!spent, "{} starts on nothing", id);
            }
            for reason in made.reasons.values() {
                if let PendingReason::BudgetUser { used_gpu_hours, gpu_hours, until, .. } = reason {
                    // Rounded to the hour.
                    prop_assert!(*used_gpu_hours >= *gpu_hours);
                    prop_assert!(*until > noon());
                }
            }
            let mut shuffled = snapshot.clone();
            shuffled.pending.reverse();
            prop_assert_eq!(&made, &plan(&shuffled, &policy, noon()));
        }
    }
}

/// Nobody has a budget: nothing is counted.
#[test]
fn without_budgets_nothing_is_told() {
    let snapshot = idle(1);
    assert_eq!(
        budget_of_user(&snapshot, &"ana".into(), Timestamp::MAX),
        None
    );
}
