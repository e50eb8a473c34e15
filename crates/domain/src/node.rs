//! Nodes and their GPUs, as the inventory reports them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{GpuUuid, NodeName};

/// Where a node's inventory comes from. Pages say it in words when the hardware is not real.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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

impl NodeSource {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            NodeSource::Simulated => "simulated",
            NodeSource::Local => "local",
            NodeSource::Ray => "ray",
            NodeSource::Ssh => "ssh",
        }
    }
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
    /// Where it is on the PCI bus: `00000000:1B:00.0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pci: Option<String>,
    /// Whether it is cut into slices (MIG).
    #[serde(default, skip_serializing_if = "is_false")]
    pub mig: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl Gpu {
    /// Of one whose model is not known.
    pub const UNKNOWN_MODEL: &str = "GPU";

    /// One of which no more is known.
    #[must_use]
    pub fn new(index: u32, uuid: GpuUuid, model: &str, mem_total_bytes: u64) -> Self {
        Gpu {
            index,
            uuid,
            model: model.to_owned(),
            mem_total_bytes,
            nvlink_island: None,
            pci: None,
            mig: false,
        }
    }
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
    /// Where the server reaches it: an address or a host name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    #[serde(default, skip_serializing_if = "Versions::none")]
    pub versions: Versions,
    /// What could not be read of its hardware, in sentences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
    /// Since when it does not answer, if it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone_at: Option<Timestamp>,
}

impl Node {
    /// A node that answers, of which no more is known.
    #[must_use]
    pub fn new(name: NodeName, source: NodeSource, gpus: Vec<Gpu>) -> Self {
        Node {
            name,
            source,
            gpus,
            present: true,
            foreign: 0,
            address: None,
            versions: Versions::default(),
            problems: vec![],
            gone_at: None,
        }
    }

    /// The same node, once it does not answer any more.
    #[must_use]
    pub fn gone(&self, at: Timestamp) -> Self {
        Node {
            present: false,
            gone_at: Some(at),
            ..self.clone()
        }
    }
}

/// What runs on a node, as far as is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Versions {
    /// Of the Berth that starts its jobs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub berth: Option<String>,
    /// Of the NVIDIA driver.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ray: Option<String>,
}

impl Versions {
    fn none(&self) -> bool {
        *self == Versions::default()
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_older_servers_wrote_is_read() {
        let old = r#"{"name":"node-1","source":"local","gpus":[],"present":false}"#;
        let node: Node = serde_json::from_str(old).unwrap();
        let expected = Node {
            present: false,
            ..Node::new(NodeName::from("node-1"), NodeSource::Local, vec![])
        };
        assert_eq!(node, expected);
        // And what is not known is not written.
        let written = serde_json::to_string(&node).unwrap();
        assert!(
            !written.contains("versions") && !written.contains("null"),
            "{written}"
        );
    }

    #[test]
    fn a_node_that_went_keeps_what_was_known_of_it() {
        let node = Node {
            address: Some("10.0.0.1".to_owned()),
            ..Node::new(NodeName::from("node-1"), NodeSource::Ray, vec![])
        };
        let at = Timestamp::UNIX_EPOCH;
        let gone = node.gone(at);
        assert_eq!((gone.present, gone.gone_at), (false, Some(at)));
        assert_eq!(gone.address, node.address);
    }
}
