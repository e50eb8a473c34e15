//! Reservations: GPUs promised to a person or a project for a time.

use std::time::Duration;

use berth_domain::{NodeName, Timestamp, UserName};
use serde::{Deserialize, Serialize};

use crate::snapshot::Facts;

/// A promise. Until it starts, others may use the GPUs if they are surely done by then; while it
/// lasts, only whom it is for. It costs nothing when it is not used: see [`Reservation::no_show`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reservation {
    pub id: u64,
    pub holder: Holder,
    /// How many GPUs on each of how many nodes.
    pub nodes: u32,
    pub gpus_per_node: u32,
    /// These nodes and no others; empty: any.
    pub only: Vec<NodeName>,
    pub start: Timestamp,
    pub end: Timestamp,
    /// Released when no job of its holder runs this long after its start.
    pub no_show: Option<Duration>,
}

/// Whom a reservation is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holder {
    User(UserName),
    Project(String),
}

impl Holder {
    #[must_use]
    pub fn includes(&self, owner: &UserName, project: Option<&str>) -> bool {
        match self {
            Holder::User(user) => user == owner,
            Holder::Project(name) => Some(name.as_str()) == project,
        }
    }
}

impl Reservation {
    /// Whether it is for the owner or the project of this job.
    pub(crate) fn includes(&self, job: &Facts) -> bool {
        self.holder.includes(&job.owner, job.project.as_deref())
    }

    /// When it begins to matter, may be released, and ends.
    pub(crate) fn turns(&self) -> impl Iterator<Item = Timestamp> {
        let release = self
            .no_show
            .and_then(|after| self.start.checked_add(after).ok());
        [self.start, self.end].into_iter().chain(release)
    }

    pub(crate) fn may_be_on(&self, node: &NodeName) -> bool {
        self.only.is_empty() || self.only.contains(node)
    }

    /// Whether it still binds others, given whether a job of its holder runs.
    #[must_use]
    pub fn stands(&self, now: Timestamp, shown_up: bool) -> bool {
        let missed = |after: Duration| {
            let last = self.start.checked_add(after);
            last.is_ok_and(|last| now >= last) && !shown_up
        };
        now < self.end && !self.no_show.is_some_and(missed)
    }
}
