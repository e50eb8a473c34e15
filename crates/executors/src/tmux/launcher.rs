//! The launcher: a thread that prepares run folders and asks tmux for sessions, several at once
//! when several wait, so that neither files nor forks hold up whoever ordered.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::process::{Command, Stdio};

use berth_domain::{AttemptId, NodeLease};
use tokio::sync::mpsc;

use super::TmuxConfig;
use crate::layout;
use crate::order::LaunchOrder;
use crate::record::{self, RUN_TOKEN, Spec};

/// How many sessions one call of tmux makes.
const BATCH: usize = 8;
/// A tmux server that is just ending refuses; the next one does not.
const TRIES: u32 = 5;

/// What became of a launch. The shims say the rest.
#[derive(Debug)]
pub(super) enum Launched {
    /// tmux took it.
    Asked,
    Failed {
        attempt: AttemptId,
        why: String,
        /// tmux itself does not work, so nothing can be launched.
        tmux: bool,
    },
}

/// Starts the thread; it ends when the orders' sender is dropped.
pub(super) fn start(
    config: TmuxConfig,
    results: mpsc::UnboundedSender<Launched>,
) -> io::Result<std::sync::mpsc::Sender<Box<LaunchOrder>>> {
    let (orders, inbox) = std::sync::mpsc::channel::<Box<LaunchOrder>>();
    std::thread::Builder::new()
        .name("launcher".to_owned())
        .spawn(move || {
            while let Ok(first) = inbox.recv() {
                let mut batch = vec![first];
                batch.extend(inbox.try_iter().take(BATCH - 1));
                for result in launch(&config, &batch) {
                    if results.send(result).is_err() {
                        return;
                    }
                }
            }
        })?;
    Ok(orders)
}

/// A rank that is ready to be started.
struct Session {
    attempt: AttemptId,
    name: String,
    folder: std::path::PathBuf,
}

fn launch(config: &TmuxConfig, batch: &[Box<LaunchOrder>]) -> Vec<Launched> {
    let mut results = Vec::new();
    let mut sessions = Vec::new();
    for order in batch {
        match prepare(config, order) {
            Ok(ready) => sessions.extend(ready),
            Err(error) => results.push(Launched::Failed {
                attempt: order.attempt,
                why: format!("the run folder cannot be written: {error}"),
                tmux: false,
            }),
        }
    }
    if sessions.is_empty() {
        return results;
    }
    let mut failures: BTreeMap<AttemptId, String> = BTreeMap::new();
    if tmux(config, sessions.iter()).is_err() {
        // One that fails keeps the ones behind it from being made: each by itself then. Shims are
        // started once however often they are asked for.
        for session in &sessions {
            if let Err(why) = alone(config, session) {
                failures.insert(session.attempt, why);
            }
        }
    }
    let mut attempts: Vec<AttemptId> = sessions.iter().map(|session| session.attempt).collect();
    attempts.dedup();
    results.extend(
        attempts
            .into_iter()
            .map(|attempt| match failures.remove(&attempt) {
                Some(why) => Launched::Failed {
                    attempt,
                    why,
                    tmux: true,
                },
                None => Launched::Asked,
            }),
    );
    results
}

/// Writes the run folders.
fn prepare(config: &TmuxConfig, order: &LaunchOrder) -> io::Result<Vec<Session>> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    let files = layout::files_dir(&config.data_dir, order.attempt.job);
    builder.create(&files)?;
    let mut sessions = Vec::new();
    for (rank, part) in (0..).zip(&order.lease.0) {
        let folder = layout::rank_dir(&config.data_dir, order.attempt, rank);
        builder.create(&folder)?;
        let name = session_name(order.attempt, rank);
        let spec = Spec {
            attempt: order.attempt,
            rank,
            command: order.command.clone(),
            workdir: order
                .workdir
                .as_ref()
                .map_or_else(|| files.clone(), Into::into),
            env: environment(config, order, rank, part, &files),
            session: name.clone(),
            data_dir: config.data_dir.clone(),
            log_limit_bytes: config.log_limit_bytes,
            leftover_grace_ms: u64::try_from(config.leftover_grace.as_millis()).unwrap_or(u64::MAX),
        };
        record::write(&folder, layout::SPEC, &spec)?;
        sessions.push(Session {
            attempt: order.attempt,
            name,
            folder,
        });
    }
    Ok(sessions)
}

/// What a person attaches to: `berth-17`, further ranks `berth-17-rank1`.
pub(super) fn session_name(attempt: AttemptId, rank: u32) -> String {
    if rank == 0 {
        format!("berth-{}", attempt.job)
    } else {
        format!("berth-{}-rank{rank}", attempt.job)
    }
}

fn tmux<'a>(
    config: &TmuxConfig,
    sessions: impl Iterator<Item = &'a Session>,
) -> Result<(), String> {
    let mut command = Command::new(&config.tmux);
    for (place, session) in sessions.enumerate() {
        if place > 0 {
            command.arg(";");
        }
        command
            .args([
                "new-session",
                "-d",
                "-x",
                "200",
                "-y",
                "50",
                "-s",
                &session.name,
                "-c",
                "/",
            ])
            .arg(&config.shim)
            .arg("shim")
            .arg(&session.folder);
    }
    command.envs(config.socket_dir.iter().map(|dir| ("TMUX_TMPDIR", dir)));
    // Inside somebody's tmux we would be refused as nested, and reach a server of theirs.
    command
        .env_remove("TMUX")
        .env_remove("TMUX_PANE")
        .stdin(Stdio::null());
    let output = command.output().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => "tmux is not installed on this host".to_owned(),
        _ => format!("tmux cannot be started: {error}"),
    })?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "tmux refused: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    ))
}

/// One session, under another name if its own is taken by something else.
fn alone(config: &TmuxConfig, session: &Session) -> Result<(), String> {
    let mut name = session.name.clone();
    let mut result = Ok(());
    for attempt in 1..=TRIES {
        let named = Session {
            name: name.clone(),
            folder: session.folder.clone(),
            ..*session
        };
        result = tmux(config, std::iter::once(&named));
        match &result {
            Ok(()) => {
                rename(&session.folder, &name);
                return Ok(());
            }
            Err(why) if why.contains("duplicate session") => {
                name = format!("{}-{}-{attempt}", session.name, session.attempt.number);
            }
            Err(why) if why.contains("not installed") => return result,
            Err(_) => std::thread::sleep(std::time::Duration::from_millis(20 << attempt)),
        }
    }
    result
}

/// Tells the records what the session is really called. A shim that began already keeps the old
/// name, which is only shown.
fn rename(folder: &Path, name: &str) {
    if let Ok(Some(mut spec)) = record::read::<Spec>(folder, layout::SPEC)
        && spec.session != name
    {
        name.clone_into(&mut spec.session);
        let _ = record::write(folder, layout::SPEC, &spec);
    }
}

/// The rank's whole environment: this host's, the user's, and above both what the lease means.
fn environment(
    config: &TmuxConfig,
    order: &LaunchOrder,
    rank: u32,
    part: &NodeLease,
    files: &Path,
) -> BTreeMap<String, String> {
    let ours = |name: &str| {
        name.starts_with("BERTH_") || name.starts_with("TMUX") || name.starts_with("CUDA_VISIBLE")
    };
    let host = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let mut env: BTreeMap<String, String> = host.filter(|(name, _)| !ours(name)).collect();
    let attempt = order.attempt;
    let nodes: Vec<&str> = order
        .lease
        .0
        .iter()
        .map(|part| part.node.as_str())
        .collect();
    let processes = part.gpus.len().max(1);
    let port = 20_000 + attempt.job.0 % 20_000;
    env.insert("MASTER_PORT".to_owned(), port.to_string());
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
        (RUN_TOKEN, run_token(&config.data_dir, attempt, rank)),
        // All ranks run on this host.
        ("MASTER_ADDR", "127.0.0.1".to_owned()),
        ("NNODES", nodes.len().to_string()),
        ("NODE_RANK", rank.to_string()),
        ("NPROC_PER_NODE", processes.to_string()),
        ("WORLD_SIZE", (nodes.len() * processes).to_string()),
    ];
    env.extend(set.map(|(name, value)| (name.to_owned(), value)));
    if let Some(url) = &config.server_url {
        env.insert("BERTH_URL".to_owned(), url.clone());
    }
    env
}

/// Marks the processes of one rank of one data folder.
pub(super) fn run_token(data_dir: &Path, attempt: AttemptId, rank: u32) -> String {
    layout::rank_dir(data_dir, attempt, rank)
        .display()
        .to_string()
}
