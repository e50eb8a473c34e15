//! Where samples come together: of each GPU from the best source that there is at the moment. A
//! daemon's are finer than those of the cluster's own source, and stand as long as they come.
//!
//! Nothing here waits or asks the time; who does is in the orchestrator.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use berth_domain::{Figure, GpuSample, GpuUuid, Node, NodeName, SampleSource, Timestamp};
use jiff::SignedDuration;

use crate::inventory;
use crate::wire::{Batch, Hello, SKEW_MS};

/// A daemon that said nothing for so long is silent: the coarser source stands in.
const SILENT: SignedDuration = SignedDuration::from_secs(5);
/// A daemon that was there comes back within this, with what it saw meanwhile: until then what the
/// coarser source says is shown but not kept.
const COMES_BACK: SignedDuration = SignedDuration::from_secs(60);
/// What was said of a GPU longer ago than this is not shown any more.
const STALE: SignedDuration = SignedDuration::from_secs(20);

/// So long an error that the driver told of is shown.
const TOLD: SignedDuration = SignedDuration::from_secs(5);

/// What was heard of the nodes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heard {
    /// Those of the inventory of which anything was heard since the server's start.
    pub nodes: BTreeMap<NodeName, NodeHeard>,
    /// Daemons of which the inventory knows no GPU, and how many they tell of.
    pub unknown: BTreeMap<NodeName, UnknownDaemon>,
}

impl Heard {
    /// Whether the two differ in times at most.
    #[must_use]
    pub fn is_like(&self, other: &Heard) -> bool {
        let timeless = |heard: &Heard| {
            let mut nodes = heard.nodes.clone();
            for node in nodes.values_mut() {
                node.last = Timestamp::UNIX_EPOCH;
                if let Some(daemon) = &mut node.daemon {
                    daemon.lag_ms = 0;
                }
            }
            nodes
        };
        self.unknown == other.unknown && timeless(self) == timeless(other)
    }
}

/// What was heard of a node.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeHeard {
    /// Of the last samples.
    pub source: SampleSource,
    /// When they were taken, by the server's clock.
    pub last: Timestamp,
    /// That is longer ago than any source needs between two.
    pub silent: bool,
    pub daemon: Option<DaemonHeard>,
}

/// What was heard of a node's daemon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DaemonHeard {
    pub connected: bool,
    /// Of Berth.
    pub version: String,
    /// Of the driver there.
    pub driver: Option<String>,
    /// How many looks it gave up because its buffer was full.
    pub dropped: u64,
    /// How long the last batch took from the look to here.
    pub lag_ms: i64,
    /// What is wrong with it, in sentences.
    pub problems: Vec<String>,
}

/// A daemon that is at the door of a cluster without its GPUs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownDaemon {
    pub gpus: usize,
    pub version: String,
}

/// All sources, and what each said last.
#[derive(Debug, Default)]
pub struct Hub {
    /// Where each GPU is.
    places: HashMap<GpuUuid, NodeName>,
    daemons: BTreeMap<NodeName, Daemon>,
    /// By node of the inventory the daemon that tells of its GPUs, where that has another name.
    voices: HashMap<NodeName, NodeName>,
    gpus: HashMap<GpuUuid, Last>,
    heard: BTreeMap<NodeName, (Timestamp, SampleSource)>,
}

#[derive(Debug)]
struct Daemon {
    /// Tells this one from another of the same name.
    connection: Option<u64>,
    hello: Option<Hello>,
    /// When it said something last; at the server's start, when it was waited for.
    heard: Timestamp,
    /// When it looked last, of what arrived.
    looked: Option<Timestamp>,
    dropped: u64,
    lag_ms: i64,
    skew_ms: i64,
}

#[derive(Debug)]
struct Last {
    sample: GpuSample,
    at: Timestamp,
    /// A daemon's, and it was not silent then.
    fine: bool,
    /// The errors that the driver told of, and when that was heard.
    told: Vec<(Timestamp, u32)>,
}

impl Hub {
    /// Daemons of these nodes were there before, and will come again.
    pub fn expect(&mut self, nodes: impl IntoIterator<Item = NodeName>, now: Timestamp) {
        for node in nodes {
            self.daemons.entry(node).or_insert_with(|| Daemon {
                connection: None,
                hello: None,
                heard: now,
                looked: None,
                dropped: 0,
                lag_ms: 0,
                skew_ms: 0,
            });
        }
    }

    /// Which nodes there are.
    pub fn inventory(&mut self, nodes: &[Node]) {
        let gpus = nodes
            .iter()
            .flat_map(|node| node.gpus.iter().map(move |gpu| (node, gpu)));
        self.places = gpus
            .map(|(node, gpu)| (gpu.uuid.clone(), node.name.clone()))
            .collect();
        self.gpus.retain(|gpu, _| self.places.contains_key(gpu));
        let names: BTreeSet<&NodeName> = nodes.iter().map(|node| &node.name).collect();
        self.heard.retain(|node, _| names.contains(node));
    }

    /// A daemon says who it is, for the first time over this connection or again.
    pub fn hello(&mut self, connection: u64, hello: Hello, now: Timestamp) {
        let node = hello.name.clone();
        self.expect([node.clone()], now);
        let mut is_new = false;
        if let Some(daemon) = self.daemons.get_mut(&node) {
            is_new = daemon.connection.replace(connection) != Some(connection);
            daemon.hello = Some(hello);
            daemon.heard = now;
        }
        if is_new && self.knows_nothing_of(&node) {
            tracing::warn!(%node, "a daemon of a node that is not part of the cluster");
        }
    }

    /// A connection ended.
    pub fn left(&mut self, node: &NodeName, connection: u64) {
        if let Some(daemon) = self.daemons.get_mut(node)
            && daemon.connection == Some(connection)
        {
            daemon.connection = None;
        }
    }

    /// What a daemon saw: when, and what is to be kept of it, by the inventory's UUIDs. Whoever keeps
    /// it leaves out what is kept already.
    pub fn batch(
        &mut self,
        node: &NodeName,
        batch: Batch,
        now: Timestamp,
    ) -> (Timestamp, Vec<GpuSample>) {
        let at = Timestamp::from_millisecond(batch.at)
            .unwrap_or(now)
            .min(now);
        let Some(daemon) = self.daemons.get_mut(node) else {
            return (at, vec![]);
        };
        daemon.heard = now;
        daemon.dropped = batch.dropped;
        daemon.skew_ms = batch.skew_ms;
        daemon.lag_ms = i64::try_from(now.duration_since(at).as_millis()).unwrap_or(i64::MAX);
        let fine = now.duration_since(at) < SILENT;
        // A connection that broke makes it say again what had arrived. Nothing is later than now,
        // unless our clock was set back.
        let again = daemon
            .looked
            .is_some_and(|looked| at <= looked && looked <= now);
        if !again {
            daemon.looked = Some(at);
        }
        let mut samples = Vec::with_capacity(batch.samples.len());
        for sample in batch.samples {
            let Some((gpu, place)) = self.known(node, &sample.gpu) else {
                continue;
            };
            if place == *node {
                self.voices.remove(&place);
            } else {
                self.voices.insert(place, node.clone());
            }
            let sample = GpuSample { gpu, ..sample };
            if !again {
                self.show(&sample, (at, now), fine);
            }
            samples.push(sample);
        }
        (at, samples)
    }

    /// What the cluster's own source says now; gives back what is to be kept of it.
    pub fn own(&mut self, samples: Vec<GpuSample>, now: Timestamp) -> Vec<GpuSample> {
        let mut kept = Vec::new();
        for sample in samples {
            let Some(node) = self.places.get(&sample.gpu) else {
                continue;
            };
            let heard = self.daemon_of(node).map(|daemon| daemon.heard);
            let comes_back = heard.is_some_and(|heard| now.duration_since(heard) < COMES_BACK);
            let last = self.gpus.get(&sample.gpu);
            let finer = last.is_some_and(|last| last.fine && now.duration_since(last.at) < SILENT);
            if !finer {
                self.show(&sample, (now, now), false);
            }
            if !comes_back {
                kept.push(sample);
            }
        }
        kept
    }

    fn show(&mut self, sample: &GpuSample, (at, now): (Timestamp, Timestamp), fine: bool) {
        let Some(node) = self.places.get(&sample.gpu) else {
            return;
        };
        let heard = self
            .heard
            .entry(node.clone())
            .or_insert((at, sample.source));
        if at >= heard.0 {
            *heard = (at, sample.source);
        }
        let mut sample = sample.clone();
        let told = std::mem::take(&mut sample.xids).into_iter();
        let told = told.map(|xid| (now, xid));
        match self.gpus.get_mut(&sample.gpu) {
            Some(last) => {
                last.told.extend(told);
                if last.at <= at {
                    (last.sample, last.at, last.fine) = (sample, at, fine);
                }
            }
            None => {
                let last = Last {
                    told: told.collect(),
                    at,
                    fine,
                    sample,
                };
                self.gpus.insert(last.sample.gpu.clone(), last);
            }
        }
    }

    /// What is known of each GPU now. The errors that the driver told of are those of the last few
    /// seconds, so that whoever looks in between sees them.
    pub fn picture(&mut self, now: Timestamp) -> HashMap<GpuUuid, GpuSample> {
        let shown = self.gpus.iter_mut().map(|(gpu, last)| {
            last.told.retain(|(at, _)| now.duration_since(*at) < TOLD);
            let xids = last.told.iter().map(|(_, xid)| *xid).collect();
            if now.duration_since(last.at) <= STALE {
                let sample = GpuSample {
                    xids,
                    ..last.sample.clone()
                };
                return (gpu.clone(), sample);
            }
            let why = format!(
                "nothing was heard of it for longer than {} s",
                STALE.as_secs()
            );
            let unknown = GpuSample {
                source: last.sample.source,
                xids,
                why: BTreeMap::from([(Figure::Gpu, why)]),
                ..GpuSample::of(gpu.clone())
            };
            (gpu.clone(), unknown)
        });
        shown.collect()
    }

    /// What is known of the nodes now.
    #[must_use]
    pub fn heard(&self, now: Timestamp) -> Heard {
        let node = |(name, (last, source)): (&NodeName, &(Timestamp, SampleSource))| {
            let heard = NodeHeard {
                source: *source,
                last: *last,
                silent: now.duration_since(*last) > STALE,
                daemon: self.daemon_of(name).and_then(|daemon| self.tell(daemon)),
            };
            (name.clone(), heard)
        };
        let connected = self
            .daemons
            .iter()
            .filter(|(_, daemon)| daemon.connection.is_some());
        let unknown = connected.filter(|(name, _)| self.knows_nothing_of(name));
        let unknown = unknown.filter_map(|(name, daemon)| {
            let hello = daemon.hello.as_ref()?;
            let daemon = UnknownDaemon {
                gpus: hello.gpus.len(),
                version: hello.version.clone(),
            };
            Some((name.clone(), daemon))
        });
        Heard {
            nodes: self.heard.iter().map(node).collect(),
            unknown: unknown.collect(),
        }
    }

    fn daemon_of(&self, node: &NodeName) -> Option<&Daemon> {
        self.daemons.get(self.voices.get(node).unwrap_or(node))
    }

    fn tell(&self, daemon: &Daemon) -> Option<DaemonHeard> {
        let hello = daemon.hello.as_ref()?;
        let strangers = hello.gpus.iter();
        let strangers = strangers.filter(|gpu| self.known(&hello.name, &gpu.uuid).is_none());
        let strangers = match strangers.count() {
            0 => None,
            1 => Some("Its daemon tells of a GPU that is not part of the cluster.".to_owned()),
            count => {
                let text = "GPUs that are not part of the cluster.";
                Some(format!("Its daemon tells of {count} {text}"))
            }
        };
        let mut problems = hello.problems.clone();
        problems.extend(strangers);
        problems.extend(skewed(daemon.skew_ms));
        Some(DaemonHeard {
            connected: daemon.connection.is_some(),
            version: hello.version.clone(),
            driver: hello.driver.clone(),
            dropped: daemon.dropped,
            lag_ms: daemon.lag_ms,
            problems,
        })
    }

    /// What a daemon's GPU is called here, and where it is: by its UUID or, where the inventory made
    /// one up, by its node and index.
    fn known(&self, daemon: &NodeName, uuid: &GpuUuid) -> Option<(GpuUuid, NodeName)> {
        if let Some(place) = self.places.get(uuid) {
            return Some((uuid.clone(), place.clone()));
        }
        let hello = self.daemons.get(daemon)?.hello.as_ref()?;
        let index = hello.gpus.iter().find(|gpu| gpu.uuid == *uuid)?.index;
        let made_up = inventory::made_up(daemon, index);
        let place = self.places.get(&made_up)?.clone();
        Some((made_up, place))
    }

    fn knows_nothing_of(&self, daemon: &NodeName) -> bool {
        let hello = self
            .daemons
            .get(daemon)
            .and_then(|known| known.hello.as_ref());
        let mut gpus = hello.iter().flat_map(|hello| &hello.gpus);
        let is_named = self.places.values().any(|place| place == daemon);
        !is_named && !gpus.any(|gpu| self.places.contains_key(&gpu.uuid))
    }
}

/// Whole seconds: what hardly changes is not told anew.
fn skewed(skew_ms: i64) -> Option<String> {
    let seconds = skew_ms.unsigned_abs().saturating_add(500) / 1000;
    let which = if skew_ms > 0 { "ahead of" } else { "behind" };
    (skew_ms.unsigned_abs() > SKEW_MS).then(|| {
        format!("Its clock is {seconds} s {which} the server's. Samples are set right; have both follow a time server.")
    })
}

#[cfg(test)]
mod tests;
