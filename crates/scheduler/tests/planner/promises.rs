//! The planner's promises under every policy, on random clusters and queues.

use std::collections::{HashMap, HashSet};

use crate::constraints::could;
use crate::random::{reserved_snapshots, snapshots};
use crate::support::{now, policies, started};
use berth_domain::{GpuUuid, JobId, NodeName, PendingReason, UserName};
use berth_scheduler::{Active, Facts, Plan, Policy, Snapshot, plan};
use proptest::prelude::*;

/// The earliest time, in seconds from now, at which a job fits if everything runs to its limit.
fn earliest(snapshot: &Snapshot, job: &Facts) -> Option<i64> {
    let mut after = snapshot.clone();
    let left = |active: &Active| {
        let end = active.limit_at().expect("the test is right");
        end.duration_since(now()).as_secs().max(1)
    };
    let mut ends: Vec<(i64, &Active)> =
        snapshot.active.iter().map(|one| (left(one), one)).collect();
    ends.sort_by_key(|(end, _)| *end);
    let asks = job.constraints.as_deref().cloned().unwrap_or_default();
    if could(&after, &asks, job) {
        return Some(0);
    }
    let mut rest = ends.into_iter().peekable();
    while let Some((end, active)) = rest.next() {
        for part in &active.lease.0 {
            let mut nodes = after.nodes.iter_mut();
            let node = nodes.find(|node| node.name == part.node);
            node.expect("the test is right")
                .free
                .extend(part.gpus.iter().cloned());
        }
        let more = rest.peek().is_some_and(|(next, _)| *next == end);
        if !more && could(&after, &asks, job) {
            return Some(end);
        }
    }
    None
}

proptest! {
    #[test]
    fn every_lease_is_exact_free_and_whole(snapshot in reserved_snapshots()) {
        for policy in policies() {
            let plan = plan(&snapshot, &policy, now());
            let free: HashSet<&GpuUuid> =
                snapshot.nodes.iter().flat_map(|node| &node.free).map(|gpu| &gpu.uuid).collect();
            let mut taken = HashSet::new();
            for (id, lease) in &plan.starts {
                let waits = snapshot.pending.iter().find(|one| one.job.id == *id).unwrap();
                let names: HashSet<&NodeName> = lease.0.iter().map(|part| &part.node).collect();
                prop_assert_eq!(names.len(), waits.job.nodes as usize, "all of its nodes or none");
                for part in &lease.0 {
                    prop_assert_eq!(part.gpus.len(), waits.job.gpus_per_node as usize);
                    for gpu in &part.gpus {
                        prop_assert!(free.contains(&gpu.uuid) && taken.insert(gpu.uuid.clone()));
                    }
                }
            }
        }
    }

    #[test]
    fn every_job_starts_or_has_a_place_and_a_reason(snapshot in reserved_snapshots()) {
        for policy in policies() {
            let plan = plan(&snapshot, &policy, now());
            let mut all: Vec<JobId> = plan.starts.iter().map(|(id, _)| *id).collect();
            all.extend(&plan.order);
            all.sort_unstable();
            let mut expected: Vec<JobId> = snapshot.pending.iter().map(|one| one.job.id).collect();
            expected.sort_unstable();
            prop_assert_eq!(&all, &expected);
            prop_assert!(plan.order.iter().all(|id| plan.reasons.contains_key(id)));
        }
    }

    #[test]
    fn the_same_input_gives_the_same_plan(snapshot in reserved_snapshots()) {
        for policy in policies() {
            let first = plan(&snapshot, &policy, now());
            prop_assert_eq!(&first, &plan(&snapshot, &policy, now()));
            let mut shuffled = snapshot.clone();
            shuffled.pending.reverse();
            prop_assert_eq!(&first, &plan(&shuffled, &policy, now()));
        }
    }

    /// Nobody who passed the first blocked job makes it start later, even if all run to their
    /// limits.
    #[test]
    fn backfill_never_delays_the_head(snapshot in snapshots()) {
        for policy in policies() {
            if policy.name == "berth" {
                // Berth goes by predictions there, which may be wrong.
                continue;
            }
            let made = plan(&snapshot, &policy, now());
            let head = made.order.iter().find(|id| matches!(
                made.reasons[id],
                PendingReason::Resources { .. }
                    | PendingReason::Fragmentation { .. }
                    | PendingReason::DrainingForGang { .. }
            ));
            let Some(head) = head else { continue };
            let head = &snapshot.pending.iter().find(|one| one.job.id == *head).unwrap().job;
            // Those before the head start by right.
            let mut before = snapshot.clone();
            let strict = Policy { backfill: berth_scheduler::Backfill::None, ..policy.clone() };
            let by_right = plan(&snapshot, &strict, now());
            before.pending.retain(|one| by_right.starts.iter().any(|(id, _)| *id == one.job.id));
            let without = earliest(&started(&before, &by_right), head);
            let with = earliest(&started(&snapshot, &made), head);
            prop_assert!(with <= without, "{} at {with:?} instead of {without:?}", head.id);
        }
    }

    /// Under conservative backfill whoever is looked at later, in whatever number, delays nobody:
    /// what was promised with a part of the queue still holds with all of it.
    #[test]
    fn conservative_backfill_delays_nobody(snapshot in snapshots(), part in 0usize..25) {
        let mut policy = Policy::fifo();
        policy.set("backfill", "conservative").unwrap();
        let all = plan(&snapshot, &policy, now());
        let mut first = snapshot;
        first.pending.sort_by(|a, b| {
            (b.job.class, &a.job.rank).cmp(&(a.job.class, &b.job.rank))
        });
        first.pending.truncate(part);
        let some = plan(&first, &policy, now());
        let kept: Vec<_> = all
            .starts
            .iter()
            .filter(|(id, _)| first.pending.iter().any(|one| one.job.id == *id))
            .cloned()
            .collect();
        prop_assert_eq!(&kept, &some.starts);
        let promised = |plan: &Plan, id: &JobId| match &plan.reasons[id] {
            PendingReason::DrainingForGang { at, .. } => Some(*at),
            _ => None,
        };
        for id in some.order.iter().filter(|id| promised(&some, id).is_some()) {
            prop_assert_eq!(promised(&some, id), promised(&all, id));
        }
    }

    #[test]
    fn a_quota_binds_while_somebody_else_waits(snapshot in snapshots(), limit in 1u32..12) {
        for mut policy in policies() {
            policy.quota.user_gpus = Some(limit);
            let made = plan(&snapshot, &policy, now());
            let by_id: HashMap<JobId, &Facts> =
                snapshot.pending.iter().map(|one| (one.job.id, &one.job)).collect();
            let mut held: HashMap<&UserName, u32> = HashMap::new();
            for active in &snapshot.active {
                *held.entry(&active.job.owner).or_default() += active.job.gpus();
            }
            let mut over = HashSet::new();
            for (id, _) in &made.starts {
                let job = by_id[id];
                let sum = held.entry(&job.owner).or_default();
                *sum += job.gpus();
                if *sum > limit && job.gpus() > 0 {
                    over.insert(&job.owner);
                }
            }
            for id in &made.order {
                let job = by_id[id];
                let waits = matches!(
                    made.reasons[id],
                    PendingReason::Resources { .. }
                        | PendingReason::Fragmentation { .. }
                        | PendingReason::Priority { .. }
                );
                let own = held.get(&job.owner).copied().unwrap_or(0);
                if waits && own + job.gpus() <= limit {
                    let others: Vec<_> = over.iter().filter(|who| **who != &job.owner).collect();
                    prop_assert!(others.is_empty(), "{others:?} borrow while {id} waits");
                }
            }
        }
    }

    #[test]
    fn only_what_may_be_stopped_is_stopped(snapshot in reserved_snapshots()) {
        for policy in policies() {
            let made = plan(&snapshot, &policy, now());
            let on = policy.preemption.mode == berth_scheduler::PreemptionMode::On;
            prop_assert!(on || made.preemptions.is_empty());
            let mut seen = HashSet::new();
            for stop in &made.preemptions {
                let victim = snapshot.active.iter().find(|one| one.job.id == stop.job).unwrap();
                let ran = now().duration_since(victim.since.unwrap()).as_secs();
                prop_assert!(victim.job.preemptible && !victim.stopping);
                let least = i64::try_from(policy.preemption.min_run_new.as_secs()).unwrap();
                prop_assert!(ran >= least || !snapshot.reservations.is_empty());
                prop_assert!(seen.insert(stop.job), "once");
                let winner = snapshot.pending.iter().find(|one| one.job.id == stop.beneficiary);
                let winner = winner.unwrap();
                prop_assert!(made.order.contains(&winner.job.id), "its GPUs are not free yet");
                prop_assert!(winner.job.class >= victim.job.class || victim.job.nodes == 1);
            }
        }
    }

    /// What the plan says is blocked is blocked: planning what is left starts nothing more. Not on
    /// nodes of several kinds, where a promise may be kept in more than one way.
    #[test]
    fn a_plan_is_complete(mut snapshot in snapshots()) {
        for node in &mut snapshot.nodes {
            node.pools = node.pools.iter().take(1).cloned().collect();
        }
        for policy in [Policy::fifo(), Policy::easy(), Policy::slurm()] {
            let first = plan(&snapshot, &policy, now());
            let rest = started(&snapshot, &first);
            prop_assert_eq!(plan(&rest, &policy, now()).starts, []);
        }
    }

    #[test]
    fn nothing_starts_on_a_cordoned_node(mut snapshot in snapshots(), which in 0usize..4) {
        let which = which % snapshot.nodes.len();
        snapshot.nodes[which].cordoned = true;
        let name = snapshot.nodes[which].name.clone();
        for policy in policies() {
            let plan = plan(&snapshot, &policy, now());
            let parts = plan.starts.iter().flat_map(|(_, lease)| &lease.0);
            prop_assert!(parts.into_iter().all(|part| part.node != name));
        }
    }
}
