//! What the GPUs do now, from wherever it is known.

use std::time::Duration;

use berth_domain::{AttemptId, GpuSample, GpuUuid, Timestamp};
use tokio::sync::mpsc;

use crate::local::LocalGpus;
use crate::ray::RayStatistics;
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
    Ray(RayStatistics),
    /// What others sample, as they tell it.
    Told(mpsc::Receiver<Vec<GpuSample>>),
}

impl GpuSampler {
    /// Of [`crate::inventory::simulated`].
    #[must_use]
    pub fn simulated(nodes: u32, gpus: u32) -> Self {
        GpuSampler::Simulated(SimulatedGpus::new(nodes, gpus))
    }

    /// How often it can be asked.
    #[must_use]
    pub fn every(&self) -> Duration {
        match self {
            GpuSampler::Ray(_) => RayStatistics::EVERY,
            _ => Duration::from_secs(1),
        }
    }

    /// One sample of each GPU of which something is known. Waits for those that others tell.
    pub async fn sample(&mut self, leased: &[Leased], now: Timestamp) -> Vec<GpuSample> {
        match self {
            GpuSampler::Told(samples) => match samples.recv().await {
                Some(samples) => samples,
                None => std::future::pending().await,
            },
            GpuSampler::Simulated(gpus) => gpus.sample(leased, now),
            GpuSampler::Ray(statistics) => statistics.samples().await,
            GpuSampler::Local(gpus) => gpus.samples().await.unwrap_or_else(|error| {
                tracing::warn!(%error, "no samples");
                vec![]
            }),
        }
    }
}
