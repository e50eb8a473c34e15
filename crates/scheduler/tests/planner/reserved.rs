//! What reservations and quotas promise, on random clusters and in single cases.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use berth_domain::quota::Each;
use berth_domain::{Holder, JobId, NodeName, Quota, UserName};
use berth_scheduler::{
    Active, Experience, Facts, Policy, PreemptionMode, Reservation, Snapshot, forecast, plan,
};
use proptest::prelude::*;

use crate::random::{reserved_snapshots, snapshots};
use crate::support::{at, facts, idle, job, now, policies, run, started};

/// Whether a job makes way when the reservation begins: it is over, it may be stopped, or it is
/// of the holder.
fn makes_way(reservation: &Reservation, active: &Active, policy: &Policy) -> bool {
    let hers = reservation
        .holder
        .includes(&active.job.owner, active.job.project.as_deref());
    let stopped = active.job.preemptible && policy.preemption.mode == PreemptionMode::On;
    let over = active.limit_at().expect("the test is right") <= reservation.start;
    hers || stopped || over
}

/// What is free, or will be at the start of the reservation, on each node.
fn there(snapshot: &Snapshot, reservation: &Reservation, policy: &Policy) -> Vec<usize> {
    let free = |node: &berth_scheduler::FreeNode| {
        let ended = snapshot.active.iter();
        let ended = ended.filter(|active| makes_way(reservation, active, policy));
        let parts = ended.flat_map(|active| &active.lease.0);
        let here = parts.filter(|part| part.node == node.name);
        node.free.len() + here.map(|part| part.gpus.len()).sum::<usize>()
    };
    let nodes = snapshot.nodes.iter();
    let nodes =
        nodes.filter(|node| reservation.only.is_empty() || reservation.only.contains(&node.name));
    nodes.map(free).collect()
}

fn enough(snapshot: &Snapshot, reservation: &Reservation, policy: &Policy) -> bool {
    let wanted = reservation.gpus_per_node as usize;
    let nodes = there(snapshot, reservation, policy);
    nodes.into_iter().filter(|free| *free >= wanted).count() >= reservation.nodes as usize
}

/// Still binds others when it begins.
fn is_ahead(reservation: &Reservation) -> bool {
    reservation.start > now()
}

proptest! {
    /// Who does not hold the reservation leaves its GPUs when it begins, if all run to their
    /// limits: whatever the policy thinks of how long they run.
    #[test]
    fn what_is_reserved_is_there(mut snapshot in reserved_snapshots()) {
        snapshot.reservations.truncate(1);
        for policy in policies() {
            let Some(reservation) = snapshot.reservations.first() else { continue };
            if !is_ahead(reservation) {
                continue;
            }
            let made = plan(&snapshot, &policy, now());
            if enough(&snapshot, reservation, &policy) {
                let after = started(&snapshot, &made);
                prop_assert!(
                    enough(&after, reservation, &policy),
                    "{} {:?}: {:?}",
                    policy.name,
                    policy.preemption.mode,
                    made.starts
                );
            }
        }
    }

    /// GPUs that are reserved by name are not given to anybody who could still be there.
    #[test]
    fn exact_gpus_are_left_alone(snapshot in reserved_snapshots()) {
        for policy in policies() {
            let made = plan(&snapshot, &policy, now());
            let after = started(&snapshot, &made);
            for (id, lease) in &made.starts {
                let job = after.active.iter().find(|active| active.job.id == *id).unwrap();
                for reservation in snapshot.reservations.iter().filter(|one| is_ahead(one)) {
                    if makes_way(reservation, job, &policy) {
                        continue;
                    }
                    for part in lease.0.iter().filter(|part| reservation.only.contains(&part.node)) {
                        let taken = part.gpus.iter().find(|gpu| {
                            reservation.exact.contains(&gpu.index)
                        });
                        prop_assert_eq!(taken, None, "{} has one of {:?}", id, reservation);
                    }
                }
            }
        }
    }

    /// Several on named nodes, for different people: at the start of each, all that is promised on
    /// its node then is there, if it was before the plan.
    #[test]
    fn several_are_kept_beside_each_other(snapshot in reserved_snapshots()) {
        for policy in [Policy::fifo(), Policy::easy(), Policy::berth()] {
            let made = plan(&snapshot, &policy, now());
            let after = started(&snapshot, &made);
            let named = || {
                let all = snapshot.reservations.iter();
                all.filter(|one| !one.only.is_empty() && one.exact.is_empty() && is_ahead(one))
            };
            for reservation in named() {
                let with = named().filter(|one| {
                    one.only == reservation.only
                        && one.start <= reservation.start
                        && reservation.start < one.end
                });
                let with: Vec<_> = with.collect();
                if snapshot.reservations.iter().any(|one| !one.exact.is_empty() || one.only.is_empty()) {
                    continue;
                }
                let holders: std::collections::BTreeSet<_> =
                    with.iter().map(|one| &one.holder).collect();
                if holders.len() < with.len() || with.len() < 2 {
                    continue;
                }
                let promised: u32 = with.iter().map(|one| one.gpus_per_node).sum();
                // Nobody of the holders runs or starts: all of it has to be free.
                let theirs = |active: &Active| {
                    with.iter().any(|one| one.holder.includes(&active.job.owner, None))
                };
                if after.active.iter().any(theirs) {
                    continue;
                }
                let free = |snapshot: &Snapshot| {
                    there(snapshot, reservation, &policy).first().copied().unwrap_or(0)
                };
                if free(&snapshot) >= promised as usize {
                    prop_assert!(free(&after) >= promised as usize, "{}", policy.name);
                }
            }
        }
    }

    /// A cap is never passed, whoever waits; and a soft one not while somebody else waits who could
    /// have what is free without passing theirs.
    #[test]
    fn caps_and_quotas_hold(
        mut snapshot in reserved_snapshots(),
        limits in prop::collection::vec(prop::option::of((1u32..12, any::<bool>())), 4),
        everybody in prop::option::of((1u32..12, any::<bool>())),
    ) {
        let quota = |(gpus, hard)| Quota { gpus, hard };
        snapshot.quotas.gpus = Each {
            user: everybody.map(quota),
            users: limits
                .iter()
                .enumerate()
                .map(|(n, limit)| (UserName(format!("user-{n}")), limit.map(quota)))
                .take(2)
                .collect(),
            ..Each::default()
        };
        for policy in policies() {
            let made = plan(&snapshot, &policy, now());
            let jobs: HashMap<JobId, &Facts> =
                snapshot.pending.iter().map(|one| (one.job.id, &one.job)).collect();
            let mut held: BTreeMap<&UserName, u32> = BTreeMap::new();
            for active in &snapshot.active {
                *held.entry(&active.job.owner).or_default() += active.job.gpus();
            }
            for (id, _) in &made.starts {
                let job = jobs[id];
                let sum = held.entry(&job.owner).or_default();
                *sum += job.gpus();
                let limit = snapshot.quotas.gpus.of_user(&job.owner, None);
                if let Some(limit) = limit.filter(|limit| limit.hard && job.gpus() > 0) {
                    prop_assert!(*sum <= limit.gpus, "{} passes a cap", id);
                }
            }
            // What the reason says is so.
            for (id, reason) in &made.reasons {
                if let berth_domain::PendingReason::QuotaUser { held: said, wanted, limit, .. } = reason {
                    prop_assert!(said + wanted > *limit);
                    prop_assert!(*said <= held.get(&jobs[id].owner).copied().unwrap_or(0));
                }
            }
        }
    }

    /// Nothing that a plan holds back for reservations could have started. (With backfill the first
    /// blocked job may be promised another place once others run, and let others pass.)
    #[test]
    fn a_plan_with_reservations_is_complete(snapshot in reserved_snapshots()) {
        let first = plan(&snapshot, &Policy::fifo(), now());
        let rest = started(&snapshot, &first);
        prop_assert_eq!(plan(&rest, &Policy::fifo(), now()).starts, []);
    }

    /// With quotas, reservations and gangs at once: the same plan for the same input, in whatever
    /// order it comes.
    #[test]
    fn quotas_and_reservations_make_one_plan(
        mut snapshot in reserved_snapshots(),
        limit in (1u32..12, any::<bool>()),
    ) {
        snapshot.quotas.gpus.user = Some(Quota { gpus: limit.0, hard: limit.1 });
        for policy in policies() {
            let first = plan(&snapshot, &policy, now());
            let mut shuffled = snapshot.clone();
            shuffled.pending.reverse();
            prop_assert_eq!(&first, &plan(&shuffled, &policy, now()));
            prop_assert_eq!(first.starts.len() + first.order.len(), snapshot.pending.len());
        }
    }

    /// Who is done before it begins is not held up by a reservation of everything. (With backfill the
    /// first blocked job may have to wait until it is over, and then others pass that did not.)
    #[test]
    fn what_is_done_in_time_is_not_held_up(snapshot in snapshots()) {
        let mut with = snapshot.clone();
        let holder = Holder::User("nobody".into());
        let far = at(700 * 60);
        with.reservations = vec![Reservation::new(1, holder, (4, 8), (far, far + Duration::from_secs(60)))];
        let preemptive = policies().into_iter();
        let preemptive = preemptive.filter(|one| one.preemption.mode == PreemptionMode::On);
        for policy in preemptive.chain([Policy::fifo()]) {
            let (without, with) = (plan(&snapshot, &policy, now()), plan(&with, &policy, now()));
            prop_assert_eq!(without.starts, with.starts, "{}", policy.name);
        }
    }
}

#[test]
fn a_reason_names_the_reservation_in_the_way() {
    let mut snapshot = idle(1);
    let of = |id, who: &str, gpus, start, end| Reservation {
        note: (id == 2).then(|| "demo".to_owned()),
        ..Reservation::new(
            id,
            Holder::User(who.into()),
            (1, gpus),
            (at(start), at(end)),
        )
    };
    // The first is no trouble: beside its two GPUs there is room for six.
    snapshot.reservations = vec![of(1, "ana", 2, 3600, 7200), of(2, "bo", 8, 50_400, 64_800)];
    snapshot.pending = vec![job(1, 1, 6)];
    let made = plan(&snapshot, &Policy::berth(), now());
    assert_eq!(
        made.reasons[&JobId(1)].sentence(),
        "What is free is kept for bo's reservation 'demo' from 1970-01-11 14:00 to 18:00 UTC, and \
         this job could run into it. A shorter time limit helps where it ends before."
    );
}

#[test]
fn a_prediction_does_not_let_a_job_into_a_reservation() {
    // It is thought to run for ten minutes, and may run for two hours.
    let mut snapshot = idle(1);
    let holder = Holder::User("ana".into());
    snapshot.reservations = vec![Reservation::new(1, holder, (1, 8), (at(3600), at(7200)))];
    let mut one = job(1, 1, 4);
    one.job.time_limit = Duration::from_secs(7200);
    let about = berth_scheduler::predict::RunTime::about(600.0);
    one.job.predicted = Some(std::sync::Arc::new(about));
    snapshot.pending = vec![one];
    for policy in policies() {
        let made = plan(&snapshot, &policy, now());
        assert_eq!(made.starts, [], "{}", policy.name);
        assert_eq!(made.reasons[&JobId(1)].token(), "Reservation");
    }
    snapshot.pending[0].job.time_limit = Duration::from_secs(3600);
    for policy in policies() {
        assert_eq!(plan(&snapshot, &policy, now()).starts.len(), 1);
    }
}

#[test]
fn exact_gpus_go_to_their_holder_and_others_get_the_rest() {
    let mut snapshot = idle(1);
    snapshot.reservations = vec![Reservation {
        only: vec![NodeName::from("node-1")],
        exact: vec![0, 1, 5],
        ..Reservation::new(
            1,
            Holder::Project("vision".into()),
            (1, 3),
            (at(3600), at(7200)),
        )
    }];
    let mut hers = job(1, 1, 4);
    hers.job.project = Some("vision".to_owned());
    let mut short = job(2, 1, 3);
    short.job.time_limit = Duration::from_secs(600);
    let long = job(3, 1, 5);
    let indices = |pending: &[&berth_scheduler::Pending]| {
        let mut snapshot = snapshot.clone();
        snapshot.pending = pending.iter().map(|one| (*one).clone()).collect();
        let made = plan(&snapshot, &Policy::easy(), now());
        let lease = |(id, lease): &(JobId, berth_domain::Lease)| {
            (
                id.0,
                lease.gpus().map(|(_, gpu)| gpu.index).collect::<Vec<_>>(),
            )
        };
        made.starts.iter().map(lease).collect::<Vec<_>>()
    };
    assert_eq!(indices(&[&hers]), [(1, vec![0, 1, 2, 5])]);
    // Who is done in time takes what nobody was promised first, too.
    assert_eq!(
        indices(&[&short, &long]),
        [(2, vec![2, 3, 4])],
        "by counts five are left, but not five that it may have"
    );
    assert_eq!(indices(&[&long]), [(3, vec![2, 3, 4, 6, 7])]);
}

#[test]
fn a_forecast_knows_what_is_reserved() {
    let mut snapshot = idle(1);
    let runs = |id, minutes: u64, gpus| Facts {
        time_limit: Duration::from_secs(minutes * 60),
        ..facts(id, 1, gpus)
    };
    assert!(run(&mut snapshot, runs(100, 60, 8), 0, 0));
    let mut others = job(1, 1, 8);
    others.job.time_limit = Duration::from_secs(2 * 3600);
    let mut hers = job(2, 1, 8);
    hers.job.owner = UserName::from("ana");
    snapshot.pending = vec![others, hers];
    let waits = |snapshot: &Snapshot, id| {
        let all = forecast(snapshot, &Policy::easy(), now(), &Experience::default());
        all[&JobId(id)].queue_s
    };
    assert_eq!((waits(&snapshot, 1), waits(&snapshot, 2)), (3600, 3 * 3600));
    // From two hours on for one: the first is not done by then.
    let holder = Holder::User("ana".into());
    snapshot.reservations = vec![Reservation::new(1, holder, (1, 8), (at(7200), at(10_800)))];
    assert_eq!((waits(&snapshot, 1), waits(&snapshot, 2)), (10_800, 7200));
    // With half the limit it is.
    snapshot.pending[0].job.time_limit = Duration::from_secs(3600);
    assert_eq!(waits(&snapshot, 1), 3600);
}

#[test]
fn a_cap_holds_on_an_idle_cluster_and_a_quota_is_borrowed() {
    let mut snapshot = idle(1);
    snapshot.pending = vec![job(1, 1, 4), job(2, 1, 2), job(3, 1, 1)];
    let quota = |hard| Some(Quota { gpus: 4, hard });
    for policy in policies() {
        snapshot.quotas.gpus.user = quota(false);
        assert_eq!(
            plan(&snapshot, &policy, now()).starts.len(),
            3,
            "{}",
            policy.name
        );
        snapshot.quotas.gpus.user = quota(true);
        let made = plan(&snapshot, &policy, now());
        assert_eq!(made.starts.len(), 1, "{}", policy.name);
        assert_eq!(
            made.reasons[&JobId(2)].sentence(),
            "user uses 4 of 4 GPUs allowed; this job needs 2 GPUs. It starts when enough of them \
             are given back."
        );
        // Whoever is named may have something else, and projects have their own.
        snapshot.quotas.gpus.users.insert("user".into(), None);
        assert_eq!(plan(&snapshot, &policy, now()).starts.len(), 3);
        snapshot.quotas.gpus.users.clear();
        snapshot.quotas.gpus.user = None;
        for one in &mut snapshot.pending {
            one.job.project = Some("vision".to_owned());
        }
        snapshot
            .quotas
            .gpus
            .projects
            .insert("vision".to_owned(), quota(true));
        let made = plan(&snapshot, &policy, now());
        assert_eq!(made.starts.len(), 1);
        assert_eq!(made.reasons[&JobId(3)].token(), "QuotaProject");
        snapshot.quotas.gpus.projects.clear();
    }
}
