//! The door: the only way to change anything, and the place to look.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use berth_domain::audit::Origin;
use berth_domain::{Actor, AttemptId, CampaignId, Command, Job, JobId, Refusal, ReservationId};
use berth_telemetry::hub::Heard;
use tokio::sync::{Notify, broadcast, mpsc, oneshot, watch};

use crate::daemons::Daemons;
use crate::keeping::History;
use crate::view::{Samples, View};

/// What a command did.
#[derive(Clone, Debug)]
pub struct Done {
    /// The jobs it was about, as they are after it; of an array all tasks.
    pub jobs: Vec<Job>,
    /// The idempotency key was known: these jobs are from then. A job from long ago is only named.
    pub repeated: Option<JobId>,
    /// The reservation that was made, changed, cancelled or ended.
    pub reservation: Option<ReservationId>,
    /// The campaign that was started or changed.
    pub campaign: Option<CampaignId>,
}

#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("failed to write it down, so it was not done: {0}")]
    NotWritten(#[from] berth_store::StoreError),
    #[error("the control loop has stopped")]
    Stopped,
}

/// The log of an attempt's rank grew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogGrew {
    pub attempt: AttemptId,
    pub rank: u32,
}

pub(crate) struct Request {
    pub(crate) actor: Actor,
    pub(crate) origin: Origin,
    pub(crate) command: Command,
    pub(crate) reply: oneshot::Sender<Result<Done, CommandError>>,
}

/// How far the loop is, and that somebody would like to see it.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// The last event that is on disk and applied.
    pub(crate) applied: AtomicU64,
    pub(crate) look: Notify,
    /// How often it planned, and how long that took together, in nanoseconds.
    pub(crate) plans: AtomicU64,
    pub(crate) planned_ns: AtomicU64,
}

/// Talks to the control loop. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Handle {
    pub(crate) requests: mpsc::Sender<Request>,
    pub(crate) view: watch::Receiver<Arc<View>>,
    pub(crate) progress: Arc<Progress>,
    pub(crate) samples: watch::Receiver<Samples>,
    pub(crate) heard: watch::Receiver<Arc<Heard>>,
    pub(crate) daemons: Daemons,
    pub(crate) logs: broadcast::Sender<LogGrew>,
    pub(crate) history: History,
}

impl Handle {
    /// Sends a command and waits until it is committed or refused.
    ///
    /// # Errors
    /// When it is refused, cannot be written, or the loop has stopped. Nothing was changed then.
    pub async fn send(&self, actor: Actor, command: Command) -> Result<Done, CommandError> {
        self.send_from(Origin::default(), actor, command).await
    }

    /// Sends a command that came in by a door, which the audit log tells.
    ///
    /// # Errors
    /// As [`Handle::send`].
    pub async fn send_from(
        &self,
        origin: Origin,
        actor: Actor,
        command: Command,
    ) -> Result<Done, CommandError> {
        let (reply, answer) = oneshot::channel();
        let request = Request {
            actor,
            origin,
            command,
            reply,
        };
        self.requests
            .send(request)
            .await
            .map_err(|_| CommandError::Stopped)?;
        answer.await.map_err(|_| CommandError::Stopped)?
    }

    /// The cluster and its queue, at most a moment old.
    #[must_use]
    pub fn view(&self) -> Arc<View> {
        self.view.borrow().clone()
    }

    /// The view with everything that was done before the call: who sent a command sees what it did.
    pub async fn current(&self) -> Arc<View> {
        let wanted = self.progress.applied.load(Ordering::Acquire);
        let mut view = self.view.clone();
        if view.borrow().seq.0 < wanted {
            self.progress.look.notify_one();
        }
        match view.wait_for(|view| view.seq.0 >= wanted).await {
            Ok(view) => view.clone(),
            // The loop has stopped: the last view is all there is.
            Err(_) => self.view(),
        }
    }

    /// Wakes when the view changed.
    #[must_use]
    pub fn watch_view(&self) -> watch::Receiver<Arc<View>> {
        self.view.clone()
    }

    /// How often the loop planned since its start, and how long that took together.
    #[must_use]
    pub fn planned(&self) -> (u64, Duration) {
        let plans = self.progress.plans.load(Ordering::Relaxed);
        let took = self.progress.planned_ns.load(Ordering::Relaxed);
        (plans, Duration::from_nanos(took))
    }

    /// What the GPUs do.
    #[must_use]
    pub fn samples(&self) -> Samples {
        self.samples.borrow().clone()
    }

    #[must_use]
    pub fn watch_samples(&self) -> watch::Receiver<Samples> {
        self.samples.clone()
    }

    /// What was heard of the nodes: when last, and from where.
    #[must_use]
    pub fn heard(&self) -> Arc<Heard> {
        self.heard.borrow().clone()
    }

    /// Wakes when more of it changed than times.
    #[must_use]
    pub fn watch_heard(&self) -> watch::Receiver<Arc<Heard>> {
        self.heard.clone()
    }

    /// The door for the nodes' daemons.
    #[must_use]
    pub fn daemons(&self) -> &Daemons {
        &self.daemons
    }

    /// What the GPUs did, and where batches of samples go to be kept.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Which logs grew. A receiver that is too slow misses some and asks the files.
    #[must_use]
    pub fn watch_logs(&self) -> broadcast::Receiver<LogGrew> {
        self.logs.subscribe()
    }
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request")
            .field("command", &self.command)
            .finish_non_exhaustive()
    }
}
