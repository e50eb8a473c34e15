//! Which hardware there is: the Ray cluster, hosts over SSH, the simulated cluster, or this host's
//! GPUs, whichever is set or was detected; see [`berth_detect`].

use std::collections::BTreeMap;
use std::time::Duration;

use berth_domain::{ClusterKind, GpuSample, Node, NodeName, NodeSource, Timestamp, Versions};
use berth_executors::ssh::{self, HostState, HostStates, Hosts};
use berth_executors::{RunConfig, SshConfig};
use berth_orchestrator::Clock;
use berth_ray::{Ray, RayError, Token};
use berth_telemetry::{GpuSampler, LocalGpus, RayInventory, RayStatistics, inventory};
use tokio::sync::{mpsc, watch};

use crate::AnyError;
use crate::config::Config;

/// Ray is asked for its nodes this often.
const RAY_EVERY: Duration = Duration::from_secs(3);

/// At the start hosts have this long to answer before the server goes on without them.
const HOSTS_PATIENCE: Duration = Duration::from_secs(3);

/// What was found, and how to ask it what it does.
#[derive(Debug)]
pub struct Found {
    pub kind: ClusterKind,
    /// As it is now and as it changes; `None` as long as nobody can say.
    pub nodes: watch::Receiver<Option<Vec<Node>>>,
    /// When the nodes were heard of last; `None` where they are this host.
    pub heard: Option<watch::Receiver<Timestamp>>,
    pub sampler: GpuSampler,
    pub place: Place,
    /// For the log: what it is.
    pub sentence: String,
}

/// Where jobs run.
#[derive(Debug)]
pub enum Place {
    Here,
    Ray(Ray),
    Ssh(Hosts),
}

/// This host's driver.
pub fn local_gpus(config: &Config) -> LocalGpus {
    let library = (!config.nvml.is_empty()).then(|| config.nvml.clone().into());
    LocalGpus::new(library, "nvidia-smi".into())
}

/// What the configuration says, once it is settled.
pub async fn find(
    config: &Config,
    run: &RunConfig,
    gpus: LocalGpus,
    clock: Clock,
) -> Result<Found, AnyError> {
    if !config.ssh.is_empty() {
        return over_ssh(config, run).await;
    }
    if !config.ray.is_empty() {
        return ray(config, clock).await;
    }
    if !config.simulate.is_empty() {
        return simulated(&config.simulate);
    }
    local(gpus).await
}

async fn local(gpus: LocalGpus) -> Result<Found, AnyError> {
    let host = hostname();
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
        place: Place::Here,
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
        sampler: GpuSampler::Ray(RayStatistics::new(ray.clone())),
        place: Place::Ray(ray),
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

/// A host that does not answer is no reason not to start either: it is absent, and tried again.
async fn over_ssh(config: &Config, run: &RunConfig) -> Result<Found, AnyError> {
    let file = (!config.ssh_config.is_empty()).then(|| config.ssh_config.clone().into());
    let hosts = ssh::connect(SshConfig {
        run: RunConfig {
            // What runs now, whatever somebody has put in its place.
            shim: "/proc/self/exe".into(),
            ..run.clone()
        },
        hosts: config.hosts(),
        config_file: file,
        node_grace: config.node_grace(),
    })?;
    hosts.settled(HOSTS_PATIENCE).await;
    let states = hosts.states();
    let first = states.borrow().clone();
    let gpus: usize = first.values().map(|host| host.hardware.gpus.len()).sum();
    let mut sentence = format!("{} hosts over SSH and {gpus} GPUs", first.len());
    for (name, host) in first.iter().filter(|(_, host)| !host.up) {
        let why = host.problem.as_deref().unwrap_or("is being reached");
        sentence += &format!("; {name}: {why}");
    }
    let (sender, nodes) = watch::channel(Some(nodes_of(&first)));
    let (samples, sampled) = mpsc::channel(1);
    tokio::spawn(follow_hosts(states, sender, samples));
    Ok(Found {
        kind: ClusterKind::Ssh,
        nodes,
        // Those that are present were heard of within seconds.
        heard: None,
        sampler: GpuSampler::Told(sampled),
        place: Place::Ssh(hosts),
        sentence,
    })
}

fn nodes_of(hosts: &HostStates) -> Vec<Node> {
    let node = |(name, host): (&NodeName, &HostState)| Node {
        present: host.up,
        address: host.address.clone(),
        versions: Versions {
            berth: host.version.clone(),
            driver: host.hardware.driver.clone(),
            ray: None,
        },
        problems: host
            .problem
            .iter()
            .chain(&host.hardware.problems)
            .cloned()
            .collect(),
        ..Node::new(name.clone(), NodeSource::Ssh, host.hardware.gpus.clone())
    };
    hosts.iter().map(node).collect()
}

/// Tells of each change.
async fn follow_hosts(
    mut states: watch::Receiver<HostStates>,
    nodes: watch::Sender<Option<Vec<Node>>>,
    samples: mpsc::Sender<Vec<GpuSample>>,
) {
    let mut looks = BTreeMap::new();
    while states.changed().await.is_ok() {
        let hosts = states.borrow_and_update().clone();
        let found = Some(nodes_of(&hosts));
        nodes.send_if_modified(|known| {
            let changed = *known != found;
            known.clone_from(&found);
            changed
        });
        let news: Vec<GpuSample> = hosts
            .into_iter()
            .filter(|(name, host)| looks.insert(name.clone(), host.looks) != Some(host.looks))
            .flat_map(|(_, host)| host.samples)
            .collect();
        if !news.is_empty() && samples.send(news).await.is_err() {
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
        place: Place::Here,
        sentence: format!("SIMULATED cluster of {nodes} nodes x {gpus} GPUs"),
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
