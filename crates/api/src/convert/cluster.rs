//! Nodes and their GPUs: what they are, who holds them, what they do, and how that is known.

use std::collections::HashMap;

use berth_domain::cordon::of_gpu;
use berth_domain::{Cordon, GpuProcess, GpuSample, Job, JobId, Node, NodeName, NodeSource, Place};
use berth_orchestrator::{Heard, NodeHeard, Samples, View};

use crate::views::{
    ClusterView, GpuView, JobRef, NodeState, NodeView, TelemetryView, Totals, UnknownDaemon,
};

pub(crate) fn cluster(view: &View, samples: &Samples, heard: &Heard) -> ClusterView {
    let jobs: HashMap<JobId, &Job> = view.active.iter().map(|job| (job.id, job)).collect();
    let gpu = |node: &NodeName, gpu: &berth_domain::Gpu| {
        let job = view.holders.get(&gpu.uuid).and_then(|id| jobs.get(id));
        let job = job.map(|job| JobRef {
            id: job.id,
            name: job.spec.name.clone(),
            user: job.owner.clone(),
            state: job.name(),
        });
        let foreign = view.foreign.get(&gpu.uuid);
        GpuView {
            index: gpu.index,
            uuid: gpu.uuid.to_string(),
            model: gpu.model.clone(),
            mem_total_bytes: gpu.mem_total_bytes,
            nvlink_island: gpu.nvlink_island,
            job,
            cordon: of_gpu(&view.cordons, node, gpu.index).cloned(),
            foreign: foreign.map_or(vec![], Clone::clone),
            ..samples.get(&gpu.uuid).map(does).unwrap_or_default()
        }
    };
    let nodes: Vec<NodeView> = view
        .nodes
        .iter()
        .map(|node| {
            let all = Place {
                node: node.name.clone(),
                gpu: None,
            };
            let cordon = view.cordons.get(&all).cloned();
            let heard = heard.nodes.get(&node.name);
            let daemon = heard.and_then(|heard| heard.daemon.as_ref());
            let mut versions = node.versions.clone();
            let driver = daemon.and_then(|daemon| daemon.driver.clone());
            versions.driver = versions.driver.or(driver);
            let mut problems = node.problems.clone();
            let told = daemon.iter().flat_map(|daemon| &daemon.problems);
            problems.extend(told.filter(|told| !node.problems.contains(told)).cloned());
            NodeView {
                name: node.name.clone(),
                address: node.address.clone(),
                source: node.source,
                present: node.present,
                foreign: node.foreign,
                versions,
                problems,
                last_seen: node.gone_at,
                state: node_state(view, node, cordon.as_ref()),
                cordon,
                telemetry: heard.map(telemetry),
                gpus: node.gpus.iter().map(|one| gpu(&node.name, one)).collect(),
            }
        })
        .collect();
    ClusterView {
        simulated: nodes
            .iter()
            .any(|node| node.source == NodeSource::Simulated),
        totals: totals(&nodes),
        nodes,
        executor_down: view.executor_down.clone(),
        unknown_daemons: unknown_daemons(heard),
    }
}

/// Daemons whose node is not part of the cluster.
pub(crate) fn unknown_daemons(heard: &Heard) -> Vec<UnknownDaemon> {
    let unknown = heard.unknown.iter().map(|(name, daemon)| UnknownDaemon {
        name: name.clone(),
        gpus: u32::try_from(daemon.gpus).unwrap_or(u32::MAX),
        version: daemon.version.clone(),
    });
    unknown.collect()
}

/// What a GPU does, and nothing else of it.
fn does(sample: &GpuSample) -> GpuView {
    let process = |process: &GpuProcess| GpuProcess {
        // They tell whose it is, which is told already.
        parents: vec![],
        ..process.clone()
    };
    let processes = sample.processes.as_ref();
    GpuView {
        source: Some(sample.source),
        busy_pct: sample.busy_pct,
        sm_active_pct: sample.sm_active_pct,
        sm_occupancy_pct: sample.sm_occupancy_pct,
        tensor_active_pct: sample.tensor_active_pct,
        mem_used_bytes: sample.mem_used_bytes,
        power_w: sample.power_w,
        power_limit_w: sample.power_limit_w,
        temp_c: sample.temp_c,
        sm_clock_mhz: sample.sm_clock_mhz,
        mem_clock_mhz: sample.mem_clock_mhz,
        throttle: sample.throttle.clone(),
        pcie_rx_bytes: sample.pcie_rx_bytes,
        pcie_tx_bytes: sample.pcie_tx_bytes,
        nvlink_rx_bytes: sample.nvlink_rx_bytes,
        nvlink_tx_bytes: sample.nvlink_tx_bytes,
        ecc_corrected: sample.ecc_corrected,
        ecc_uncorrected: sample.ecc_uncorrected,
        xids: sample.xids.clone(),
        processes: processes.map(|all| all.iter().map(process).collect()),
        why: sample.why.clone(),
        ..GpuView::default()
    }
    .rounded()
}

fn telemetry(heard: &NodeHeard) -> TelemetryView {
    let daemon = heard.daemon.as_ref();
    TelemetryView {
        source: heard.source,
        last: Some(heard.last),
        silent: heard.silent,
        daemon: daemon.map(|daemon| daemon.version.clone()),
        connected: daemon.is_some_and(|daemon| daemon.connected),
        dropped: daemon.map_or(0, |daemon| daemon.dropped),
        lag_ms: daemon.map(|daemon| u64::try_from(daemon.lag_ms).unwrap_or(0)),
    }
}

fn node_state(view: &View, node: &Node, cordon: Option<&Cordon>) -> NodeState {
    let runs_here = |job: &Job| {
        let lease = job.lease();
        lease.is_some_and(|lease| lease.0.iter().any(|part| part.node == node.name))
    };
    match cordon {
        _ if !node.present => NodeState::Absent,
        None => NodeState::Up,
        Some(cordon) if !cordon.drain => NodeState::Cordoned,
        Some(_) if view.active.iter().any(runs_here) => NodeState::Draining,
        Some(_) => NodeState::Drained,
    }
}

fn free(node: &NodeView) -> u32 {
    let open = node.gpus.iter().filter(|gpu| gpu.is_free());
    u32::try_from(open.count())
        .unwrap_or(u32::MAX)
        .saturating_sub(node.foreign)
}

fn totals(nodes: &[NodeView]) -> Totals {
    let present = || nodes.iter().filter(|node| node.present);
    let gpus = || present().flat_map(|node| &node.gpus);
    let busy: Vec<f32> = gpus().filter_map(|gpu| gpu.busy_pct).collect();
    let working: Vec<f32> = gpus().filter_map(|gpu| gpu.sm_active_pct).collect();
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Totals {
        nodes: count(present().count()),
        gpus: count(gpus().count()),
        allocated: count(gpus().filter(|gpu| gpu.job.is_some()).count()),
        free: present().map(free).sum(),
        busy_pct: mean(&busy),
        working_pct: mean(&working),
    }
}

fn mean(values: &[f32]) -> Option<f32> {
    let count = u16::try_from(values.len())
        .ok()
        .filter(|count| *count > 0)?;
    // A tenth of a percent is as exact as it is shown.
    Some((values.iter().sum::<f32>() / f32::from(count) * 10.0).round() / 10.0)
}
