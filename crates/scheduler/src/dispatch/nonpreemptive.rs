//! The walk of policies that stop nobody: in order, what fits starts; those behind a job that
//! does not may pass it only as the backfill rule allows.

use berth_domain::Timestamp;

use super::order::{Candidate, ran_s};
use super::profile::Profile;
use super::room::Room;
use super::{Decision, RunningTasks, Why};
use crate::policy::{Backfill, Policy, RunTimeSource};
use crate::snapshot::{Facts, Snapshot};

pub(super) fn walk(
    snapshot: &Snapshot,
    policy: &Policy,
    now: Timestamp,
    open: &[Candidate<'_>],
    room: &mut Room,
    tasks: &mut RunningTasks,
    decision: &mut Decision,
) {
    // Made when somebody is protected; everything that starts after that must fit in it.
    let mut profile: Option<Profile> = None;
    let mut blocked = false;
    for candidate in open {
        let job = candidate.job;
        let (count, gpus) = (job.nodes, job.gpus_per_node);
        if let Some(limit) = tasks.full(candidate) {
            decision
                .aside
                .push((candidate.index, Why::ArrayLimit(limit)));
            continue;
        }
        if snapshot.executor_down.is_some() {
            decision.waiting.push((candidate.index, Why::ExecutorDown));
            continue;
        }
        if gpus == 0 {
            if let Some(chosen) = room.choose(count, 0) {
                room.take(&chosen, 0);
                tasks.start(candidate);
                decision.starts.push((candidate.index, chosen));
            } else {
                decision.waiting.push((candidate.index, Why::CpuSlots));
            }
            continue;
        }
        if blocked && policy.backfill == Backfill::None {
            decision.waiting.push((candidate.index, Why::Behind));
            continue;
        }
        let fits = room.best_node() >= gpus;
        let length = expected_s(job, policy.run_time, policy.shortest.surety);
        let chosen = match &profile {
            _ if !fits => None,
            None => room.choose(count, gpus),
            Some(profile) => {
                room.choose_if(count, gpus, |node| profile.fits(node, gpus, 0.0, length))
            }
        };
        if let Some(chosen) = chosen {
            room.take(&chosen, gpus);
            tasks.start(candidate);
            if let Some(profile) = &mut profile {
                profile.occupy(&chosen, gpus, 0.0, length);
            }
            decision.starts.push((candidate.index, chosen));
            continue;
        }
        blocked = true;
        let why = if fits && room.choose(count, gpus).is_some() {
            Why::Behind
        } else {
            Why::NoRoom {
                free: room.free_gpus(),
                best: room.best_node(),
            }
        };
        decision.waiting.push((candidate.index, why));
        let protect = match policy.backfill {
            Backfill::None => false,
            Backfill::Easy => profile.is_none(),
            Backfill::Conservative => true,
        };
        if protect {
            let profile =
                profile.get_or_insert_with(|| expected(snapshot, policy, now, room, decision));
            if let Some((at, nodes)) = profile.earliest(count, gpus, length, 0.0) {
                profile.occupy(&nodes, gpus, at, length);
            }
        }
    }
}

/// What will be free when, if all that runs or was just started ends as expected.
fn expected(
    snapshot: &Snapshot,
    policy: &Policy,
    now: Timestamp,
    room: &Room,
    decision: &Decision,
) -> Profile {
    let mut ends = Vec::new();
    let place = |name| snapshot.nodes.iter().position(|node| &node.name == name);
    for active in &snapshot.active {
        let left = left_s(&active.job, ran_s(active, now), policy);
        for part in &active.lease.0 {
            if let Some(node) = place(&part.node) {
                ends.push((
                    node,
                    left,
                    u32::try_from(part.gpus.len()).unwrap_or(u32::MAX),
                ));
            }
        }
    }
    for (index, nodes) in &decision.starts {
        let job = &snapshot.pending[*index].job;
        let length = expected_s(job, policy.run_time, policy.shortest.surety);
        ends.extend(nodes.iter().map(|node| (*node, length, job.gpus_per_node)));
    }
    Profile::new(&room.free, &ends)
}

/// How long a waiting job is taken to run, in seconds.
pub(super) fn expected_s(job: &Facts, source: RunTimeSource, surety: f64) -> f64 {
    let limit = job.time_limit.as_secs_f64();
    let served = job.service.as_secs_f64();
    match (&job.predicted, source) {
        (Some(run_time), RunTimeSource::Predicted) => {
            (run_time.quantile_after(served, surety) - served).min(limit)
        }
        _ => limit,
    }
}

/// How long a running job is taken to run on, in seconds.
fn left_s(job: &Facts, ran: f64, policy: &Policy) -> f64 {
    let limit = (job.time_limit.as_secs_f64() - ran).max(1.0);
    let served = job.service.as_secs_f64() + ran;
    match (&job.predicted, policy.run_time) {
        (Some(run_time), RunTimeSource::Predicted) => {
            (run_time.quantile_after(served, policy.shortest.surety) - served).clamp(1.0, limit)
        }
        _ => limit,
    }
}
