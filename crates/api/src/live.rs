//! The live picture: a snapshot, then deltas. The server makes a delta by comparing two pictures,
//! the client applies it; both with the code in this file, so that they cannot disagree.

mod figures;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use berth_domain::{GpuProcess, JobId, NodeName, Timestamp};
use serde::{Deserialize, Serialize};

use crate::agents::AgentsPulse;
use crate::alerts::AlertView;
use crate::logs::LogText;
use crate::views::{ArrayView, ClusterView, Counts, FreeAt, GpuView, JobRow, Totals};

/// How many waiting jobs a picture holds; lists page through the rest.
pub const QUEUE_WINDOW: usize = 200;
/// How many finished jobs a picture holds.
pub const RECENT_WINDOW: usize = 30;

/// What the page knows without asking.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Picture {
    /// Rises by one with each delta; starts anew when the server does.
    pub version: u64,
    /// Tells one run of the server from the next: versions compare only within one.
    pub epoch: u64,
    pub at: Option<Timestamp>,
    pub cluster: ClusterView,
    pub counts: Counts,
    pub free_at: Vec<FreeAt>,
    /// Starting, running, stopping; by number.
    pub active: Vec<JobId>,
    /// The first [`QUEUE_WINDOW`] waiting jobs, in planned order; held ones last. Of an array or
    /// sweep only the first few.
    pub queue: Vec<JobId>,
    /// The last [`RECENT_WINDOW`] finished ones, newest first.
    pub recent: Vec<JobId>,
    /// The arrays and sweeps to which any of these belongs, by number.
    #[serde(default)]
    pub arrays: Vec<ArrayView>,
    /// What is wrong now, newest first.
    #[serde(default)]
    pub alerts: Vec<AlertView>,
    #[serde(default)]
    pub agents: AgentsPulse,
    /// The rows of all of these; a list in JSON.
    #[serde(with = "as_list")]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<JobRow>"))]
    pub rows: BTreeMap<JobId, JobRow>,
}

/// What changed between two pictures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Delta {
    pub epoch: u64,
    /// The version that it leads from and to.
    pub from: u64,
    pub version: u64,
    pub at: Option<Timestamp>,
    /// New and changed rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<JobRow>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<Vec<JobId>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<Vec<JobId>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recent: Option<Vec<JobId>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrays: Option<Vec<ArrayView>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alerts: Option<Vec<AlertView>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agents: Option<AgentsPulse>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<Counts>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_at: Option<Vec<FreeAt>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totals: Option<Totals>,
    /// GPUs of which more changed than figures and processes, when the nodes are the same. GPUs are
    /// counted over all nodes, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gpus: Vec<(u32, GpuView)>,
    /// What the others do now: of each that changed its number; a bit for each of its figures that
    /// changed; and these, -1 where not known. Which bit is which figure, and their units, are in
    /// `live/figures.rs`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub figures: Vec<i64>,
    /// Who uses them now, of each for which that changed in a visible way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub processes: Vec<(u32, Option<Vec<GpuProcess>>)>,
    /// The whole cluster, when its shape changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<ClusterView>,
}

/// From the server: `{"snapshot": {…}}`, `{"delta": {…}}`, `{"log": {…}}`, `"heartbeat"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LiveMessage {
    Snapshot(Box<Picture>),
    Delta(Box<Delta>),
    Log(LogText),
    /// Nothing changed; the connection lives.
    Heartbeat,
}

/// To the server: `{"follow": {"job": 17, "rank": 0, "offset": 0}}`, `"unfollow"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LiveRequest {
    /// Send what a job's command writes, from `offset` on. One log at a time a connection.
    Follow {
        job: JobId,
        attempt: Option<u32>,
        rank: u32,
        /// The attempt that `offset` is in; when another is sent, it is sent from its beginning.
        #[serde(default)]
        reading: Option<u32>,
        offset: u64,
    },
    Unfollow,
}

/// A delta that does not lead on from this picture: ask for a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the delta leads from version {from}, the picture has {have}")]
pub struct Gap {
    pub from: u64,
    pub have: u64,
}

impl Picture {
    pub fn active_rows(&self) -> impl Iterator<Item = &JobRow> {
        self.active.iter().filter_map(|id| self.rows.get(id))
    }

    pub fn queue_rows(&self) -> impl Iterator<Item = &JobRow> {
        self.queue.iter().filter_map(|id| self.rows.get(id))
    }

    pub fn recent_rows(&self) -> impl Iterator<Item = &JobRow> {
        self.recent.iter().filter_map(|id| self.rows.get(id))
    }

    /// Leaves out of `self` what nobody would see to be different from `old`: what is not different is
    /// not sent. Errors that a driver told of stay until it tells of others.
    pub fn settle(&mut self, old: &Picture) {
        if !same_shape(&old.cluster, &self.cluster) {
            return;
        }
        let old = old.cluster.nodes.iter().flat_map(|node| &node.gpus);
        let new = self
            .cluster
            .nodes
            .iter_mut()
            .flat_map(|node| &mut node.gpus);
        for (old, new) in old.zip(new) {
            let (known, found) = (old.processes.as_deref(), new.processes.as_deref());
            if figures::look_the_same(known, found) {
                new.processes.clone_from(&old.processes);
            }
            if new.xids.is_empty() {
                new.xids.clone_from(&old.xids);
            }
        }
    }

    /// What leads from `self` to `next`; `None` when nothing but the time changed.
    #[must_use]
    pub fn delta(&self, next: &Picture) -> Option<Delta> {
        let changed = |id: &&JobId| self.rows.get(id) != next.rows.get(id);
        let rows = next
            .rows
            .keys()
            .filter(changed)
            .map(|id| next.rows[id].clone())
            .collect();
        let same_shape = same_shape(&self.cluster, &next.cluster);
        let gpus = if same_shape {
            Changed::between(&self.cluster, &next.cluster)
        } else {
            Changed::default()
        };
        let delta = Delta {
            epoch: next.epoch,
            from: self.version,
            version: next.version,
            at: next.at,
            rows,
            active: (self.active != next.active).then(|| next.active.clone()),
            queue: (self.queue != next.queue).then(|| next.queue.clone()),
            recent: (self.recent != next.recent).then(|| next.recent.clone()),
            arrays: (self.arrays != next.arrays).then(|| next.arrays.clone()),
            alerts: (self.alerts != next.alerts).then(|| next.alerts.clone()),
            agents: (self.agents != next.agents).then(|| next.agents.clone()),
            counts: (self.counts != next.counts).then_some(next.counts),
            free_at: (self.free_at != next.free_at).then(|| next.free_at.clone()),
            totals: (same_shape && self.cluster.totals != next.cluster.totals)
                .then_some(next.cluster.totals),
            gpus: gpus.whole,
            figures: gpus.figures,
            processes: gpus.processes,
            cluster: (!same_shape).then(|| next.cluster.clone()),
        };
        (!delta.is_empty()).then_some(delta)
    }

    /// All GPUs in the order in which deltas count them.
    pub fn gpus(&self) -> impl Iterator<Item = (&NodeName, &GpuView)> {
        let nodes = self.cluster.nodes.iter();
        nodes.flat_map(|node| node.gpus.iter().map(|gpu| (&node.name, gpu)))
    }

    /// Takes a delta in; tells which GPUs it changed, by their place in [`gpus`](Self::gpus).
    ///
    /// # Errors
    /// When it does not lead on from this picture's version.
    pub fn apply(&mut self, delta: Delta) -> Result<BTreeSet<usize>, Gap> {
        if delta.epoch != self.epoch || delta.from != self.version {
            return Err(Gap {
                from: delta.from,
                have: self.version,
            });
        }
        self.version = delta.version;
        self.at = delta.at;
        self.active = delta
            .active
            .unwrap_or_else(|| std::mem::take(&mut self.active));
        self.queue = delta
            .queue
            .unwrap_or_else(|| std::mem::take(&mut self.queue));
        self.recent = delta
            .recent
            .unwrap_or_else(|| std::mem::take(&mut self.recent));
        self.arrays = delta
            .arrays
            .unwrap_or_else(|| std::mem::take(&mut self.arrays));
        self.alerts = delta
            .alerts
            .unwrap_or_else(|| std::mem::take(&mut self.alerts));
        self.agents = delta
            .agents
            .unwrap_or_else(|| std::mem::take(&mut self.agents));
        self.counts = delta.counts.unwrap_or(self.counts);
        self.free_at = delta
            .free_at
            .unwrap_or_else(|| std::mem::take(&mut self.free_at));
        let reshaped = delta.cluster.is_some();
        if let Some(cluster) = delta.cluster {
            self.cluster = cluster;
        }
        self.cluster.totals = delta.totals.unwrap_or(self.cluster.totals);
        let mut gpus: Vec<&mut GpuView> = self
            .cluster
            .nodes
            .iter_mut()
            .flat_map(|node| &mut node.gpus)
            .collect();
        let mut changed = figures::read(&delta.figures, &mut gpus);
        for (number, gpu) in delta.gpus {
            if let Some(place) = gpus.get_mut(number as usize) {
                **place = gpu;
                changed.insert(number as usize);
            }
        }
        for (number, processes) in delta.processes {
            if let Some(place) = gpus.get_mut(number as usize) {
                place.processes = processes;
                changed.insert(number as usize);
            }
        }
        if reshaped {
            changed.extend(0..gpus.len());
        }
        self.rows
            .extend(delta.rows.into_iter().map(|row| (row.id, row)));
        let listed: BTreeSet<JobId> = self
            .active
            .iter()
            .chain(&self.queue)
            .chain(&self.recent)
            .copied()
            .collect();
        self.rows.retain(|id, _| listed.contains(id));
        Ok(changed)
    }
}

impl Delta {
    fn is_empty(&self) -> bool {
        self.rows.is_empty()
            && self.active.is_none()
            && self.queue.is_none()
            && self.recent.is_none()
            && self.arrays.is_none()
            && self.alerts.is_none()
            && self.agents.is_none()
            && self.counts.is_none()
            && self.free_at.is_none()
            && self.totals.is_none()
            && self.gpus.is_empty()
            && self.figures.is_empty()
            && self.processes.is_empty()
            && self.cluster.is_none()
    }
}

/// Whether the two differ only in what a GPU does and who holds it.
fn same_shape(old: &ClusterView, new: &ClusterView) -> bool {
    old.simulated == new.simulated
        && old.executor_down == new.executor_down
        && old.unknown_daemons == new.unknown_daemons
        && old.nodes.len() == new.nodes.len()
        && old.nodes.iter().zip(&new.nodes).all(|(old, new)| {
            old.name == new.name
                && (old.present, old.last_seen) == (new.present, new.last_seen)
                && (old.state, &old.cordon) == (new.state, &new.cordon)
                && (old.source, &old.address) == (new.source, &new.address)
                && (&old.versions, &old.problems) == (&new.versions, &new.problems)
                && (old.foreign, &old.telemetry) == (new.foreign, &new.telemetry)
                && same_gpus(&old.gpus, &new.gpus)
        })
}

fn same_gpus(old: &[GpuView], new: &[GpuView]) -> bool {
    let mut pairs = old.iter().zip(new);
    old.len() == new.len() && pairs.all(|(old, new)| old.uuid == new.uuid)
}

/// How the GPUs of two clusters of one shape differ.
#[derive(Default)]
struct Changed {
    whole: Vec<(u32, GpuView)>,
    figures: Vec<i64>,
    processes: Vec<(u32, Option<Vec<GpuProcess>>)>,
}

impl Changed {
    fn between(old: &ClusterView, new: &ClusterView) -> Self {
        let mut changed = Changed::default();
        let old = old.nodes.iter().flat_map(|node| &node.gpus);
        let new = new.nodes.iter().flat_map(|node| &node.gpus);
        for (number, (old, new)) in (0u32..).zip(old.zip(new)) {
            if !figures::same_but_figures(old, new) {
                changed.whole.push((number, new.clone()));
                continue;
            }
            figures::write(&mut changed.figures, number, old, new);
            if old.processes != new.processes {
                changed.processes.push((number, new.processes.clone()));
            }
        }
        changed
    }
}

/// Rows by number, written as a list: each holds its number anyway.
mod as_list {
    use std::collections::BTreeMap;

    use berth_domain::JobId;
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::views::JobRow;

    pub(super) fn serialize<S: Serializer>(
        rows: &BTreeMap<JobId, JobRow>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(rows.values())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<JobId, JobRow>, D::Error> {
        let rows = Vec::<JobRow>::deserialize(deserializer)?;
        Ok(rows.into_iter().map(|row| (row.id, row)).collect())
    }
}
