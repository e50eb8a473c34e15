//! Who may have GPUs because they are reserved for them.
//!
//! With preemption nothing is kept idle for a reservation: others run there until its holder
//! comes, and are stopped then. So a reservation costs nothing while it is not used.

use crate::dispatch::walk::Walk;
use crate::reserve::Reservation;
use crate::snapshot::Facts;

/// Reservations that have begun, with the GPUs that their holders do not use yet.
pub(super) struct Entitlements<'a>(Vec<(&'a Reservation, u32)>);

impl<'a> Entitlements<'a> {
    pub(super) fn of(walk: &Walk<'a>) -> Self {
        let snapshot = walk.snapshot;
        let begun = snapshot.reservations.iter().filter(|reservation| {
            // Whoever comes late finds nothing reserved any more only if others may rely on it;
            // here nobody does.
            reservation.start <= walk.now && walk.now < reservation.end
        });
        let left = begun.map(|reservation| {
            let theirs = snapshot.active.iter().map(|active| &active.job);
            let used: u32 = theirs
                .filter(|job| reservation.includes(job))
                .map(Facts::gpus)
                .sum();
            let promised = reservation.nodes.saturating_mul(reservation.gpus_per_node);
            (reservation, promised.saturating_sub(used))
        });
        Entitlements(left.collect())
    }

    /// The reservation that gives a job its GPUs, if one does.
    pub(super) fn of_job(&self, job: &Facts) -> Option<&'a Reservation> {
        let gives = |(reservation, left): &&(&'a Reservation, u32)| {
            reservation.includes(job) && job.gpus() > 0 && job.gpus() <= *left
        };
        self.0
            .iter()
            .find(gives)
            .map(|(reservation, _)| *reservation)
    }
}
