//! `berth-server node`: what this host's GPUs do.

mod print;

use std::path::PathBuf;
use std::time::Duration;

use berth_telemetry::LocalGpus;

use self::print::Row;
use crate::AnyError;
use crate::config::Config;

/// Between the two samples of which `--once` shows the second: some figures compare two.
const BETWEEN: Duration = Duration::from_millis(200);

#[derive(Debug, clap::Args)]
pub struct NodeArgs {
    /// Print one sample of every GPU, and end.
    #[arg(long, required = true)]
    once: bool,
    /// As a JSON array, one object a GPU; what is not known is null, and `why` says why.
    #[arg(long)]
    json: bool,
    /// The NVIDIA driver's library. Default: `BERTH_NVML_LIB`, else libnvidia-ml.so.1.
    #[arg(long, value_name = "PATH")]
    nvml_lib: Option<PathBuf>,
}

pub async fn run(config: &Config, args: NodeArgs) -> Result<(), AnyError> {
    let gpus = match args.nvml_lib {
        Some(library) => LocalGpus::new(Some(library.into()), "nvidia-smi".into()),
        None => crate::inventory::local_gpus(config),
    };
    once(&gpus, args.json).await
}

/// Prints one sample of every GPU.
async fn once(gpus: &LocalGpus, json: bool) -> Result<(), AnyError> {
    let found = gpus.look().await?.ok_or(
        "this host has no NVIDIA GPU that can be read: neither the driver's library, libnvidia-ml.so.1, \
         nor nvidia-smi is there. If the library is elsewhere, name it with --nvml-lib PATH",
    )?;
    gpus.whole_samples().await?;
    tokio::time::sleep(BETWEEN).await;
    let samples = gpus.whole_samples().await?;
    let row = |gpu| Row::new(gpu, &samples, &found.problems);
    let rows: Vec<Row> = found.gpus.iter().map(row).collect();
    if json {
        println!("{}", serde_json::to_string_pretty(&rows)?);
    } else {
        print!("{}", print::table(&rows));
    }
    for problem in &found.problems {
        eprintln!("berth-server: {problem}");
    }
    Ok(())
}
