//! What is made before a rank is started: its folder, and the record that tells the shim what to
//! run and in which environment.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use berth_domain::{AttemptId, NodeLease, NodeName};

use crate::launch::Place;
use crate::layout;
use crate::order::LaunchOrder;
use crate::record::{self, Followed, PREEMPT_FILE, Processes, RUN_TOKEN, Spec, Under};
use crate::slurm;

/// What is the same for all ranks, wherever they run.
#[derive(Clone, Debug)]
pub struct RunConfig {
    pub data_dir: PathBuf,
    /// The binary that has the verb `shim`, by a path that is right where the rank runs.
    pub shim: PathBuf,
    /// What jobs find in `BERTH_URL`.
    pub server_url: Option<String>,
    /// Of each rank's log.
    pub log_limit_bytes: u64,
    /// What a command left running has this long to end.
    pub leftover_grace: Duration,
    /// The other ranks have this long to end when one failed.
    pub gang_grace: Duration,
}

impl Default for RunConfig {
    fn default() -> Self {
        RunConfig {
            data_dir: PathBuf::new(),
            shim: PathBuf::new(),
            server_url: None,
            log_limit_bytes: 256 * 1024 * 1024,
            leftover_grace: Duration::from_secs(2),
            gang_grace: Duration::from_secs(10),
        }
    }
}

/// What depends on where the ranks run.
pub(crate) struct Setting<'a> {
    pub under: Under,
    /// The environment to begin with; beside it the shim's own, where [`Under`] says so.
    pub base: BTreeMap<String, String>,
    /// Where the other ranks reach rank 0.
    pub master: &'a str,
    /// Only the ranks on this node; `None`: all.
    pub node: Option<&'a NodeName>,
    /// What a rank is called.
    pub session: fn(AttemptId, u32) -> String,
}

/// Writes the run folders of the ranks.
///
/// # Errors
/// When they cannot be written.
pub(crate) fn prepare(
    config: &RunConfig,
    setting: &Setting,
    order: &LaunchOrder,
) -> io::Result<Vec<Place>> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    let files = layout::files_dir(&config.data_dir, order.attempt.job);
    builder.create(&files)?;
    let mut places = Vec::new();
    for (rank, part) in (0..).zip(&order.lease.0) {
        if setting.node.is_some_and(|node| *node != part.node) {
            continue;
        }
        let place = Place::new(config, order.attempt, rank);
        builder.create(&place.folder)?;
        let spec = Spec {
            attempt: order.attempt,
            rank,
            command: order.command.clone(),
            workdir: match (&order.package, &order.workdir) {
                (Some(_), _) => layout::code_dir(&config.data_dir, order.attempt.job),
                (None, Some(workdir)) => workdir.into(),
                (None, None) => files.clone(),
            },
            package: order
                .package
                .as_ref()
                .map(|sha256| layout::package(&config.data_dir, sha256)),
            env: environment(config, setting, order, rank, part, &files),
            session: (setting.session)(order.attempt, rank),
            data_dir: config.data_dir.clone(),
            log_limit_bytes: config.log_limit_bytes,
            leftover_grace_ms: millis(config.leftover_grace),
            under: setting.under,
            processes: order.per_gpu.then(|| Processes {
                count: processes(part),
                first: (0..rank)
                    .zip(&order.lease.0)
                    .map(|(_, part)| processes(part))
                    .sum(),
            }),
            gang_grace_ms: millis(config.gang_grace),
            terminal: order.interactive,
            followed: order.adopted.as_ref().and_then(|adopted| {
                Some(Followed {
                    pid: i32::try_from(adopted.pid).ok()?,
                    started: adopted.started,
                })
            }),
        };
        record::write(&place.folder, layout::SPEC, &spec)?;
        places.push(place);
    }
    Ok(places)
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// One for each GPU, and one without any.
fn processes(part: &NodeLease) -> u32 {
    u32::try_from(part.gpus.len().max(1)).unwrap_or(u32::MAX)
}

/// A rank's environment: what it begins with, the user's, and above both what the lease means.
fn environment(
    config: &RunConfig,
    setting: &Setting,
    order: &LaunchOrder,
    rank: u32,
    part: &NodeLease,
    files: &Path,
) -> BTreeMap<String, String> {
    let mut env = setting.base.clone();
    let attempt = order.attempt;
    let nodes: Vec<&str> = order
        .lease
        .0
        .iter()
        .map(|part| part.node.as_str())
        .collect();
    let world: u32 = order.lease.0.iter().map(processes).sum();
    let processes = processes(part);
    let port = 20_000 + attempt.job.0 % 20_000;
    let port = port.to_string();
    let port = order.env.get("MASTER_PORT").unwrap_or(&port);
    // What torchrun takes for options that it was not given: `torch.distributed.argparse_util.env`.
    let of_torchrun = [
        ("PET_NNODES", nodes.len().to_string()),
        ("PET_NODE_RANK", rank.to_string()),
        ("PET_NPROC_PER_NODE", processes.to_string()),
        ("PET_MASTER_ADDR", setting.master.to_owned()),
        ("PET_MASTER_PORT", port.clone()),
        ("PET_RDZV_ENDPOINT", format!("{}:{port}", setting.master)),
        ("PET_RDZV_ID", format!("berth-{attempt}")),
        ("MASTER_PORT", port.clone()),
    ];
    env.extend(of_torchrun.map(|(name, value)| (name.to_owned(), value)));
    env.extend(order.env.clone());
    let uuids: Vec<&str> = part.gpus.iter().map(|gpu| gpu.uuid.as_str()).collect();
    let visible = if uuids.is_empty() {
        "void".to_owned()
    } else {
        uuids.join(",")
    };
    let set = [
        ("CUDA_DEVICE_ORDER", "PCI_BUS_ID".to_owned()),
        ("CUDA_VISIBLE_DEVICES", part.indices()),
        ("NVIDIA_VISIBLE_DEVICES", visible),
        ("BERTH_JOB_ID", attempt.job.to_string()),
        ("BERTH_JOB_NAME", order.job_name.clone()),
        ("BERTH_ATTEMPT", attempt.number.to_string()),
        ("BERTH_NODE", part.node.to_string()),
        ("BERTH_NODELIST", nodes.join(",")),
        ("BERTH_GPUS", order.lease.gpu_count().to_string()),
        ("BERTH_RUN_DIR", files.display().to_string()),
        (
            PREEMPT_FILE,
            layout::preempt_file(&config.data_dir, attempt)
                .display()
                .to_string(),
        ),
        (RUN_TOKEN, run_token(&config.data_dir, attempt, rank)),
        ("MASTER_ADDR", setting.master.to_owned()),
        ("NNODES", nodes.len().to_string()),
        ("NODE_RANK", rank.to_string()),
        ("NPROC_PER_NODE", processes.to_string()),
        ("WORLD_SIZE", world.to_string()),
    ];
    env.extend(set.map(|(name, value)| (name.to_owned(), value)));
    if let Some(url) = &config.server_url {
        env.insert("BERTH_URL".to_owned(), url.clone());
    }
    slurm::extend(&mut env, order, rank);
    env
}

/// Marks the processes of one rank of one data folder.
pub(crate) fn run_token(data_dir: &Path, attempt: AttemptId, rank: u32) -> String {
    layout::rank_dir(data_dir, attempt, rank)
        .display()
        .to_string()
}
