//! Reservations in the queue that is run forward: what is kept is taken before it is anybody's turn,
//! and is there for the jobs of its holder.

use berth_domain::Timestamp;

use super::rollout::Cluster;
use crate::dispatch::{Decision, Need, seconds_until};
use crate::policy::{Policy, PreemptionMode};
use crate::reserve::Reservation;
use crate::snapshot::{Facts, Snapshot};

/// What is kept on one node.
struct Slot<'a> {
    reservation: &'a Reservation,
    node: usize,
    gpus: u32,
    /// In seconds from now.
    from: f64,
}

pub(super) struct Reserved<'a>(Vec<Slot<'a>>);

impl<'a> Reserved<'a> {
    /// Takes the GPUs of each reservation out of what others may have.
    pub(super) fn keep(
        cluster: &mut Cluster,
        snapshot: &'a Snapshot,
        policy: &Policy,
        now: Timestamp,
        decision: &Decision,
    ) -> Self {
        let mut kept = Reserved(Vec::new());
        // With preemption nothing is kept idle.
        if policy.preemption.mode == PreemptionMode::On {
            return kept;
        }
        let standing = snapshot.reservations.iter();
        let mut standing: Vec<&Reservation> = standing
            .filter(|one| one.stands(now, &snapshot.active))
            .collect();
        standing.sort_by_key(|one| one.start);
        let places = &decision.places.any().places;
        for reservation in standing {
            let from = seconds_until(now, reservation.start);
            let end = seconds_until(now, reservation.end);
            let mut chosen: Vec<(bool, u32, usize, f64)> = (0..snapshot.nodes.len())
                .filter(|node| reservation.may_be_on(&snapshot.nodes[*node].name))
                .filter_map(|node| {
                    let used = used(snapshot, decision, reservation, node);
                    let rest = reservation.gpus_per_node.saturating_sub(used);
                    let at = if rest == 0 {
                        Some(from)
                    } else {
                        cluster.free_from(&places[node], rest as usize, from)
                    };
                    at.map(|at| (at > from, rest, node, at))
                })
                .collect();
            chosen.sort_by_key(|(late, rest, node, _)| (*late, *rest, *node));
            for (_, rest, node, at) in chosen.into_iter().take(reservation.nodes as usize) {
                if rest > 0 && at < end {
                    cluster.take_late(&places[node], rest, at, end - at);
                    kept.0.push(Slot {
                        reservation,
                        node,
                        gpus: rest,
                        from: at,
                    });
                }
            }
        }
        kept
    }

    /// When a job starts on what is kept for it, if that is no later than elsewhere.
    pub(super) fn place(&mut self, cluster: &Cluster, job: &Facts, need: &Need) -> Option<f64> {
        let gpus = job.gpus_per_node;
        let suits = |one: &Slot<'_>| need.places.iter().any(|place| place.node == one.node);
        let slots = self.0.iter().enumerate();
        let mut own = slots
            .filter(|(_, one)| one.reservation.includes(job) && one.gpus >= gpus && suits(one));
        let own: Vec<usize> = own.by_ref().map(|(place, _)| place).collect();
        let first = *own.first()?;
        let one = self.0[first].reservation;
        // All of its nodes in the same occurrence, which is one reservation to the planner.
        let same: Vec<usize> = own
            .into_iter()
            .filter(|place| std::ptr::eq(self.0[*place].reservation, one))
            .take(job.nodes as usize)
            .collect();
        if same.len() < job.nodes as usize {
            return None;
        }
        let at = same
            .iter()
            .map(|place| self.0[*place].from)
            .fold(0.0, f64::max);
        if cluster
            .earliest(job, need)
            .is_some_and(|elsewhere| elsewhere < at)
        {
            return None;
        }
        for place in same {
            self.0[place].gpus -= gpus;
        }
        Some(at)
    }
}

/// GPUs of a node that the holder's jobs have already, or get now.
fn used(snapshot: &Snapshot, decision: &Decision, reservation: &Reservation, node: usize) -> u32 {
    let name = &snapshot.nodes[node].name;
    let active = snapshot.active.iter();
    let running = active
        .filter(|one| reservation.includes(&one.job))
        .map(|one| reservation.within(&one.lease, name));
    let starting = decision.starts.iter().flat_map(|(index, parts)| {
        let theirs = reservation.includes(&snapshot.pending[*index].job);
        let here = parts.iter().filter(move |part| theirs && part.node == node);
        here.map(|part| part.gpus)
    });
    running.chain(starting).sum()
}
