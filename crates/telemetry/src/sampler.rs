//! What the GPUs do now, from wherever it is known.

use std::path::{Path, PathBuf};

use berth_domain::{AttemptId, GpuSample, GpuUuid, Timestamp};
use tokio::sync::watch;

use crate::nvidia_smi;
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
    NvidiaSmi(PathBuf),
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

    #[must_use]
    pub fn nvidia_smi(program: &Path) -> Self {
        GpuSampler::NvidiaSmi(program.to_owned())
    }

    /// One sample of each GPU; none of those that do not answer.
    pub async fn sample(&mut self, leased: &[Leased], now: Timestamp) -> Vec<GpuSample> {
        match self {
            GpuSampler::Nothing => vec![],
            GpuSampler::Told(samples) => samples.borrow().clone(),
            GpuSampler::Simulated(gpus) => gpus.sample(leased, now),
            GpuSampler::NvidiaSmi(program) => {
                let fields = "uuid,utilization.gpu,memory.used,power.draw,temperature.gpu";
                match nvidia_smi::query(program, fields).await {
                    Ok(lines) => lines
                        .unwrap_or_default()
                        .iter()
                        .filter_map(|l| sample(l))
                        .collect(),
                    Err(error) => {
                        tracing::warn!(%error, "no samples");
                        vec![]
                    }
                }
            }
        }
    }
}

/// `[N/A]` and the like are unknown, not zero.
fn sample(line: &[String]) -> Option<GpuSample> {
    let [uuid, busy, memory, power, temperature] = line else {
        return None;
    };
    let number = |text: &String| text.parse::<f32>().ok();
    Some(GpuSample {
        gpu: GpuUuid(uuid.clone()),
        busy_pct: number(busy),
        mem_used_bytes: memory
            .parse::<u64>()
            .ok()
            .map(|mebibytes| mebibytes * 1024 * 1024),
        power_w: number(power),
        temp_c: number(temperature),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_absent() {
        let line = ["GPU-1", "97", "[N/A]", "412.55", "[Unknown Error]"].map(str::to_owned);
        let found = sample(&line).unwrap();
        assert_eq!(found.busy_pct, Some(97.0));
        assert_eq!(found.mem_used_bytes, None);
        assert_eq!(found.power_w, Some(412.55));
        assert_eq!(found.temp_c, None);
        assert_eq!(sample(&line[..3]), None);
    }
}
