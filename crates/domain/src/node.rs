//! Nodes and their GPUs, as the inventory reports them.

use serde::{Deserialize, Serialize};

use crate::ids::{GpuUuid, NodeName};

/// Where a node's inventory comes from. Pages say it in words when the hardware is not real.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeSource {
    /// Made up by `--simulate`: commands run for real on this host, GPUs and their figures do not.
    Simulated,
    /// This host, read through the NVIDIA driver.
    Local,
    /// A node of a Ray cluster, as its head tells.
    Ray,
    /// A host that is reached over SSH, as Berth's agent there tells.
    Ssh,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gpu {
    /// Index in PCI order on its node.
    pub index: u32,
    pub uuid: GpuUuid,
    /// For example `NVIDIA H100 80GB HBM3`.
    pub model: String,
    pub mem_total_bytes: u64,
    /// GPUs of a node with the same number reach each other through NVLink. `None`: as far as is
    /// known all those of the node without a number do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nvlink_island: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    pub name: NodeName,
    pub source: NodeSource,
    /// In rising index order.
    pub gpus: Vec<Gpu>,
    /// Whether the node answers. An absent node keeps its leases but gets no new ones.
    pub present: bool,
    /// How many of its GPUs others use outside the queue. Which ones is not known.
    #[serde(default)]
    pub foreign: u32,
}

/// The most GPUs on one present node, and on all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capacity {
    pub nodes: usize,
    pub gpus: usize,
    pub largest_node: usize,
}

impl Capacity {
    pub fn of<'a>(nodes: impl IntoIterator<Item = &'a Node>) -> Self {
        nodes
            .into_iter()
            .filter(|node| node.present)
            .fold(Self::default(), |sum, node| Capacity {
                nodes: sum.nodes + 1,
                gpus: sum.gpus + node.gpus.len(),
                largest_node: sum.largest_node.max(node.gpus.len()),
            })
    }
}
