//! What is looked at.

use std::collections::HashMap;
use std::time::Duration;

use berth_domain::{
    Alert, AttemptId, Cordons, Foreign, Gpu, GpuSample, GpuUuid, Job, JobId, Node, NodeName, Place,
    Subject, Timestamp,
};

/// The cluster at a moment.
#[derive(Clone, Copy, Debug)]
pub struct Observed<'a> {
    pub now: Timestamp,
    pub nodes: &'a [Node],
    pub cordons: &'a Cordons,
    /// Who holds which GPU.
    pub holders: &'a HashMap<GpuUuid, JobId>,
    /// What holds a lease.
    pub active: &'a [Job],
    /// What waits, and what ended last, newest first.
    pub queue: &'a [Job],
    pub recent: &'a [Job],
    pub samples: &'a HashMap<GpuUuid, GpuSample>,
    /// When each node was heard of last; those that nobody asks are left out.
    pub heard: &'a HashMap<NodeName, Timestamp>,
    /// When each attempt wrote to its log last, as far as is known.
    pub logs: &'a HashMap<AttemptId, Timestamp>,
    /// Where the server keeps its data.
    pub disk: Option<Disk>,
    /// How long the ordinary jobs wait that only wait for GPUs.
    pub waits: &'a [Duration],
    /// What is wrong already.
    pub alerts: &'a [Alert],
    /// Who was seen outside every lease before.
    pub foreign: &'a Foreign,
}

/// A file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disk {
    pub free_bytes: u64,
    pub total_bytes: u64,
}

/// A GPU, where it is, who holds it, and what it does.
pub(crate) struct GpuNow<'a> {
    pub(crate) place: Place,
    pub(crate) gpu: &'a Gpu,
    pub(crate) holder: Option<&'a Job>,
    /// `None`: nothing is known of it now.
    pub(crate) sample: Option<&'a GpuSample>,
}

impl GpuNow<'_> {
    pub(crate) fn subject(&self) -> Subject {
        Subject::Gpu {
            place: self.place.clone(),
            gpu: self.gpu.uuid.clone(),
        }
    }

    /// The share of its memory that is used, in per cent.
    #[expect(clippy::cast_precision_loss, reason = "a share needs no exact bytes")]
    pub(crate) fn memory_pct(&self) -> Option<f64> {
        let used = self.sample?.mem_used_bytes?;
        let total = self.gpu.mem_total_bytes;
        (total > 0).then(|| 100.0 * used as f64 / total as f64)
    }
}

impl<'a> Observed<'a> {
    /// The GPUs of all nodes that answer.
    pub(crate) fn gpus(&self) -> impl Iterator<Item = GpuNow<'a>> {
        let this = *self;
        let jobs: HashMap<JobId, &Job> = this.active.iter().map(|job| (job.id, job)).collect();
        let present = this.nodes.iter().filter(|node| node.present);
        present
            .flat_map(|node| node.gpus.iter().map(move |gpu| (node, gpu)))
            .map(move |(node, gpu)| GpuNow {
                place: Place {
                    node: node.name.clone(),
                    gpu: Some(gpu.index),
                },
                gpu,
                holder: this
                    .holders
                    .get(&gpu.uuid)
                    .and_then(|job| jobs.get(job).copied()),
                sample: this.samples.get(&gpu.uuid),
            })
    }
}
