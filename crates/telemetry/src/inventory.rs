//! Which nodes and GPUs there are.

use berth_domain::{Gpu, GpuUuid, Node, NodeName, NodeSource, Versions};

/// The largest simulated cluster.
const MAX_NODES: u32 = 1024;
const MAX_GPUS: u32 = 16;
const H100: &str = "NVIDIA H100 80GB HBM3";
const H100_BYTES: u64 = 80 * 1024 * 1024 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum InventoryError {
    #[error(
        "'{0}' is not a cluster: write NODESxGPUS, for example 2x8, with 1 to {MAX_NODES} nodes of 1 to {MAX_GPUS} GPUs"
    )]
    NotACluster(String),
    #[error("the NVIDIA driver's library {0} cannot be loaded")]
    NoDriver(String),
    #[error("the NVIDIA driver refuses: {0}")]
    Driver(String),
    #[error("the NVIDIA driver did not answer within {0} s")]
    DriverHangs(f32),
    #[error("nvidia-smi cannot be run: {0}")]
    Run(std::io::Error),
    #[error("nvidia-smi did not answer within {0} s")]
    Hangs(u64),
    #[error("nvidia-smi failed: {0}")]
    Failed(String),
    #[error("nvidia-smi answered a line that cannot be read: '{0}'")]
    Line(String),
}

/// Reads `2x8`.
///
/// # Errors
/// When the text is not of that form or too large.
pub fn parse_simulate(text: &str) -> Result<(u32, u32), InventoryError> {
    let parse = || {
        let (nodes, gpus) = text.trim().split_once(['x', 'X'])?;
        let (nodes, gpus) = (nodes.parse().ok()?, gpus.parse().ok()?);
        ((1..=MAX_NODES).contains(&nodes) && (1..=MAX_GPUS).contains(&gpus))
            .then_some((nodes, gpus))
    };
    parse().ok_or_else(|| InventoryError::NotACluster(text.to_owned()))
}

/// A made-up cluster of H100s, the same each time.
#[must_use]
pub fn simulated(nodes: u32, gpus: u32) -> Vec<Node> {
    let width = nodes.to_string().len();
    let gpu = |n: u32, index: u32| {
        let uuid = GpuUuid(format!("GPU-simulated-{n:04}-{index:02}"));
        Gpu {
            // As on a real one: NVSwitch joins all of a node.
            nvlink_island: Some(0),
            ..Gpu::new(index, uuid, H100, H100_BYTES)
        }
    };
    let node = |n: u32| {
        // node-01 before node-10: names sort as people count.
        let name = NodeName(format!("node-{n:0width$}"));
        let gpus = (0..gpus).map(|index| gpu(n, index)).collect();
        Node {
            address: Some("127.0.0.1".to_owned()),
            versions: Versions {
                berth: Some(env!("CARGO_PKG_VERSION").to_owned()),
                ..Versions::default()
            },
            ..Node::new(name, NodeSource::Simulated, gpus)
        }
    };
    (1..=nodes).map(node).collect()
}

/// The UUID of a GPU that is only counted, where no driver told it.
pub(crate) fn made_up(node: &NodeName, index: u32) -> GpuUuid {
    GpuUuid(format!("GPU-{node}-{index}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_sizes() {
        assert_eq!(parse_simulate("2x8").unwrap(), (2, 8));
        assert_eq!(parse_simulate("128X4").unwrap(), (128, 4));
        for wrong in [
            "",
            "2",
            "x8",
            "0x8",
            "2x0",
            "2x17",
            "1025x8",
            "2x8x1",
            "-1x8",
            "two x eight",
        ] {
            let error = parse_simulate(wrong).unwrap_err();
            assert!(error.to_string().contains("for example 2x8"), "{wrong}");
        }
    }

    #[test]
    fn names_sort_as_people_count() {
        let nodes = simulated(12, 1);
        let mut names: Vec<&str> = nodes.iter().map(|node| node.name.as_str()).collect();
        assert_eq!((names[0], names[11]), ("node-01", "node-12"));
        let counted = names.clone();
        names.sort_unstable();
        assert_eq!(names, counted);
    }
}
