//! Whether promises can be kept beside each other.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{Occurrence, Promised, Reservation};
use crate::ids::{NodeName, ReservationId};
use crate::node::{Capacity, Node};

/// How far ahead promises are compared: a year and a month, so that the weeks in which clocks
/// change are among them.
const COMPARED: SignedDuration = SignedDuration::from_hours(400 * 24);

/// What a new reservation has to stand beside.
#[derive(Clone, Debug)]
pub struct Beside<'a> {
    /// Nodes that are there.
    pub nodes: Vec<&'a Node>,
    /// All others.
    pub reservations: Vec<&'a Reservation>,
    /// The number of the new one.
    pub id: ReservationId,
    /// What it replaces, if it changes one.
    pub before: Option<&'a Reservation>,
}

impl<'a> Beside<'a> {
    /// For a new one, or for the change of one.
    #[must_use]
    pub fn new(
        nodes: impl Iterator<Item = &'a Node>,
        reservations: impl Iterator<Item = &'a Reservation>,
        change: Option<ReservationId>,
    ) -> Self {
        let all: Vec<&Reservation> = reservations.collect();
        let last = all.iter().map(|one| one.id.0).max().unwrap_or(0);
        Beside {
            nodes: nodes.filter(|node| node.present).collect(),
            id: change.unwrap_or(ReservationId(last + 1)),
            before: all.iter().find(|one| Some(one.id) == change).copied(),
            reservations: all
                .into_iter()
                .filter(|one| Some(one.id) != change && one.cancelled.is_none())
                .collect(),
        }
    }

    pub(super) fn capacity(&self) -> Capacity {
        Capacity::of(self.nodes.iter().copied())
    }

    /// The first moment at which the new one cannot be kept too, and who is most in the way.
    pub(super) fn conflict(
        &self,
        new: &Reservation,
        now: Timestamp,
    ) -> Option<(Timestamp, &'a Reservation)> {
        let to = now.checked_add(COMPARED).unwrap_or(Timestamp::MAX);
        // A first occurrence may lie further ahead than that.
        let to = to.max(new.end);
        let others: Vec<(&Reservation, Vec<Occurrence>)> = self
            .reservations
            .iter()
            .map(|one| (*one, one.ahead(now, to)))
            .collect();
        for mine in new.ahead(now, to) {
            let beside: Vec<(&Reservation, Occurrence)> = others
                .iter()
                .flat_map(|(one, all)| all.iter().map(|time| (*one, *time)))
                .filter(|(_, time)| time.start < mine.end && mine.start < time.end)
                .collect();
            // Most is promised when somebody's begins.
            let begins = beside.iter().map(|(_, time)| time.start.max(mine.start));
            let mut moments: Vec<Timestamp> = begins.collect();
            moments.sort_unstable();
            moments.dedup();
            for at in moments {
                let then = beside
                    .iter()
                    .filter(|(_, time)| time.start <= at && at < time.end);
                let then: Vec<&Reservation> = then.map(|(one, _)| *one).collect();
                let whats = then.iter().map(|one| &one.what).chain([&new.what]);
                if !self.holds(whats.collect()) {
                    return Some((at, in_the_way(&then, new)?));
                }
            }
        }
        None
    }

    /// Whether the nodes hold all of these at once: what names GPUs first, then what names a node,
    /// then the largest.
    pub(super) fn holds(&self, mut whats: Vec<&Promised>) -> bool {
        let nodes = self.nodes.iter();
        let mut free: BTreeMap<&NodeName, Vec<u32>> = nodes
            .map(|node| (&node.name, node.gpus.iter().map(|gpu| gpu.index).collect()))
            .collect();
        whats.sort_by_key(|what| match what {
            Promised::Exact(_) => (0, 0),
            Promised::Count { node: Some(_), .. } => (1, 0),
            Promised::Count { gpus_per_node, .. } => (2, u32::MAX - gpus_per_node),
        });
        whats
            .into_iter()
            .all(|what| take(&mut free, what).is_some())
    }
}

fn take(free: &mut BTreeMap<&NodeName, Vec<u32>>, what: &Promised) -> Option<()> {
    let fewer = |left: &mut Vec<u32>, gpus: u32| {
        let rest = left.len().checked_sub(gpus as usize)?;
        // Those that nobody named are all the same: the last ones go.
        left.truncate(rest);
        Some(())
    };
    match what {
        Promised::Exact(parts) => {
            for part in parts {
                let left = free.get_mut(&part.node)?;
                for gpu in &part.gpus {
                    let place = left.iter().position(|index| index == gpu)?;
                    left.remove(place);
                }
            }
        }
        Promised::Count {
            gpus_per_node,
            node: Some(node),
            ..
        } => fewer(free.get_mut(node)?, *gpus_per_node)?,
        Promised::Count {
            nodes,
            gpus_per_node,
            node: None,
        } => {
            let mut fitting: Vec<&mut Vec<u32>> = free
                .values_mut()
                .filter(|left| left.len() >= *gpus_per_node as usize)
                .collect();
            if fitting.len() < *nodes as usize {
                return None;
            }
            // The fullest first, so that larger ones find room too.
            fitting.sort_by_key(|left| left.len());
            for left in fitting.into_iter().take(*nodes as usize) {
                fewer(left, *gpus_per_node)?;
            }
        }
    }
    Some(())
}

/// Of several the one that names the same GPUs, else the largest.
fn in_the_way<'a>(then: &[&'a Reservation], new: &Reservation) -> Option<&'a Reservation> {
    let same = |one: &&&Reservation| shares(&one.what, &new.what);
    let named = then.iter().find(same);
    let largest = || then.iter().max_by_key(|one| one.what.gpus());
    named.or_else(largest).copied()
}

fn shares(a: &Promised, b: &Promised) -> bool {
    let (Promised::Exact(a), Promised::Exact(b)) = (a, b) else {
        return false;
    };
    let pairs = a
        .iter()
        .flat_map(|one| b.iter().map(move |other| (one, other)));
    pairs
        .filter(|(one, other)| one.node == other.node)
        .any(|(one, other)| one.gpus.iter().any(|gpu| other.gpus.contains(gpu)))
}
