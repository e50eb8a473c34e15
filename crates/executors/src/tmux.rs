//! The tmux executor: each attempt in a tmux session of its own on this host, so that people can
//! attach to it. tmux is how they look; the run folders are how we know.

mod sessions;

use std::fs::{self, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use berth_domain::{AttemptId, NodeName};
use nix::sys::signal::Signal;
use tokio::sync::mpsc;

use crate::cgroup;
use crate::launch::{Launcher, Place, Told};
use crate::layout;
use crate::order::{ExecutorError, ExecutorEvent, ExecutorHandle, LaunchOrder};
use crate::prepare::RunConfig;
use crate::process;
use crate::record::{self, Meta, RUN_TOKEN};
use crate::shim::CALLED;
use crate::watch::Watcher;

#[derive(Clone, Debug)]
pub struct TmuxConfig {
    pub run: RunConfig,
    /// The tmux program.
    pub tmux: PathBuf,
    /// Where tmux keeps its socket, if not where it does for everybody (`TMUX_TMPDIR`).
    pub socket_dir: Option<PathBuf>,
}

impl Default for TmuxConfig {
    fn default() -> Self {
        TmuxConfig {
            run: RunConfig::default(),
            tmux: PathBuf::from("tmux"),
            socket_dir: None,
        }
    }
}

impl TmuxConfig {
    /// The socket of the tmux server that has the sessions: what `tmux -S` wants.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        let dir = self.socket_dir.clone();
        let dir = dir.or_else(|| std::env::var_os("TMUX_TMPDIR").map(PathBuf::from));
        let uid = nix::unistd::getuid();
        dir.filter(|dir| dir.is_absolute())
            .unwrap_or_else(|| PathBuf::from("/tmp"))
            .join(format!("tmux-{uid}"))
            .join("default")
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
    let (tell, told) = mpsc::unbounded_channel();
    let run = config.run.clone();
    let launcher = Tmux::new(config, tell).map_err(ExecutorError::Thread)?;
    let watcher = Watcher::new(run, launcher, events)?;
    tokio::spawn(watcher.run(inbox, told));
    Ok(ExecutorHandle { orders })
}

/// Sessions of tmux on this host.
pub(crate) struct Tmux {
    tmux: PathBuf,
    orders: std::sync::mpsc::Sender<ToStart>,
}

/// An attempt that is to be started here.
pub(crate) struct ToStart {
    pub order: Box<LaunchOrder>,
    /// Where the other ranks reach rank 0.
    pub master: String,
    /// Only its ranks on this node; `None`: all of them.
    pub node: Option<NodeName>,
}

impl Tmux {
    /// # Errors
    /// When no thread can be started.
    pub(crate) fn new(
        config: TmuxConfig,
        tell: mpsc::UnboundedSender<Told>,
    ) -> std::io::Result<Self> {
        Ok(Tmux {
            tmux: config.tmux.clone(),
            orders: sessions::start(config, tell)?,
        })
    }

    pub(crate) fn start(&self, attempt: ToStart) {
        // It only fails when the thread is gone, and then with the whole process.
        let _ = self.orders.send(attempt);
    }
}

impl Launcher for Tmux {
    const LOOK_EVERY: Duration = Duration::from_secs(1);
    const ASK_AGAIN: Option<Duration> = Some(Duration::from_secs(10));
    const NUDGED: bool = true;
    const COPIES: bool = false;

    fn launch(&mut self, order: &LaunchOrder) {
        self.start(ToStart {
            order: Box::new(order.clone()),
            // All ranks run on this host.
            master: "127.0.0.1".to_owned(),
            node: None,
        });
    }

    fn adopt(&mut self, _order: &LaunchOrder, _may_launch: bool) {}

    fn is_gone(&self, place: &Place, meta: &Meta) -> Option<String> {
        let why = if shim_lives(&place.folder) {
            return None;
        } else if meta.boot_id == process::boot_id() {
            "its shim was killed"
        } else {
            "its host was restarted"
        };
        Some(why.to_owned())
    }

    fn tell_to_save(&mut self, place: &Place) {
        signal_shim(place, CALLED);
    }

    fn tell_to_stop(&mut self, place: &Place, _grace: Duration) {
        signal_shim(place, Signal::SIGTERM);
    }

    fn bury(&mut self, place: &Place, meta: &Meta) {
        let group = meta.cgroup.as_deref();
        group.iter().for_each(|group| cgroup::kill(group));
        // Twice, because what is ended may have been about to fork.
        for _ in 0..2 {
            for pid in process::marked(RUN_TOKEN, &place.folder.display().to_string()) {
                process::signal(pid, Signal::SIGKILL);
            }
        }
        group.iter().for_each(|group| cgroup::remove(group));
    }

    fn forget(&mut self, _attempt: AttemptId) {}

    fn works_again(&mut self) -> bool {
        std::process::Command::new(&self.tmux)
            .arg("-V")
            .output()
            .is_ok_and(|out| out.status.success())
    }
}

fn signal_shim(place: &Place, signal: Signal) {
    let Ok(Some(meta)) = record::read::<Meta>(&place.folder, layout::META) else {
        return;
    };
    let same = meta.boot_id == process::boot_id()
        && process::start_ticks(meta.pid) == Some(meta.start_ticks);
    if same {
        process::signal(meta.pid, signal);
    }
}

/// A shim holds its lock as long as it lives, whatever its pid is used for afterwards.
fn shim_lives(folder: &Path) -> bool {
    let Ok(lock) = fs::File::open(folder.join(layout::LOCK)) else {
        return false;
    };
    match lock.try_lock_shared() {
        Ok(()) => false,
        Err(TryLockError::WouldBlock) => true,
        Err(TryLockError::Error(_)) => false,
    }
}
