//! Lives of a server on one data folder, with an executor that is made up: a trial takes a moment and writes its
//! loss into its log. A life ends where its runtime does, with whatever was under way.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use berth_agent::campaign::{Waits, start as start_campaigns};
use berth_domain::campaign::Campaign;
use berth_domain::decide::Rules;
use berth_domain::{
    Actor, AttemptId, CampaignId, CampaignSpec, Command, Ended, Exit, Report, Role, Timestamp,
};
use berth_executors::{ExecutorEvent, ExecutorHandle, LaunchOrder, Order, layout};
use berth_health::Rules as HealthRules;
use berth_models::{Endpoints, ModelConfig};
use berth_orchestrator::{Breakpoints, Clock, Grace, Handle, Settings, View, start};
use berth_store::Store;
use berth_telemetry::{GpuSampler, inventory};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};

pub const PATIENCE: Duration = Duration::from_secs(120);

/// Times that only rise, so that what is read back from the store is what was written.
fn clock() -> Clock {
    Clock::new(|| {
        let now = Timestamp::now();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap()
    })
}

/// What ran across all lives of the server.
pub type Ran = Arc<std::sync::Mutex<BTreeSet<AttemptId>>>;

#[derive(Clone)]
struct Executor {
    data: PathBuf,
    ran: Ran,
    /// How long a trial takes, in milliseconds.
    takes_ms: Arc<AtomicU64>,
    reports: mpsc::UnboundedSender<ExecutorEvent>,
}

impl Executor {
    async fn run(self, mut orders: mpsc::UnboundedReceiver<Order>) {
        while let Some(order) = orders.recv().await {
            match order {
                // One that was launched before is taken up, as by any executor.
                Order::Launch(order) => {
                    self.ran.lock().unwrap().insert(order.attempt);
                    tokio::spawn(self.clone().trial(order));
                }
                // It ran on while the server was away.
                Order::Adopt(order) => drop(tokio::spawn(self.clone().trial(order))),
                Order::Stop { attempt, .. } => {
                    let ended = Ended::Signal { signal: 15 };
                    self.report(attempt, exit(ended));
                }
                Order::Call { .. } => {}
            }
        }
    }

    async fn trial(self, order: Box<LaunchOrder>) {
        let running = Report::Running { sessions: vec![] };
        self.report(order.attempt, running);
        let takes = self.takes_ms.load(Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(takes)).await;
        let value = |name: &str| {
            order
                .env
                .get(name)
                .and_then(|value| value.parse::<f64>().ok())
        };
        let lr = value("BERTH_PARAM_LR").unwrap();
        let epochs = value("BERTH_PARAM_EPOCHS").unwrap_or(9.0);
        let loss = 1.0 + (lr.log10() + 3.0).powi(2) + 1.0 / epochs;
        let log = layout::rank_dir(&self.data, order.attempt, 0).join(layout::LOG);
        fs::create_dir_all(&log).unwrap();
        let text = format!("epoch 0 loss=99\nepoch {epochs} loss={loss}\n");
        fs::write(log.join(format!("{:020}", 0)), text).unwrap();
        self.report(order.attempt, Report::Exited(Exit::code(0)));
    }

    fn report(&self, attempt: AttemptId, report: Report) {
        let _ = self.reports.send(ExecutorEvent::Report { attempt, report });
    }
}

fn exit(ended: Ended) -> Report {
    Report::Exited(Exit {
        ended,
        out_of_memory: false,
    })
}

/// A data folder, and what was made up for it.
pub struct Place {
    dir: tempfile::TempDir,
    pub ran: Ran,
    pub takes_ms: Arc<AtomicU64>,
    /// Those that it has from its next life on.
    pub models: Vec<ModelConfig>,
}

/// One life of the server.
pub struct Life {
    pub runtime: Runtime,
    handle: Handle,
    pub store: Store,
    pub waits: Waits,
}

impl Place {
    pub fn new(takes_ms: u64) -> Self {
        Place {
            dir: tempfile::tempdir().unwrap(),
            ran: Ran::default(),
            takes_ms: Arc::new(AtomicU64::new(takes_ms)),
            models: vec![],
        }
    }

    pub fn boot(&self) -> Life {
        let runtime = Runtime::new().unwrap();
        let (handle, store, waits) = runtime.block_on(self.serve(self.dir.path()));
        Life {
            runtime,
            handle,
            store,
            waits,
        }
    }

    async fn serve(&self, folder: &Path) -> (Handle, Store, Waits) {
        let store = Store::open(&folder.join("berth.db")).await.unwrap();
        let (events, reports) = mpsc::unbounded_channel();
        let (orders, inbox) = mpsc::unbounded_channel();
        let executor = Executor {
            data: folder.to_owned(),
            ran: self.ran.clone(),
            takes_ms: self.takes_ms.clone(),
            reports: events,
        };
        tokio::spawn(executor.run(inbox));
        let settings = Settings {
            clock: clock(),
            rules: Rules::default(),
            cpu_jobs_per_node: 4,
            grace: Grace {
                usual: Duration::from_secs(1),
                preempted: Duration::from_secs(1),
            },
            health: HealthRules::default(),
            data_dir: folder.to_owned(),
            breakpoints: Breakpoints::default(),
        };
        let (_, nodes) = watch::channel(Some(inventory::simulated(2, 8)));
        let executor = (ExecutorHandle::new(orders), reports);
        let sampler = GpuSampler::simulated(0, 0);
        let started = start(store.clone(), settings, nodes, sampler, executor).await;
        let (handle, _) = started.unwrap();
        let models = Endpoints::configured(&self.models, |_| None).unwrap();
        let (door, kept) = (handle.clone(), store.clone());
        let waits = start_campaigns(door, kept, folder.to_owned(), clock(), models);
        (handle, store, waits)
    }
}

impl Life {
    pub fn send(&self, actor: Actor, command: Command) -> Option<CampaignId> {
        let sent = self.handle.send(actor, command);
        self.runtime.block_on(sent).unwrap().campaign
    }

    /// Waits until what is shown is so.
    pub fn until(&self, mut ready: impl FnMut(&View) -> bool) -> Arc<View> {
        let mut views = self.handle.watch_view();
        self.runtime.block_on(async {
            // What was sent before is in it.
            self.handle.current().await;
            let wait = views.wait_for(|view| ready(view));
            let view = tokio::time::timeout(PATIENCE, wait).await;
            view.expect("it did not happen").unwrap().clone()
        })
    }

    /// Waits until the campaigns have looked at everything that is so now, and done what comes of it.
    pub fn until_done(&self) {
        self.runtime.block_on(async {
            let seq = self.handle.current().await.seq;
            let done = tokio::time::timeout(PATIENCE, self.waits.done(seq)).await;
            done.expect("the campaigns do not look");
        });
    }

    /// Waits until what is said of why it waits says this.
    pub fn until_waits(&self, id: CampaignId, says: &str) {
        let until = Instant::now() + PATIENCE;
        loop {
            let why = self.waits.of(id).unwrap_or_default();
            if why.contains(says) {
                return;
            }
            assert!(Instant::now() < until, "{why}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn jobs(&self) -> u64 {
        let all = berth_store::JobFilter::default();
        let page = berth_store::Page {
            limit: 500,
            cursor: None,
        };
        let found = self.runtime.block_on(self.store.jobs(&all, &page));
        found.unwrap().jobs.len() as u64
    }

    /// `kill -9`, as far as that goes within a process: the database's thread is none of the runtime's, and may
    /// be writing still when that has ended.
    pub fn kill(self) {
        self.runtime.shutdown_timeout(PATIENCE);
        std::thread::sleep(Duration::from_millis(300));
    }
}

pub fn ana() -> Actor {
    Actor::user("ana", Role::Admin)
}

pub fn spec(name: &str, strategy: &str) -> CampaignSpec {
    let text = format!(
        r#"{{
            "name": "{name}",
            "template": {{"command": ["train", "{{lr}}"], "time_limit": "10m"}},
            "space": {{"lr": {{"from": 1e-5, "to": 0.1, "scale": "log"}}}},
            "metric": {{"name": "loss", "better": "lower"}},
            "strategy": {strategy},
            "budget": {{"gpu_hours": 100, "at_once": 3}}
        }}"#
    );
    serde_json::from_str(&text).unwrap()
}

pub fn start_one(life: &Life, spec: CampaignSpec) -> CampaignId {
    life.send(ana(), Command::StartCampaign(Box::new(spec)))
        .unwrap()
}

pub fn campaign(view: &View, id: CampaignId) -> &Campaign {
    view.campaigns.iter().find(|one| one.id == id).unwrap()
}
