//! The messages between the control loop and an executor.

use std::collections::BTreeMap;
use std::time::Duration;

use berth_domain::{Adopted, AttemptId, Lease, NoticeSignal, Report, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

/// Everything needed to run an attempt: one rank for each part of the lease, rank 0 first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LaunchOrder {
    pub attempt: AttemptId,
    pub job_name: String,
    pub command: Vec<String>,
    /// `None`: the job's own files folder.
    pub workdir: Option<String>,
    /// The uploaded folder in a copy of which it runs.
    pub package: Option<String>,
    /// What the user asked for; the executor adds what the lease means.
    pub env: BTreeMap<String, String>,
    pub lease: Lease,
    /// On each node one process for each GPU, instead of one.
    pub per_gpu: bool,
    /// The command has a terminal.
    pub interactive: bool,
    /// It runs already, started by somebody else: only its end is waited for.
    #[serde(default)]
    pub adopted: Option<Adopted>,
}

/// What a job hears before it is ended, so that it can save its work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastCall {
    pub why: Why,
    pub signal: NoticeSignal,
    /// As in [`berth_domain::Notice::script`].
    #[serde(default)]
    pub script: bool,
    /// When it will be told to end.
    pub until: Timestamp,
    /// How long that is from when it hears: clocks of hosts differ.
    pub lasts: Duration,
}

/// Why a job is to save its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Another job gets its GPUs; it is queued again.
    Preempted,
    TimeLimit,
    /// It holds GPUs and does not use them; it is queued again.
    Idle,
}

#[derive(Clone, Debug)]
pub enum Order {
    /// Start it; if its run folder shows that it was started before, adopt it instead.
    Launch(Box<LaunchOrder>),
    /// It is known to have run: watch it, or report how it ended. Never start it.
    Adopt(Box<LaunchOrder>),
    /// Have it save its work; it runs on.
    Call { attempt: AttemptId, call: LastCall },
    /// With a last call that first, and its time passes; then SIGTERM to the whole process tree,
    /// `grace`, SIGKILL. If it has not started, it must not. Another stop replaces this one.
    Stop {
        attempt: AttemptId,
        call: Option<LastCall>,
        grace: Duration,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub enum ExecutorEvent {
    /// Running and then exited, each at most once in a server's life.
    Report { attempt: AttemptId, report: Report },
    /// A rank wrote to its log.
    LogGrew { attempt: AttemptId, rank: u32 },
    /// Whether launching works at all, and why not.
    Health(Result<(), String>),
}

#[derive(Debug, thiserror::Error)]
pub enum ExecutorError {
    #[error("failed to listen for the shims at {path}: {source}")]
    Socket {
        path: String,
        source: std::io::Error,
    },
    #[error("failed to use the data folder {path}: {source}")]
    Data {
        path: String,
        source: std::io::Error,
    },
    #[error("failed to start the launcher thread: {0}")]
    Thread(std::io::Error),
    #[error("{0}")]
    Hosts(String),
}

/// Sends orders to an executor. Cheap to clone; the executor ends when the last one is dropped.
#[derive(Clone, Debug)]
pub struct ExecutorHandle {
    pub(crate) orders: mpsc::UnboundedSender<Order>,
}

impl ExecutorHandle {
    /// For an executor of one's own, which reads the other end.
    #[must_use]
    pub fn new(orders: mpsc::UnboundedSender<Order>) -> Self {
        ExecutorHandle { orders }
    }

    pub fn send(&self, order: Order) {
        // It only fails when the executor's task is gone, and then with the whole process.
        let _ = self.orders.send(order);
    }
}
