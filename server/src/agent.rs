//! `berth-server agent FOLDER`: what runs on a host that is reached over SSH, with this host's
//! hardware.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use berth_domain::{GpuSample, Timestamp};
use berth_executors::agent::{self, Found, Hardware};
use berth_telemetry::{GpuSampler, LocalGpus};

/// GPUs seldom come or go.
const BETWEEN_LOOKS: Duration = Duration::from_secs(60);
/// Coarser than on the server's own host: each sample goes over the network.
const BETWEEN_SAMPLES: Duration = Duration::from_secs(5);

pub fn main(folder: &Path) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let gpus = LocalGpus::new(None, "nvidia-smi".into());
    let hardware = ThisHost {
        sampler: GpuSampler::Local(gpus.clone()),
        gpus,
    };
    let served = runtime.and_then(|runtime| runtime.block_on(agent::serve(folder, hardware)));
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

struct ThisHost {
    gpus: LocalGpus,
    sampler: GpuSampler,
}

impl Hardware for ThisHost {
    async fn look(&mut self) -> Result<Found, String> {
        let found = self.gpus.look().await.map_err(|error| error.to_string())?;
        Ok(found.map_or_else(Found::default, |found| Found {
            gpus: found.gpus,
            driver: found.driver,
            problems: found.problems,
        }))
    }

    async fn sample(&mut self) -> Vec<GpuSample> {
        // Only a simulated GPU asks for the time.
        self.sampler.sample(&[], Timestamp::UNIX_EPOCH).await
    }

    fn pauses(&self) -> (Duration, Duration) {
        (BETWEEN_LOOKS, BETWEEN_SAMPLES)
    }
}
