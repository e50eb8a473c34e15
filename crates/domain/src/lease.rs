//! A lease: exactly which GPUs an attempt may use. No GPU is in two leases; a gang has all its
//! GPUs or none.

use serde::{Deserialize, Serialize};

use crate::ids::{GpuUuid, NodeName};

/// A GPU of a node: its index in PCI order (what `CUDA_VISIBLE_DEVICES` holds) and its identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GpuRef {
    pub index: u32,
    pub uuid: GpuUuid,
}

/// The part of a lease on one node; one rank of the job runs there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeLease {
    pub node: NodeName,
    /// In rising index order. Empty for a job that asked for no GPU.
    pub gpus: Vec<GpuRef>,
}

impl NodeLease {
    /// `0,1,5`: the value of `CUDA_VISIBLE_DEVICES`.
    #[must_use]
    pub fn indices(&self) -> String {
        let parts: Vec<String> = self.gpus.iter().map(|gpu| gpu.index.to_string()).collect();
        parts.join(",")
    }
}

/// What an attempt holds, one entry a node, rank 0 first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Lease(pub Vec<NodeLease>);

impl Lease {
    pub fn gpus(&self) -> impl Iterator<Item = (&NodeName, &GpuRef)> {
        self.0
            .iter()
            .flat_map(|part| part.gpus.iter().map(move |gpu| (&part.node, gpu)))
    }

    #[must_use]
    pub fn gpu_count(&self) -> usize {
        self.0.iter().map(|part| part.gpus.len()).sum()
    }

    /// `node-1:0,1 node-2:0,1`: for people and for logs.
    #[must_use]
    pub fn summary(&self) -> String {
        let parts: Vec<String> = self
            .0
            .iter()
            .map(|part| format!("{}:{}", part.node, part.indices()))
            .collect();
        parts.join(" ")
    }
}
