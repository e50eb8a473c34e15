//! How the loop starts: what it needs to know, and the tasks around it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use berth_domain::Node;
use berth_domain::decide::Rules;
use berth_domain::job::Illegal;
use berth_executors::{ExecutorEvent, ExecutorHandle};
use berth_health::{Health, Rules as HealthRules};
use berth_store::{Store, StoreError};
use berth_telemetry::GpuSampler;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::{Control, Inbox, show};
use crate::breakpoint::Breakpoints;
use crate::clock::Clock;
use crate::daemons::Daemons;
use crate::forecaster;
use crate::foretold::Unwritten;
use crate::handle::{Handle, Progress};
use crate::keeping::Keeping;
use crate::memory;
use crate::planning::Planning;
use crate::sampling::Sampling;
use crate::view::View;
use crate::watching;

/// How many requests may wait for the loop before callers wait to send theirs.
const REQUEST_QUEUE: usize = 1024;

/// What the loop needs to know.
#[derive(Clone, Debug)]
pub struct Settings {
    pub clock: Clock,
    pub rules: Rules,
    /// How many jobs without GPUs one node runs at once, unless the policy says otherwise.
    pub cpu_jobs_per_node: u32,
    pub grace: Grace,
    /// What is looked for.
    pub health: HealthRules,
    /// Where the server keeps its data.
    pub data_dir: PathBuf,
    pub breakpoints: Breakpoints,
}

/// How long a job has to save and end.
#[derive(Clone, Copy, Debug)]
pub struct Grace {
    /// Between SIGTERM and SIGKILL; and before SIGTERM at its time limit, if it did not ask to be told
    /// earlier.
    pub usual: Duration,
    /// Before SIGTERM when it makes room for another, if it did not say how long it takes.
    pub preempted: Duration,
}

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("failed to read the state: {0}")]
    Store(#[from] StoreError),
    #[error("the state does not accept the inventory: {0}")]
    Illegal(#[from] Illegal),
}

/// Loads the state, takes up what ran before, and starts the loop and the tasks beside it.
///
/// `nodes` is the inventory, complete, as it is now and as it changes; `None` as long as nobody can
/// say. The loop ends when every [`Handle`] is dropped.
///
/// # Errors
/// When the store cannot be read or written.
pub async fn start(
    store: Store,
    settings: Settings,
    nodes: watch::Receiver<Option<Vec<Node>>>,
    sampler: GpuSampler,
    (executor, reports): (ExecutorHandle, mpsc::UnboundedReceiver<ExecutorEvent>),
) -> Result<(Handle, JoinHandle<()>), StartError> {
    let state = store.load().await?;
    let learned = memory::of_journal(&store, &state, settings.clock.now()).await?;
    let (requests, requests_inbox) = mpsc::channel(REQUEST_QUEUE);
    let (view, view_reader) = watch::channel(Arc::new(View::default()));
    let (samples, samples_reader) = watch::channel(Arc::default());
    let (logs, _) = broadcast::channel(1024);
    let (keeping, doors) = Keeping::restore(store.clone(), &state, settings.clock.clone()).await?;
    tokio::spawn(keeping.run());
    let (daemons, from_daemons) = Daemons::new();
    let (heard, heard_reader) = watch::channel(Arc::default());
    let sampling = Sampling {
        clock: settings.clock.clone(),
        view: view_reader.clone(),
        daemons: from_daemons,
        samples,
        heard,
        keep: doors.history.batches(),
    };
    let with_tokens = store.node_tokens().await?.into_iter();
    let expected = with_tokens.map(|token| token.node).collect();
    tokio::spawn(sampling.run(sampler, expected));
    let (saw, seen) = mpsc::channel(1);
    let watch = watching::Watch {
        health: Health::new(settings.health.clone()),
        clock: settings.clock.clone(),
        view: view_reader.clone(),
        samples: samples_reader.clone(),
        heard: heard_reader.clone(),
        logs: logs.subscribe(),
        data_dir: settings.data_dir.clone(),
        saw,
    };
    let (to_forecast, to_forecast_reader) = watch::channel(Arc::new(Planning::default()));
    let (made, forecasts) = mpsc::channel(1);
    tokio::spawn(forecaster::run(
        settings.clock.clone(),
        to_forecast_reader,
        made,
    ));
    let policy = show::chosen(&state, settings.cpu_jobs_per_node);
    let progress = Arc::new(Progress::default());
    progress.applied.store(state.seq.0, Ordering::Release);
    let mut control = Control {
        state,
        store,
        settings,
        executor,
        committed: doors.records,
        logs: logs.clone(),
        view,
        to_forecast,
        progress: progress.clone(),
        policy,
        learned,
        foretold: Unwritten::default(),
        plan: Arc::default(),
        planning: Arc::default(),
        forecasts: Arc::default(),
        executor_down: None,
        plan_stale: true,
        planning_stale: true,
        publish_due: Some(Instant::now()),
        last_published: None,
    };
    let first = nodes.borrow().clone();
    control.take_up(first).await?;
    // Not before: to who looks at nothing, nothing is wrong any more.
    tokio::spawn(watch.run());
    let handle = Handle {
        requests,
        view: view_reader,
        progress,
        samples: samples_reader,
        heard: heard_reader,
        daemons,
        logs,
        history: doors.history,
    };
    let inbox = Inbox {
        requests: requests_inbox,
        reports,
        forecasts,
        seen,
        nodes: Some(nodes),
    };
    Ok((handle, tokio::spawn(control.run(inbox))))
}
