//! Which hardware there is: the Ray cluster, the simulated one, or this host's GPUs, whichever is set
//! or was detected; see [`berth_detect`].

use std::time::Duration;

use berth_domain::{ClusterKind, Node, NodeName, Timestamp};
use berth_orchestrator::Clock;
use berth_ray::{Ray, RayError, Token};
use berth_telemetry::{GpuSampler, LocalGpus, RayInventory, inventory};
use tokio::sync::watch;

use crate::AnyError;
use crate::config::Config;

/// Ray is asked for its nodes this often.
const RAY_EVERY: Duration = Duration::from_secs(3);

/// What was found, and how to ask it what it does.
#[derive(Debug)]
pub struct Found {
    pub kind: ClusterKind,
    /// As it is now and as it changes; `None` as long as nobody can say.
    pub nodes: watch::Receiver<Option<Vec<Node>>>,
    /// When the nodes were heard of last; `None` where they are this host.
    pub heard: Option<watch::Receiver<Timestamp>>,
    pub sampler: GpuSampler,
    /// Where jobs run, if not on this host.
    pub ray: Option<Ray>,
    /// For the log: what it is.
    pub sentence: String,
}

/// This host's driver.
pub fn local_gpus(config: &Config) -> LocalGpus {
    let library = (!config.nvml.is_empty()).then(|| config.nvml.clone().into());
    LocalGpus::new(library, "nvidia-smi".into())
}

/// What the configuration says, once it is settled.
pub async fn find(config: &Config, gpus: LocalGpus, clock: Clock) -> Result<Found, AnyError> {
    if !config.ray.is_empty() {
        return ray(config, clock).await;
    }
    if !config.simulate.is_empty() {
        return simulated(&config.simulate);
    }
    local(gpus).await
}

async fn local(gpus: LocalGpus) -> Result<Found, AnyError> {
    let host = nix_hostname();
    let hardware = gpus.look().await.map_err(|error| {
        format!("the GPUs of this host cannot be read: {error}. Does nvidia-smi work?")
    })?;
    let node = hardware
        .map(|hardware| hardware.into_node(NodeName(host.clone())))
        .filter(|node| !node.gpus.is_empty())
        .ok_or("this host has no NVIDIA GPU. Try --simulate 2x8")?;
    for problem in &node.problems {
        tracing::warn!(problem, "read from the driver");
    }
    Ok(Found {
        kind: ClusterKind::Local,
        sentence: format!("{} GPUs of this host ({host})", node.gpus.len()),
        nodes: unchanging(vec![node]),
        heard: None,
        sampler: GpuSampler::Local(gpus),
        ray: None,
    })
}

/// A head that does not answer is no reason not to start: what runs goes on, and what waits says why.
async fn ray(config: &Config, clock: Clock) -> Result<Found, AnyError> {
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
        Err(error) => format!("the Ray cluster at {} ({error})", config.ray),
    };
    let (sender, nodes) = watch::channel(first.ok());
    let (hear, heard) = watch::channel(clock.now());
    tokio::spawn(follow(inventory, sender, hear, clock));
    Ok(Found {
        kind: ClusterKind::Ray,
        nodes,
        heard: Some(heard),
        sampler: GpuSampler::Nothing,
        ray: Some(ray),
        sentence,
    })
}

/// Tells of each change. While Ray does not answer, what was known stands.
async fn follow(
    mut inventory: RayInventory,
    nodes: watch::Sender<Option<Vec<Node>>>,
    hear: watch::Sender<Timestamp>,
    clock: Clock,
) {
    let mut ticks = tokio::time::interval(RAY_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut failing: Option<RayError> = None;
    loop {
        ticks.tick().await;
        match inventory.look().await {
            Ok(found) => {
                failing = None;
                hear.send_replace(clock.now());
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

fn simulated(size: &str) -> Result<Found, AnyError> {
    let (nodes, gpus) = inventory::parse_simulate(size)?;
    Ok(Found {
        kind: ClusterKind::Simulated,
        nodes: unchanging(inventory::simulated(nodes, gpus)),
        heard: None,
        sampler: GpuSampler::simulated(nodes, gpus),
        ray: None,
        sentence: format!("SIMULATED cluster of {nodes} nodes x {gpus} GPUs"),
    })
}

fn nix_hostname() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .map(|name| name.trim().to_owned())
        .ok()
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "localhost".to_owned())
}
