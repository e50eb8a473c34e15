//! What is known of a job, whether it waits or runs.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use berth_domain::{Constraints, JobId, MoveTo, PriorityClass, Rank, Timestamp, UserName};

use crate::predict::RunTime;

/// Everything about a job that a decision may rest on. What only the future knows (how long it
/// really runs) is not here.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Facts {
    pub id: JobId,
    pub class: PriorityClass,
    /// Its place in the order of submission, which people can change.
    pub rank: Rank,
    /// Where a person put it, if one did.
    pub moved: Option<MoveTo>,
    pub nodes: u32,
    /// On each node; 0 for a job that needs no GPU.
    pub gpus_per_node: u32,
    /// What it asks of nodes and GPUs besides; `None`: nothing.
    pub constraints: Option<Arc<Constraints>>,
    pub owner: UserName,
    pub project: Option<String>,
    pub submitted_at: Timestamp,
    /// What the user asked for: the job is ended when it ran this long.
    pub time_limit: Duration,
    /// It saves its work and may be stopped and resumed.
    pub preemptible: bool,
    /// Useful run time of earlier attempts: what a resumed job does not repeat.
    pub service: Duration,
    /// How often it was preempted.
    pub preemptions: u32,
    /// The predicted whole run time; `None` when nothing is known yet. It travels apart: see
    /// [`Carried`](crate::Carried).
    #[serde(skip)]
    pub predicted: Option<Arc<RunTime>>,
    /// When its owner wants it to be done.
    pub deadline: Option<Timestamp>,
    /// The array whose limit it counts against, and the limit.
    pub array: Option<(JobId, Option<u32>)>,
}

impl Facts {
    /// A normal job of one GPU with a limit of 24 h, submitted at the epoch: for tests and tools,
    /// which change what matters to them.
    #[must_use]
    pub fn new(id: JobId) -> Self {
        Facts {
            id,
            class: PriorityClass::Normal,
            rank: Rank::ordinal(id.0),
            moved: None,
            nodes: 1,
            gpus_per_node: 1,
            constraints: None,
            owner: UserName::from("user"),
            project: None,
            submitted_at: Timestamp::UNIX_EPOCH,
            time_limit: Duration::from_secs(24 * 3600),
            preemptible: false,
            service: Duration::ZERO,
            preemptions: 0,
            predicted: None,
            deadline: None,
            array: None,
        }
    }

    /// On all nodes together.
    #[must_use]
    pub fn gpus(&self) -> u32 {
        self.nodes.saturating_mul(self.gpus_per_node)
    }
}
