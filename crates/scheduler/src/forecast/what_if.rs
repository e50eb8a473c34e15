//! Forecasts of what is not so yet: a job that may be submitted, a job that may be moved.

use std::collections::HashMap;

use berth_domain::{JobId, MoveTo, Rank, Timestamp};

use super::{Experience, Forecast, forecast};
use crate::policy::Policy;
use crate::snapshot::{Facts, Gate, Pending, Snapshot};

/// When a job would start if it were submitted now. Its number and rank do not matter: it comes
/// after everything that is there. `None`: it never fits.
#[must_use]
pub fn forecast_if(
    snapshot: &Snapshot,
    policy: &Policy,
    now: Timestamp,
    experience: &Experience,
    job: &Facts,
) -> Option<Forecast> {
    let mut with = snapshot.clone();
    let id = JobId(u64::MAX);
    let last = with.pending.iter().map(|one| &one.job.rank).max();
    let rank = last.map_or_else(|| Rank::ordinal(1), after);
    with.pending.push(Pending {
        job: Facts {
            id,
            rank,
            submitted_at: now,
            ..job.clone()
        },
        gate: Gate::Open,
    });
    forecast(&with, policy, now, experience).remove(&id)
}

/// What a move or another policy would change for a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    pub job: JobId,
    pub before: Forecast,
    pub after: Forecast,
}

/// Every job whose forecast a move would change, in the order of their numbers.
#[must_use]
pub fn forecast_move(
    snapshot: &Snapshot,
    policy: &Policy,
    now: Timestamp,
    experience: &Experience,
    job: JobId,
    to: MoveTo,
) -> Vec<Change> {
    let moved = moved(snapshot, job, to);
    let before = forecast(snapshot, policy, now, experience);
    let after = forecast(&moved, policy, now, experience);
    changes(&before, after)
}

/// Every waiting job whose forecast another policy would change: what a switch would do to
/// today's queue.
#[must_use]
pub fn forecast_policy(
    snapshot: &Snapshot,
    (from, to): (&Policy, &Policy),
    now: Timestamp,
    experience: &Experience,
) -> Vec<Change> {
    let before = forecast(snapshot, from, now, experience);
    let after = forecast(snapshot, to, now, experience);
    changes(&before, after)
}

/// Every waiting job whose forecast a reservation would change.
#[must_use]
pub fn forecast_reservation(
    snapshot: &Snapshot,
    policy: &Policy,
    now: Timestamp,
    experience: &Experience,
    reservation: &berth_domain::Reservation,
) -> Vec<Change> {
    let with = snapshot.clone().with_reservation(reservation, now);
    let before = forecast(snapshot, policy, now, experience);
    let after = forecast(&with, policy, now, experience);
    changes(&before, after)
}

fn changes(before: &HashMap<JobId, Forecast>, after: HashMap<JobId, Forecast>) -> Vec<Change> {
    let mut changes: Vec<Change> = after
        .into_iter()
        .filter_map(|(job, after)| {
            let before = *before.get(&job)?;
            (before != after).then_some(Change { job, before, after })
        })
        .collect();
    changes.sort_by_key(|change| change.job);
    changes
}

/// The snapshot as it would be after the move.
#[must_use]
pub fn moved(snapshot: &Snapshot, job: JobId, to: MoveTo) -> Snapshot {
    let mut with = snapshot.clone();
    let ranks = || {
        let others = snapshot.pending.iter().filter(|other| other.job.id != job);
        others.map(|other| &other.job.rank)
    };
    let of = |id: JobId| {
        let found = snapshot.pending.iter().find(|other| other.job.id == id);
        found.map(|found| &found.job.rank)
    };
    let before = |high: &Rank| {
        let low = ranks().filter(|rank| *rank < high).max();
        low.and_then(|low| Rank::between(low, high))
            .unwrap_or_else(|| high.before())
    };
    let rank = match to {
        MoveTo::Top => ranks().min().map(before),
        MoveTo::Bottom => ranks().max().map(after),
        MoveTo::Before(id) => of(id).map(before),
        MoveTo::After(id) => of(id).map(|low| {
            let high = ranks().filter(|rank| *rank > low).min();
            high.and_then(|high| Rank::between(low, high))
                .unwrap_or_else(|| after(low))
        }),
    };
    if let Some(rank) = rank
        && let Some(one) = with.pending.iter_mut().find(|one| one.job.id == job)
    {
        one.job.rank = rank;
        one.job.moved = Some(to);
    }
    with
}

/// A rank behind this one: halfway to the last that there could be.
fn after(rank: &Rank) -> Rank {
    let last = Rank::ordinal(u64::MAX);
    Rank::between(rank, &last).unwrap_or(last)
}
