//! The shim and the agent alone, as the tests start them in place of `berth-server`:
//! `shim shim RANK_DIR`, `shim agent DATA_DIR`.

use std::path::Path;
use std::time::Duration;

use berth_domain::{Gpu, GpuSample, NodeName};
use berth_executors::agent::{self, Hardware};
use berth_telemetry::inventory;

fn main() -> std::process::ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let verb = arguments.next().expect("a verb");
    let folder = arguments.next().expect("a folder");
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
    async fn gpus(&mut self) -> Result<Vec<Gpu>, String> {
        let node = inventory::nvidia_smi(Path::new("nvidia-smi"), NodeName::from("here")).await;
        let node = node.map_err(|error| error.to_string())?;
        Ok(node.map(|node| node.gpus).unwrap_or_default())
    }

    async fn sample(&mut self) -> Vec<GpuSample> {
        vec![]
    }

    fn pauses(&self) -> (Duration, Duration) {
        (Duration::from_secs(5), Duration::from_secs(1))
    }
}
