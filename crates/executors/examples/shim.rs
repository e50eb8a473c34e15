//! The shim and the agent alone, as the tests start them in place of `berth-server`:
//! `shim shim RANK_DIR`, `shim agent DATA_DIR`.

use std::path::Path;
use std::time::Duration;

use berth_domain::GpuSample;
use berth_executors::agent::{self, Found, Hardware};
use berth_telemetry::LocalGpus;

fn main() -> std::process::ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let verb = arguments.next().expect("a verb");
    let folder = arguments.next().expect("a folder");
    if verb == "follow" {
        return berth_executors::shim::follow(&folder.to_string_lossy());
    }
    if verb == "shim" {
        return berth_executors::shim::main(Path::new(&folder));
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let served = runtime.block_on(agent::serve(Path::new(&folder), ThisHost));
    match served {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            std::process::ExitCode::FAILURE
        }
    }
}

struct ThisHost;

impl Hardware for ThisHost {
    async fn look(&mut self) -> Result<Found, String> {
        let gpus = LocalGpus::new(None, "nvidia-smi".into());
        let found = gpus.look().await.map_err(|error| error.to_string())?;
        let gpus = found.map(|found| found.gpus).unwrap_or_default();
        Ok(Found {
            gpus,
            ..Found::default()
        })
    }

    async fn sample(&mut self) -> Vec<GpuSample> {
        vec![]
    }

    fn pauses(&self) -> (Duration, Duration) {
        (Duration::from_secs(5), Duration::from_secs(1))
    }
}
