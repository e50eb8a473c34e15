//! `berth-server node`: what this host's GPUs do, printed once or told to a server.

mod join;
mod print;

use std::path::PathBuf;
use std::time::Duration;

use berth_domain::NodeName;
use berth_telemetry::LocalGpus;

use self::join::Join;
use self::print::Row;
use crate::AnyError;
use crate::config::Config;
use crate::inventory::hostname;

/// Between the two samples of which `--once` shows the second: some figures compare two.
const BETWEEN: Duration = Duration::from_millis(200);

#[derive(Debug, clap::Args)]
pub struct NodeArgs {
    /// Print one sample of every GPU, and end.
    #[arg(long, required_unless_present = "join")]
    once: bool,
    /// As a JSON array, one object a GPU; what is not known is null, and `why` says why.
    #[arg(long, requires = "once")]
    json: bool,
    /// Tell this server once a second, until SIGTERM.
    #[arg(long, value_name = "URL", conflicts_with = "once", requires = "secret")]
    join: Option<String>,
    /// As `berth-server node-token NAME` printed it. Better in the environment or in a file: others
    /// see command lines.
    #[arg(
        long,
        env = "BERTH_NODE_TOKEN",
        hide_env_values = true,
        group = "secret"
    )]
    token: Option<String>,
    /// A file with the token, which only its owner may read.
    #[arg(long, value_name = "FILE", group = "secret")]
    token_file: Option<PathBuf>,
    /// What the server calls this host. Default: its host name.
    #[arg(long)]
    name: Option<String>,
    /// The NVIDIA driver's library. Default: `BERTH_NVML_LIB`, else libnvidia-ml.so.1.
    #[arg(long, value_name = "PATH")]
    nvml_lib: Option<PathBuf>,
}

pub fn run(config: &Config, args: NodeArgs) -> Result<(), AnyError> {
    let gpus = match args.nvml_lib {
        Some(library) => LocalGpus::new(Some(library.into()), "nvidia-smi".into()),
        None => crate::inventory::local_gpus(config),
    };
    // One thread is enough, and smaller.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let Some(url) = args.join else {
        return runtime.block_on(once(&gpus, args.json));
    };
    let token = match args.token_file {
        Some(path) => join::token_in(&path)?,
        None => args.token.unwrap_or_default(),
    };
    crate::serve::log();
    let name = NodeName(args.name.unwrap_or_else(hostname));
    runtime.block_on(join::run(Join { url, token, name }, gpus))
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
