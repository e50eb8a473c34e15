//! Where samples come together: the cluster's own source and the nodes' daemons, in a
//! [`Hub`](berth_telemetry::hub::Hub); apart from the control loop.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use berth_domain::{GpuSample, Node, NodeName};
use berth_telemetry::hub::{Heard, Hub};
use berth_telemetry::{Batch, GpuSampler, Leased};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until};

use crate::clock::Clock;
use crate::daemons::FromDaemon;
use crate::view::{Samples, View};

/// All nodes look at the same moment: what arrives within this is shown at once.
const SETTLE: Duration = Duration::from_millis(50);
/// What is shown changes no more often than this.
const SHOW_AT_MOST: Duration = Duration::from_millis(250);
/// And it is looked at this often whether it is still true.
const SHOW_AT_LEAST: Duration = Duration::from_secs(5);

/// What it hears, and whom it tells.
pub(crate) struct Sampling {
    pub(crate) clock: Clock,
    pub(crate) view: watch::Receiver<Arc<View>>,
    pub(crate) daemons: mpsc::Receiver<FromDaemon>,
    pub(crate) samples: watch::Sender<Samples>,
    pub(crate) heard: watch::Sender<Arc<Heard>>,
    /// Where they are kept.
    pub(crate) keep: mpsc::Sender<Batch>,
}

impl Sampling {
    /// Runs until the control loop ends. Daemons of the nodes in `expected` were there before.
    pub(crate) async fn run(mut self, sampler: GpuSampler, expected: Vec<NodeName>) {
        // The first view knows the nodes. Its sender is the control loop: when that is gone, so are we.
        if self.view.changed().await.is_err() {
            return;
        }
        let mut hub = Hub::default();
        let mut nodes = vec![];
        let mut connections = HashMap::new();
        hub.expect(expected, self.clock.now());
        self.learn(&mut hub, &mut nodes);
        let (tell, mut own) = mpsc::channel(4);
        let asking = ask(sampler, self.clock.clone(), self.view.clone(), tell);
        let asking = tokio::spawn(asking);
        let mut shown = Instant::now();
        let mut due = shown;
        loop {
            tokio::select! {
                changed = self.view.changed() => {
                    if changed.is_err() {
                        break;
                    }
                    self.learn(&mut hub, &mut nodes);
                }
                Some(samples) = own.recv() => {
                    let at = self.clock.now();
                    let samples = hub.own(samples, at);
                    let (node, kept) = (None, None);
                    self.keep(Batch { at, node, samples, kept }).await;
                }
                Some(word) = self.daemons.recv() => self.take(&mut hub, &mut connections, word).await,
                () = sleep_until(due) => {
                    self.show(&mut hub);
                    shown = Instant::now();
                    due = shown + SHOW_AT_LEAST;
                    continue;
                }
            }
            due = due.min((Instant::now() + SETTLE).max(shown + SHOW_AT_MOST));
        }
        asking.abort();
    }

    fn learn(&mut self, hub: &mut Hub, nodes: &mut Vec<Node>) {
        let view = self.view.borrow_and_update();
        if view.nodes != *nodes {
            hub.inventory(&view.nodes);
            nodes.clone_from(&view.nodes);
        }
    }

    async fn take(
        &self,
        hub: &mut Hub,
        connections: &mut HashMap<NodeName, oneshot::Sender<()>>,
        word: FromDaemon,
    ) {
        let now = self.clock.now();
        match word {
            // Whoever holds the other end of the one before ends.
            FromDaemon::Joined { node, replaced } => drop(connections.insert(node, replaced)),
            FromDaemon::Hello { connection, hello } => hub.hello(connection, hello, now),
            FromDaemon::Batch {
                node,
                batch,
                on_disk,
            } => {
                let (at, samples) = hub.batch(&node, batch, now);
                let (node, kept) = (Some(node), Some(on_disk));
                let batch = Batch {
                    at,
                    node,
                    samples,
                    kept,
                };
                self.keep(batch).await;
            }
            FromDaemon::Left { node, connection } => hub.left(&node, connection),
        }
    }

    /// Whoever keeps them is never far behind: it takes them at once, and writes them later.
    async fn keep(&self, mut batch: Batch) {
        if !batch.samples.is_empty() {
            // It fails when the server ends: then nothing is told, and a daemon sends it again.
            let _ = self.keep.send(batch).await;
        } else if let Some(kept) = batch.kept.take() {
            let _ = kept.send(());
        }
    }

    fn show(&self, hub: &mut Hub) {
        let now = self.clock.now();
        let heard = hub.heard(now);
        // Nobody is woken for the time alone.
        self.heard.send_if_modified(|old| {
            let news = !old.is_like(&heard);
            *old = Arc::new(heard);
            news
        });
        let picture = hub.picture(now);
        self.samples.send_if_modified(|old| {
            let changed = **old != picture;
            if changed {
                *old = Arc::new(picture);
            }
            changed
        });
    }
}

/// Asks the cluster's own source, which may take its time.
async fn ask(
    mut sampler: GpuSampler,
    clock: Clock,
    view: watch::Receiver<Arc<View>>,
    tell: mpsc::Sender<Vec<GpuSample>>,
) {
    let mut ticks = tokio::time::interval(sampler.every());
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let leased = leased(&view.borrow());
        let found = sampler.sample(&leased, clock.now()).await;
        if !found.is_empty() && tell.send(found).await.is_err() {
            return;
        }
    }
}

fn leased(view: &View) -> Vec<Leased> {
    let attempts = view
        .active
        .iter()
        .filter_map(|job| Some((job.attempt_id()?, job.attempt()?)));
    attempts
        .flat_map(|(id, attempt)| {
            attempt.lease.gpus().map(move |(_, gpu)| Leased {
                gpu: gpu.uuid.clone(),
                since: attempt.granted_at,
                attempt: id,
            })
        })
        .collect()
}
