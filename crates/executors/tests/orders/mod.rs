//! Orders for hosts called `node-1` and `node-2`, as the tests of Ray and of SSH give them.

use std::collections::BTreeMap;

use berth_domain::{AttemptId, GpuRef, GpuUuid, JobId, Lease, NodeLease, NodeName};
use berth_executors::LaunchOrder;

pub fn attempt(job: u64) -> AttemptId {
    AttemptId {
        job: JobId(job),
        number: 1,
    }
}

pub fn part(node: u8, indices: &[u32]) -> NodeLease {
    let gpu = |index: &u32| GpuRef {
        index: *index,
        uuid: GpuUuid(format!("GPU-node-{node}-{index}")),
    };
    NodeLease {
        node: NodeName(format!("node-{node}")),
        gpus: indices.iter().map(gpu).collect(),
    }
}

pub fn order(job: u64, lease: Vec<NodeLease>, line: &str) -> Box<LaunchOrder> {
    Box::new(LaunchOrder {
        attempt: attempt(job),
        job_name: "a job".to_owned(),
        command: ["bash", "-c", line].map(str::to_owned).to_vec(),
        package: None,
        workdir: None,
        env: BTreeMap::new(),
        per_gpu: false,
        interactive: false,
        adopted: None,
        lease: Lease(lease),
    })
}
