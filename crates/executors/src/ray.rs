//! The Ray executor: each rank in a job of Ray on the node of its lease. Ray is never the queue and
//! never chooses: a job is given to it with its lease in hand, pinned to its node, and the shim sets
//! the exact GPUs; Ray only counts them. The run folders, on a file system that all nodes see, are
//! how we know; Ray tells what they cannot: that a rank will never begin, or is gone.

mod job;
mod keeper;
mod kept;
mod launch;
mod tidy;

use std::path::Path;
use std::time::Duration;

use berth_domain::AttemptId;
use berth_ray::Ray;
use tokio::sync::mpsc;

use crate::launch::{Launcher, Place};
use crate::layout;
use crate::order::{ExecutorError, ExecutorEvent, ExecutorHandle, LaunchOrder};
use crate::prepare::RunConfig;
use crate::record::Meta;
use crate::watch::Watcher;
use keeper::{Ask, Keeper};

#[derive(Clone, Debug)]
pub struct RayConfig {
    /// `data_dir` and `shim` are paths that are right on every node.
    pub run: RunConfig,
    pub ray: Ray,
    /// Ray has this long to begin a job whose GPUs we hold.
    pub start_patience: Duration,
    /// A node may be away this long before what ran there is lost.
    pub node_grace: Duration,
}

impl RayConfig {
    #[must_use]
    pub fn new(run: RunConfig, ray: Ray) -> Self {
        RayConfig {
            run,
            ray,
            start_patience: Duration::from_secs(120),
            node_grace: Duration::from_secs(60),
        }
    }
}

/// What the ids of this data folder's jobs in Ray begin with, so that two Berths on one Ray never
/// take each other's jobs for their own. Made up once.
///
/// # Errors
/// When the data folder cannot be read or written.
pub fn id_prefix(data_dir: &Path) -> std::io::Result<String> {
    let tag = layout::tag(data_dir, layout::RAY_TAG)?;
    Ok(format!("berth-{tag}-"))
}

/// Starts the executor on the current tokio runtime.
///
/// # Errors
/// When the data folder cannot be written.
pub fn spawn(
    config: RayConfig,
    events: mpsc::UnboundedSender<ExecutorEvent>,
) -> Result<ExecutorHandle, ExecutorError> {
    let prefix = id_prefix(&config.run.data_dir).map_err(|source| ExecutorError::Data {
        path: config.run.data_dir.display().to_string(),
        source,
    })?;
    let (orders, inbox) = mpsc::unbounded_channel();
    let (tell, told) = mpsc::unbounded_channel();
    let (asks, asked) = mpsc::unbounded_channel();
    let watcher = Watcher::new(config.run.clone(), OnRay { asks }, events)?;
    tokio::spawn(Keeper::new(config, prefix, tell).run(asked));
    tokio::spawn(watcher.run(inbox, told));
    Ok(ExecutorHandle { orders })
}

/// The watcher's end; the keeper does the work.
struct OnRay {
    asks: mpsc::UnboundedSender<Ask>,
}

impl OnRay {
    fn ask(&self, ask: Ask) {
        // It only fails when the keeper is gone, and then with the whole process.
        let _ = self.asks.send(ask);
    }
}

impl Launcher for OnRay {
    const LOOK_EVERY: Duration = Duration::from_millis(150);
    const ASK_AGAIN: Option<Duration> = None;
    const NUDGED: bool = false;
    const COPIES: bool = false;

    fn launch(&mut self, order: &LaunchOrder) {
        self.ask(Ask::Launch(Box::new(order.clone())));
    }

    fn adopt(&mut self, order: &LaunchOrder, _may_launch: bool) {
        self.ask(Ask::Keep(Box::new(order.clone())));
    }

    /// Pids and locks are those of other hosts; the keeper says when a rank is gone.
    fn is_gone(&self, _place: &Place, _meta: &Meta) -> Option<String> {
        None
    }

    /// The shim looks for it by itself.
    fn tell_to_save(&mut self, _place: &Place) {}

    /// The shim looks for the record by itself. Should it not end, Ray is to end it.
    fn tell_to_stop(&mut self, place: &Place, grace: Duration) {
        let (attempt, rank) = (place.attempt, place.rank);
        self.ask(Ask::Stop {
            attempt,
            rank,
            grace,
        });
    }

    /// Its guard and Ray end what it left; there is no way to do more from here.
    fn bury(&mut self, _place: &Place, _meta: &Meta) {}

    fn forget(&mut self, attempt: AttemptId) {
        self.ask(Ask::Forget(attempt));
    }

    fn works_again(&mut self) -> bool {
        // The keeper says so.
        false
    }
}
