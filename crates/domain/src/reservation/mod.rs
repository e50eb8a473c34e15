//! Reservations: GPUs promised to a person or a project for a time, once or again and again.
//!
//! What is written down of each occurrence (whether anybody came, when it was over and how much of
//! it stayed idle) is part of the reservation, so that it is the same after a restart.

mod beside;
pub mod form;
mod holder;
mod occurrences;
mod request;
mod words;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::Event;
use crate::ids::{NodeName, ReservationId, UserName};
use crate::lease::Lease;
use crate::rights::Thing;
use crate::sentence::gpus;

pub use beside::Beside;
pub use holder::Holder;
pub use occurrences::{Day, Occurrence, Recurrence};
pub use request::{LONGEST, ReserveRequest};

/// How many occurrences are remembered of each reservation.
const REMEMBERED: usize = 400;
/// What comes again and again is counted with all occurrences within so long.
const COUNTED: Duration = Duration::from_secs(366 * 86_400);

/// A promise of GPUs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    pub id: ReservationId,
    /// What it is for, in its maker's words.
    #[serde(default)]
    pub note: Option<String>,
    pub holder: Holder,
    pub what: Promised,
    /// Of its first occurrence.
    pub start: Timestamp,
    pub end: Timestamp,
    #[serde(default)]
    pub every: Option<Recurrence>,
    /// An occurrence to which nobody came this long after its start is released.
    #[serde(default)]
    pub no_show: Option<Duration>,
    pub created_by: UserName,
    pub created_at: Timestamp,
    /// The agent that made it what it is, if one did: it is on that agent's account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<UserName>,
    #[serde(default)]
    pub cancelled: Option<Timestamp>,
    /// What became of its occurrences so far, by their start; the last [`REMEMBERED`].
    #[serde(default)]
    pub log: BTreeMap<Timestamp, Log>,
}

/// Which GPUs are promised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Promised {
    /// So many on each of so many nodes: on this one if it is named, on any otherwise.
    Count {
        nodes: u32,
        gpus_per_node: u32,
        node: Option<NodeName>,
    },
    /// These and no others.
    Exact(Vec<ExactGpus>),
}

/// GPUs of one node by their index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExactGpus {
    pub node: NodeName,
    /// Rising, not empty.
    pub gpus: Vec<u32>,
}

/// What became of an occurrence.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    /// A job of its holder ran in it.
    #[serde(default)]
    pub used: bool,
    /// What its holder's jobs that ended had of it.
    #[serde(default)]
    pub gpu_seconds: u64,
    #[serde(default)]
    pub over: Option<Over>,
}

/// The end of an occurrence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Over {
    pub at: Timestamp,
    pub why: WhyOver,
    /// Promised, and used by nobody of its holder's up to then.
    pub idle_gpu_seconds: u64,
    /// To whose use fair share adds that.
    pub charged: UserName,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyOver {
    /// Its time was up.
    Ended,
    /// Nobody came in time.
    NoShow,
    /// Given back by a person before its end.
    EndedEarly,
    /// The reservation was cancelled or changed while it was under way.
    Cancelled,
}

/// How an occurrence stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum OccurrenceState {
    Upcoming,
    /// Under way.
    Active,
    /// Over, and its holder ran something in it.
    Used,
    /// Over, and nobody came.
    Unused,
    NoShow,
    EndedEarly,
    Cancelled,
}

impl Promised {
    /// GPUs at once.
    #[must_use]
    pub fn gpus(&self) -> u32 {
        match self {
            Promised::Count {
                nodes,
                gpus_per_node,
                ..
            } => nodes.saturating_mul(*gpus_per_node),
            Promised::Exact(parts) => parts.iter().map(|part| count(part.gpus.len())).sum(),
        }
    }

    /// How many GPUs of a lease may be counted as part of the promise.
    #[must_use]
    pub fn within(&self, lease: &Lease) -> u32 {
        let part = |lease: &crate::lease::NodeLease| match self {
            Promised::Count { node: None, .. } => lease.gpus.len(),
            Promised::Count {
                node: Some(node), ..
            } => {
                if *node == lease.node {
                    lease.gpus.len()
                } else {
                    0
                }
            }
            Promised::Exact(parts) => {
                let here = parts.iter().filter(|part| part.node == lease.node);
                let all: Vec<u32> = here.flat_map(|part| part.gpus.iter().copied()).collect();
                let held = lease.gpus.iter().filter(|gpu| all.contains(&gpu.index));
                held.count()
            }
        };
        count(lease.0.iter().map(part).sum())
    }

    /// `8 GPUs`, `4 GPUs on each of 2 nodes`, `node-1:0,1,2`.
    #[must_use]
    pub fn summary(&self) -> String {
        match self {
            Promised::Count {
                nodes: 1,
                gpus_per_node,
                node: None,
            } => gpus(*gpus_per_node),
            Promised::Count {
                gpus_per_node,
                node: Some(node),
                ..
            } => format!("{} on {node}", gpus(*gpus_per_node)),
            Promised::Count {
                nodes,
                gpus_per_node,
                node: None,
            } => format!("{} on each of {nodes} nodes", gpus(*gpus_per_node)),
            Promised::Exact(parts) => {
                let part = |part: &ExactGpus| {
                    let indices: Vec<String> = part.gpus.iter().map(u32::to_string).collect();
                    format!("{}:{}", part.node, indices.join(","))
                };
                parts.iter().map(part).collect::<Vec<_>>().join(" ")
            }
        }
    }
}

impl Reservation {
    /// `ana's reservation 'demo'`; by number where it has no note.
    #[must_use]
    pub fn label(&self) -> String {
        label(&self.holder, self.id, self.note.as_deref())
    }

    /// Whose it is, for somebody: their own where they made or hold it.
    #[must_use]
    pub fn thing<'a>(&'a self, who: &UserName) -> Thing<'a> {
        match &self.holder {
            Holder::User(user) if user == who => Thing::of(user),
            Holder::User(_) => Thing::of(&self.created_by),
            Holder::Project(project) => Thing::of(&self.created_by).within(Some(project)),
        }
    }

    /// What an event about it changes.
    pub(crate) fn apply(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::ReservationCancelled { .. } => self.cancelled = Some(at),
            Event::ReservationUsed {
                start, gpu_seconds, ..
            } => {
                let log = self.log.entry(*start).or_default();
                log.used = true;
                log.gpu_seconds = log.gpu_seconds.saturating_add(*gpu_seconds);
            }
            Event::ReservationOver { start, over, .. } => {
                self.log.entry(*start).or_default().over = Some(over.clone());
                while self.log.len() > REMEMBERED {
                    self.log.pop_first();
                }
            }
            _ => {}
        }
    }

    /// The last occurrence that is known to be over.
    fn settled(&self) -> Option<Timestamp> {
        let over = |(_, log): &(&Timestamp, &Log)| log.over.is_some();
        self.log.iter().rev().find(over).map(|(start, _)| *start)
    }

    /// Occurrences that have begun and are not written down as over: at most one is under way, the
    /// others ended while nobody looked.
    #[must_use]
    pub fn open(&self, now: Timestamp) -> Vec<Occurrence> {
        if self.cancelled.is_some() {
            return Vec::new();
        }
        let settled = self.settled();
        let just_after = now.checked_add(Duration::from_nanos(1)).unwrap_or(now);
        let mut open = self.occurrences(settled.unwrap_or(self.start), just_after);
        open.retain(|one| settled.is_none_or(|last| one.start > last));
        open
    }

    /// Occurrences that are not over and begin before `to`, in order.
    #[must_use]
    pub fn ahead(&self, now: Timestamp, to: Timestamp) -> Vec<Occurrence> {
        if self.cancelled.is_some() {
            return Vec::new();
        }
        let settled = self.settled();
        let mut all = self.occurrences(now, to);
        all.retain(|one| settled.is_none_or(|last| one.start > last));
        all
    }

    /// GPU time that it promises from now on: with that of the occurrence under way, and of one that
    /// comes again and again with that of a year.
    #[must_use]
    pub fn gpu_seconds_ahead(&self, now: Timestamp) -> u64 {
        let year = now.checked_add(COUNTED).unwrap_or(Timestamp::MAX);
        let ahead = self.ahead(now, year.max(self.end)).into_iter();
        let lasts = ahead.map(|one| one.end.duration_since(one.start).as_secs());
        let seconds = u64::try_from(lasts.sum::<i64>()).unwrap_or_default();
        u64::from(self.what.gpus()).saturating_mul(seconds)
    }

    /// The occurrence that is under way, or else the next.
    #[must_use]
    pub fn upcoming(&self, now: Timestamp) -> Option<Occurrence> {
        let to = self.horizon(now);
        self.ahead(now, to).into_iter().next()
    }

    /// By when one of its occurrences begins, if any is left: two of a weekly one are at most a
    /// week apart, and an hour where clocks change.
    fn horizon(&self, now: Timestamp) -> Timestamp {
        let to = now.checked_add(Duration::from_secs(8 * 86_400));
        to.unwrap_or(Timestamp::MAX).max(self.end)
    }

    /// When this occurrence is released if nobody comes.
    #[must_use]
    pub fn release_at(&self, occurrence: Occurrence) -> Option<Timestamp> {
        let at = occurrence.start.checked_add(self.no_show?).ok()?;
        (at < occurrence.end).then_some(at)
    }

    /// When it next begins, is released or ends, by the clock alone.
    #[must_use]
    pub fn next_turn(&self, now: Timestamp) -> Option<Timestamp> {
        let turns = self
            .ahead(now, self.horizon(now))
            .into_iter()
            .flat_map(|one| {
                [Some(one.start), Some(one.end), self.release_at(one)]
                    .into_iter()
                    .flatten()
            });
        turns.filter(|at| *at > now).min()
    }

    /// How an occurrence stands.
    #[must_use]
    pub fn state_of(&self, occurrence: Occurrence, now: Timestamp) -> OccurrenceState {
        let log = self.log.get(&occurrence.start);
        let over = log.and_then(|log| log.over.as_ref());
        let used = log.is_some_and(|log| log.used);
        match over.map(|over| over.why) {
            Some(WhyOver::NoShow) => OccurrenceState::NoShow,
            Some(WhyOver::EndedEarly) => OccurrenceState::EndedEarly,
            Some(WhyOver::Cancelled) => OccurrenceState::Cancelled,
            Some(WhyOver::Ended) if used => OccurrenceState::Used,
            Some(WhyOver::Ended) => OccurrenceState::Unused,
            None if self.cancelled.is_some() => OccurrenceState::Cancelled,
            None if occurrence.start > now => OccurrenceState::Upcoming,
            None if occurrence.end > now => OccurrenceState::Active,
            None if used => OccurrenceState::Used,
            None => OccurrenceState::Unused,
        }
    }
}

/// `ana's reservation 'demo'`; by number where it has no note.
#[must_use]
pub fn label(holder: &Holder, id: ReservationId, note: Option<&str>) -> String {
    match note {
        Some(note) => format!("{holder}'s reservation '{note}'"),
        None => format!("{holder}'s reservation {id}"),
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
