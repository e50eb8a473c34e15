//! Reservations as the planner sees them: GPUs promised to a person or a project for one time. How
//! they come from the state is `snapshot/promised.rs`.

use std::time::Duration;

use berth_domain::{Holder, Lease, NodeName, ReservationId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::snapshot::{Active, Facts};

/// One occurrence of a promise. Until it starts, others may use the GPUs if they are surely done by
/// then; while it lasts, only whom it is for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reservation {
    pub id: ReservationId,
    /// What it is for, for sentences.
    pub note: Option<String>,
    pub holder: Holder,
    /// How many GPUs on each of how many nodes.
    pub nodes: u32,
    pub gpus_per_node: u32,
    /// These nodes and no others; empty: any.
    pub only: Vec<NodeName>,
    /// The indices of exactly these GPUs, on the one node of `only`; empty: whichever.
    pub exact: Vec<u32>,
    pub start: Timestamp,
    pub end: Timestamp,
    /// Released when no job of its holder runs this long after its start.
    pub no_show: Option<Duration>,
    /// A job of its holder ran in it: nobody releases it any more.
    pub used: bool,
}

impl Reservation {
    /// Of GPUs on any node, without a name.
    #[must_use]
    pub fn new(
        id: u64,
        holder: Holder,
        (nodes, gpus_per_node): (u32, u32),
        (start, end): (Timestamp, Timestamp),
    ) -> Self {
        Reservation {
            id: ReservationId(id),
            note: None,
            holder,
            nodes,
            gpus_per_node,
            only: Vec::new(),
            exact: Vec::new(),
            start,
            end,
            no_show: None,
            used: false,
        }
    }

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

    /// How many GPUs of a lease on this node may be counted as part of it.
    pub(crate) fn within(&self, lease: &Lease, node: &NodeName) -> u32 {
        let here = lease.0.iter().filter(|part| part.node == *node);
        let counts = here.map(|part| {
            let named = |index: u32| self.exact.is_empty() || self.exact.contains(&index);
            part.gpus.iter().filter(|gpu| named(gpu.index)).count()
        });
        let within: usize = counts.sum();
        u32::try_from(within).unwrap_or(u32::MAX)
    }

    /// Whether it still binds others at this time.
    pub(crate) fn stands(&self, now: Timestamp, active: &[Active]) -> bool {
        if now >= self.end {
            return false;
        }
        let release = self.no_show.map(|after| self.start.checked_add(after));
        let Some(Ok(release)) = release.filter(|_| !self.used) else {
            return true;
        };
        now < release || active.iter().any(|one| self.is_used_by(one))
    }

    fn is_used_by(&self, active: &Active) -> bool {
        let mut nodes = active.lease.0.iter().map(|part| &part.node);
        self.includes(&active.job)
            && nodes.any(|node| self.may_be_on(node) && self.within(&active.lease, node) > 0)
    }

    /// Whether a time from now on that takes so many seconds runs into it.
    pub(crate) fn meets(&self, now: Timestamp, length_s: f64) -> bool {
        let from = self.start.duration_since(now).as_secs_f64();
        self.end > now && from < length_s
    }
}
