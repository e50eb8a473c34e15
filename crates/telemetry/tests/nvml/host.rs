//! A host whose driver is made up.

use std::path::PathBuf;
use std::time::Duration;

use berth_domain::{GpuSample, Timestamp};
use berth_fake_nvml::FakeNvml;
use berth_telemetry::{GpuSampler, Hardware, LocalGpus};
use tempfile::TempDir;

pub struct Host {
    pub folder: TempDir,
    pub driver: FakeNvml,
    pub gpus: LocalGpus,
}

impl Host {
    pub fn new(lines: &str) -> Self {
        Self::without(lines, &[])
    }

    /// Of an older driver that lacks these functions.
    pub fn without(lines: &str, functions: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let driver = FakeNvml::without(folder.path(), lines, functions);
        let library = driver.library().as_os_str().to_owned();
        let gpus = LocalGpus::new(Some(library), PathBuf::from("/nowhere/nvidia-smi"));
        Host {
            folder,
            driver,
            gpus,
        }
    }

    /// A call that hangs is soon given up.
    pub fn impatient(self) -> Self {
        let gpus = self.gpus.with_call_patience(Duration::from_millis(200));
        Host { gpus, ..self }
    }

    pub async fn look(&self) -> Hardware {
        self.gpus.look().await.unwrap().unwrap()
    }

    pub async fn samples(&self) -> Vec<GpuSample> {
        let mut sampler = GpuSampler::Local(self.gpus.clone());
        sampler.sample(&[], Timestamp::UNIX_EPOCH).await
    }

    /// Asks until what it says is so.
    pub async fn samples_when(&self, so: impl Fn(&[GpuSample]) -> bool) -> Vec<GpuSample> {
        loop {
            let samples = self.samples().await;
            if so(&samples) {
                return samples;
            }
            tokio::task::yield_now().await;
        }
    }
}
