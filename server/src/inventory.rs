//! Which hardware there is: the simulated cluster when asked for, else this host's GPUs, else the
//! simulated cluster again, so that the first start always shows something that works.

use std::path::Path;

use berth_domain::{Node, NodeName};
use berth_telemetry::{GpuSampler, inventory};

use crate::AnyError;
use crate::config::Config;

/// What is simulated when there is no GPU.
const DEFAULT_SIMULATION: &str = "2x8";

/// What was found, and how to ask it what it does.
#[derive(Debug)]
pub struct Found {
    pub nodes: Vec<Node>,
    pub sampler: GpuSampler,
    /// For the log: what it is and why.
    pub sentence: String,
}

pub async fn find(config: &Config) -> Result<Found, AnyError> {
    if !config.simulate.is_empty() {
        return simulated(&config.simulate, "as asked for");
    }
    let program = Path::new("nvidia-smi");
    let host = nix_hostname();
    match inventory::nvidia_smi(program, NodeName(host.clone())).await {
        Ok(Some(node)) if !node.gpus.is_empty() => Ok(Found {
            sentence: format!("{} GPUs of this host ({host})", node.gpus.len()),
            nodes: vec![node],
            sampler: GpuSampler::nvidia_smi(program),
        }),
        Ok(_) => simulated(DEFAULT_SIMULATION, "because this host has no NVIDIA GPU"),
        Err(error) => {
            tracing::warn!(%error, "nvidia-smi does not answer");
            simulated(DEFAULT_SIMULATION, "because nvidia-smi does not answer")
        }
    }
}

fn simulated(size: &str, why: &str) -> Result<Found, AnyError> {
    let (nodes, gpus) = inventory::parse_simulate(size)?;
    Ok(Found {
        nodes: inventory::simulated(nodes, gpus),
        sampler: GpuSampler::simulated(nodes, gpus),
        sentence: format!("SIMULATED cluster of {nodes} nodes x {gpus} GPUs, {why}"),
    })
}

fn nix_hostname() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .map(|name| name.trim().to_owned())
        .ok()
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "localhost".to_owned())
}
