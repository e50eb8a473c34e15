//! What a load runs on.

use berth_domain::Node;

use super::trace::TraceJob;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// The GPUs of each node.
    pub nodes: Vec<u32>,
    /// What a job repeats at each resume after a preemption, in seconds.
    pub resume_s: i64,
}

impl Default for Cluster {
    /// Two nodes of eight; 60 s a resume.
    fn default() -> Self {
        Cluster::uniform(2, 8)
    }
}

impl Cluster {
    /// Nodes that are all alike.
    #[must_use]
    pub fn uniform(nodes: u32, gpus_per_node: u32) -> Self {
        Cluster {
            nodes: vec![gpus_per_node; nodes as usize],
            resume_s: 60,
        }
    }

    /// The nodes that are present.
    pub fn of<'a>(nodes: impl IntoIterator<Item = &'a Node>) -> Self {
        let present = nodes.into_iter().filter(|node| node.present);
        let gpus = present.map(|node| u32::try_from(node.gpus.len()).unwrap_or(u32::MAX));
        Cluster {
            nodes: gpus.collect(),
            ..Cluster::default()
        }
    }

    #[must_use]
    pub fn gpus(&self) -> u32 {
        self.nodes.iter().sum()
    }

    /// How many nodes a job takes: those it asked for, or as few as hold it.
    pub(super) fn nodes_for(&self, job: &TraceJob) -> u32 {
        let largest = self.nodes.iter().copied().max().unwrap_or(0).max(1);
        let nodes = job.nodes.unwrap_or_else(|| job.gpus.div_ceil(largest));
        nodes.max(1)
    }

    /// Whether a job fits when everything is free.
    pub(super) fn holds(&self, nodes: u32, gpus_per_node: u32) -> bool {
        let fitting = self.nodes.iter().filter(|gpus| **gpus >= gpus_per_node);
        fitting.count() >= nodes as usize
    }
}
