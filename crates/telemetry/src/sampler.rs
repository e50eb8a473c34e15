//! What the GPUs do now, from wherever it is known.

use berth_domain::{AttemptId, GpuSample, GpuUuid, Timestamp};
use tokio::sync::watch;

use crate::local::LocalGpus;
use crate::simulated::SimulatedGpus;

/// A GPU that an attempt holds.
#[derive(Clone, Debug)]
pub struct Leased {
    pub gpu: GpuUuid,
    pub since: Timestamp,
    pub attempt: AttemptId,
}

/// A source of samples.
#[derive(Debug)]
pub enum GpuSampler {
    Simulated(SimulatedGpus),
    Local(LocalGpus),
    /// What others sampled last.
    Told(watch::Receiver<Vec<GpuSample>>),
    /// Nothing that could be asked.
    Nothing,
}

impl GpuSampler {
    /// Of [`crate::inventory::simulated`].
    #[must_use]
    pub fn simulated(nodes: u32, gpus: u32) -> Self {
        GpuSampler::Simulated(SimulatedGpus::new(nodes, gpus))
    }

    /// One sample of each GPU; none of those that nothing is known of.
    pub async fn sample(&mut self, leased: &[Leased], now: Timestamp) -> Vec<GpuSample> {
        match self {
            GpuSampler::Nothing => vec![],
            GpuSampler::Told(samples) => samples.borrow().clone(),
            GpuSampler::Simulated(gpus) => gpus.sample(leased, now),
            GpuSampler::Local(gpus) => gpus.samples().await.unwrap_or_else(|error| {
                tracing::warn!(%error, "no samples");
                vec![]
            }),
        }
    }
}
