//! `berth-server agent FOLDER`: what runs on a host that is reached over SSH, with this host's
//! hardware.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use berth_domain::{Gpu, GpuSample, NodeName, Timestamp};
use berth_executors::agent::{self, Hardware};
use berth_telemetry::{GpuSampler, inventory};

const NVIDIA_SMI: &str = "nvidia-smi";
/// GPUs seldom come or go.
const BETWEEN_LOOKS: Duration = Duration::from_secs(60);
/// Coarser than on the server's own host: each sample goes over the network.
const BETWEEN_SAMPLES: Duration = Duration::from_secs(5);

pub fn main(folder: &Path) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let hardware = ThisHost {
        sampler: GpuSampler::nvidia_smi(Path::new(NVIDIA_SMI)),
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
    sampler: GpuSampler,
}

impl Hardware for ThisHost {
    async fn gpus(&mut self) -> Result<Vec<Gpu>, String> {
        // What the host is called, the server knows.
        let node = inventory::nvidia_smi(Path::new(NVIDIA_SMI), NodeName(String::new())).await;
        let node = node.map_err(|error| error.to_string())?;
        Ok(node.map(|node| node.gpus).unwrap_or_default())
    }

    async fn sample(&mut self) -> Vec<GpuSample> {
        // Only a simulated GPU asks for the time.
        self.sampler.sample(&[], Timestamp::UNIX_EPOCH).await
    }

    fn pauses(&self) -> (Duration, Duration) {
        (BETWEEN_LOOKS, BETWEEN_SAMPLES)
    }
}
