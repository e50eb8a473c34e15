//! The tmux executor: each attempt in a tmux session of its own on this host, so that people can
//! attach to it. tmux is how they look; the run folders are how we know.

mod launcher;
mod rank;
mod watch;

use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::order::{ExecutorError, ExecutorEvent, ExecutorHandle};

#[derive(Clone, Debug)]
pub struct TmuxConfig {
    pub data_dir: PathBuf,
    /// The binary that has the verb `shim`.
    pub shim: PathBuf,
    /// What jobs find in `BERTH_URL`.
    pub server_url: Option<String>,
    /// Of each rank's log.
    pub log_limit_bytes: u64,
    /// What a command left running has this long to end.
    pub leftover_grace: Duration,
    /// The tmux program.
    pub tmux: PathBuf,
    /// Where tmux keeps its socket, if not where it does for everybody (`TMUX_TMPDIR`).
    pub socket_dir: Option<PathBuf>,
    /// The other ranks have this long to end when one failed.
    pub gang_grace: Duration,
}

impl Default for TmuxConfig {
    fn default() -> Self {
        TmuxConfig {
            data_dir: PathBuf::new(),
            shim: PathBuf::new(),
            server_url: None,
            log_limit_bytes: 256 * 1024 * 1024,
            leftover_grace: Duration::from_secs(2),
            tmux: PathBuf::from("tmux"),
            socket_dir: None,
            gang_grace: Duration::from_secs(10),
        }
    }
}

/// Starts the executor on the current tokio runtime.
///
/// # Errors
/// When its socket cannot be made in the data folder.
pub fn spawn(
    config: TmuxConfig,
    events: mpsc::UnboundedSender<ExecutorEvent>,
) -> Result<ExecutorHandle, ExecutorError> {
    let (orders, inbox) = mpsc::unbounded_channel();
    let watcher = watch::Watcher::new(config, events)?;
    tokio::spawn(watcher.run(inbox));
    Ok(ExecutorHandle { orders })
}
