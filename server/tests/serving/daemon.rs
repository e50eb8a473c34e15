//! The daemons of nodes: what they see reaches pages and disk, whoever is away in between.

mod away;
mod by_hand;
mod door;
mod picture;
mod process;

use berth_api::Berth;
use berth_api::cluster::GetPicture;
use berth_api::views::{ClusterView, GpuView, NodeView};
use berth_domain::Gpu;
use berth_telemetry::inventory;

/// The GPUs of `node-1` in a simulated cluster.
fn gpus() -> Vec<Gpu> {
    inventory::simulated(2, 8).remove(0).gpus
}

fn node<'a>(cluster: &'a ClusterView, name: &str) -> &'a NodeView {
    let mut nodes = cluster.nodes.iter();
    nodes.find(|node| node.name.as_str() == name).unwrap()
}

/// The first GPU of `node-1`.
fn first(cluster: &ClusterView) -> GpuView {
    node(cluster, "node-1").gpus[0].clone()
}

async fn picture(berth: &Berth) -> ClusterView {
    berth.call(GetPicture {}).await.unwrap().cluster
}
