//! Samples on their way to what keeps them.

use berth_domain::{GpuSample, NodeName, Timestamp};
use tokio::sync::oneshot;

/// What was sampled at one moment.
#[derive(Debug)]
pub struct Batch {
    /// When, by the clock of the node: up to an hour ago if it was kept back there.
    pub at: Timestamp,
    /// Where; `None`: on several nodes. It counts only for GPUs of which the journal says nothing.
    pub node: Option<NodeName>,
    pub samples: Vec<GpuSample>,
    /// Is told when the batch is on disk, or was there already. Dropped without a word when the
    /// server ends before: then send it again.
    pub kept: Option<oneshot::Sender<()>>,
}
