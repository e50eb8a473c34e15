//! Which hardware there is: the Ray cluster or the simulated one when asked for, else this host's
//! GPUs, else the simulated cluster again, so that the first start always shows something that works.

use std::path::Path;
use std::time::Duration;

use berth_domain::{Node, NodeName};
use berth_ray::{Ray, RayError, Token};
use berth_telemetry::{GpuSampler, RayInventory, inventory};
use tokio::sync::watch;

use crate::AnyError;
use crate::config::Config;

/// What is simulated when there is no GPU.
const DEFAULT_SIMULATION: &str = "2x8";
/// Ray is asked for its nodes this often.
const RAY_EVERY: Duration = Duration::from_secs(3);

/// What was found, and how to ask it what it does.
#[derive(Debug)]
pub struct Found {
    /// As it is now and as it changes; `None` as long as nobody can say.
    pub nodes: watch::Receiver<Option<Vec<Node>>>,
    pub sampler: GpuSampler,
    /// Where jobs run, if not on this host.
    pub ray: Option<Ray>,
    /// For the log: what it is and why.
    pub sentence: String,
}

pub async fn find(config: &Config) -> Result<Found, AnyError> {
    if !config.ray.is_empty() {
        return ray(config).await;
    }
    if !config.simulate.is_empty() {
        return simulated(&config.simulate, "as asked for");
    }
    let program = Path::new("nvidia-smi");
    let host = hostname();
    match inventory::nvidia_smi(program, NodeName(host.clone())).await {
        Ok(Some(node)) if !node.gpus.is_empty() => Ok(Found {
            sentence: format!("{} GPUs of this host ({host})", node.gpus.len()),
            nodes: unchanging(vec![node]),
            sampler: GpuSampler::nvidia_smi(program),
            ray: None,
        }),
        Ok(_) => simulated(DEFAULT_SIMULATION, "because this host has no NVIDIA GPU"),
        Err(error) => {
            tracing::warn!(%error, "nvidia-smi does not answer");
            simulated(DEFAULT_SIMULATION, "because nvidia-smi does not answer")
        }
    }
}

/// A head that does not answer is no reason not to start: what runs goes on, and what waits says why.
async fn ray(config: &Config) -> Result<Found, AnyError> {
    let ray = Ray::new(&config.ray, Token::from_env()?.as_ref())?;
    let prefix = berth_executors::ray::id_prefix(&config.data)?;
    let mut inventory = RayInventory::new(ray.clone(), prefix);
    let first = inventory.look().await;
    let sentence = match &first {
        Ok(nodes) => {
            let gpus: usize = nodes.iter().map(|node| node.gpus.len()).sum();
            let count = nodes.len();
            format!(
                "{count} nodes and {gpus} GPUs of the Ray cluster at {}",
                config.ray
            )
        }
        Err(error) => format!("the Ray cluster at {}, but {error}", config.ray),
    };
    let (sender, nodes) = watch::channel(first.ok());
    tokio::spawn(follow(inventory, sender));
    Ok(Found {
        nodes,
        sampler: GpuSampler::Nothing,
        ray: Some(ray),
        sentence,
    })
}

/// Tells of each change. While Ray does not answer, what was known stands.
async fn follow(mut inventory: RayInventory, nodes: watch::Sender<Option<Vec<Node>>>) {
    let mut ticks = tokio::time::interval(RAY_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut failing: Option<RayError> = None;
    loop {
        ticks.tick().await;
        match inventory.look().await {
            Ok(found) => {
                failing = None;
                let found = Some(found);
                nodes.send_if_modified(|known| {
                    let changed = *known != found;
                    known.clone_from(&found);
                    changed
                });
            }
            Err(error) => {
                if failing.as_ref() != Some(&error) {
                    tracing::warn!(%error, "Ray's nodes are not known");
                    failing = Some(error);
                }
            }
        }
        if nodes.is_closed() {
            return;
        }
    }
}

fn unchanging(nodes: Vec<Node>) -> watch::Receiver<Option<Vec<Node>>> {
    watch::channel(Some(nodes)).1
}

fn simulated(size: &str, why: &str) -> Result<Found, AnyError> {
    let (nodes, gpus) = inventory::parse_simulate(size)?;
    Ok(Found {
        nodes: unchanging(inventory::simulated(nodes, gpus)),
        sampler: GpuSampler::simulated(nodes, gpus),
        ray: None,
        sentence: format!("SIMULATED cluster of {nodes} nodes x {gpus} GPUs, {why}"),
    })
}

/// What this host calls itself.
pub fn hostname() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .map(|name| name.trim().to_owned())
        .ok()
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "localhost".to_owned())
}
