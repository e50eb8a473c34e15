//! What a snapshot knows of reservations: the occurrences that may matter to a plan.

use std::time::Duration;

use berth_domain::reservation::{Occurrence, Promised};
use berth_domain::{State, Timestamp};

use super::Snapshot;
use crate::reserve::Reservation;

/// How far ahead is looked at least, so that pages see what comes.
const LEAST: Duration = Duration::from_secs(7 * 86_400);

impl Snapshot {
    /// Adds what is promised to whom in the state that this was taken of: up to when the longest
    /// of those that wait would end if it began now.
    #[must_use]
    pub fn promised(mut self, state: &State, now: Timestamp) -> Self {
        let limits = self.pending.iter().map(|one| one.job.time_limit);
        let longest = limits.max().unwrap_or_default().max(LEAST);
        let to = now.checked_add(longest).unwrap_or(Timestamp::MAX);
        for reservation in state.reservations() {
            for one in reservation.ahead(now, to) {
                self.reservations.extend(parts(reservation, one));
            }
        }
        put_in_order(&mut self.reservations);
        self
    }

    /// The same with one reservation more, as it would be if it were made now.
    #[must_use]
    pub fn with_reservation(
        mut self,
        reservation: &berth_domain::Reservation,
        now: Timestamp,
    ) -> Self {
        let limits = self.pending.iter().map(|one| one.job.time_limit);
        let longest = limits.max().unwrap_or_default().max(LEAST);
        let to = now.checked_add(longest).unwrap_or(Timestamp::MAX);
        self.reservations.retain(|one| one.id != reservation.id);
        for one in reservation.ahead(now, to) {
            self.reservations.extend(parts(reservation, one));
        }
        put_in_order(&mut self.reservations);
        self
    }
}

/// What names GPUs first, then what names a node, then the largest: as promises are compared when
/// they are made.
fn put_in_order(reservations: &mut [Reservation]) {
    reservations.sort_by_key(|one| {
        let kind = match (one.exact.is_empty(), one.only.is_empty()) {
            (false, _) => 0,
            (true, false) => 1,
            (true, true) => 2,
        };
        (kind, u32::MAX - one.gpus_per_node, one.start, one.id)
    });
}

/// An occurrence as the planner sees it: one for each node where exact GPUs are promised.
fn parts(reservation: &berth_domain::Reservation, one: Occurrence) -> Vec<Reservation> {
    let log = reservation.log.get(&one.start);
    let any = Reservation {
        note: reservation.note.clone(),
        no_show: reservation.no_show,
        used: log.is_some_and(|log| log.used),
        ..Reservation::new(
            reservation.id.0,
            reservation.holder.clone(),
            (1, 0),
            (one.start, one.end),
        )
    };
    match &reservation.what {
        Promised::Count {
            nodes,
            gpus_per_node,
            node,
        } => vec![Reservation {
            nodes: *nodes,
            gpus_per_node: *gpus_per_node,
            only: node.clone().into_iter().collect(),
            ..any
        }],
        Promised::Exact(parts) => parts
            .iter()
            .map(|part| Reservation {
                gpus_per_node: u32::try_from(part.gpus.len()).unwrap_or(u32::MAX),
                only: vec![part.node.clone()],
                exact: part.gpus.clone(),
                ..any.clone()
            })
            .collect(),
    }
}
