//! The SSH executor: the tmux executor on other hosts. To each host goes one connection, over which
//! our own binary is carried once and started as an [`agent`](crate::agent), which does there what
//! [`tmux`](crate::tmux) does here. What its run folders say is copied into ours, so that everything
//! above is the same as for a job on this host. No file system is shared.

mod connect;
mod host;
mod kept;
mod load;
mod loads;
mod mirror;
mod problem;
pub(crate) mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use berth_domain::{AttemptId, GpuSample, NodeName};
use tokio::sync::{mpsc, watch};

use crate::agent::Found;
use crate::launch::{Launcher, Place, Told};
use crate::layout;
use crate::order::{ExecutorError, ExecutorEvent, ExecutorHandle, LaunchOrder};
use crate::prepare::RunConfig;
use crate::record::Meta;
use crate::watch::Watcher;
use host::{Ask, Host};
use load::Binary;

#[derive(Clone, Debug)]
pub struct SshConfig {
    /// `shim` is the binary that is carried to the hosts; it must have the verb `agent` too.
    pub run: RunConfig,
    /// As `ssh` knows them: names in its configuration, or `[user@]host`. Nodes are called the same.
    pub hosts: Vec<String>,
    /// In place of `~/.ssh/config`.
    pub config_file: Option<PathBuf>,
    /// A host may be away this long before what ran there is lost.
    pub node_grace: Duration,
}

/// What is known of a host.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HostState {
    /// Whether it answers.
    pub up: bool,
    /// Why it does not: a sentence.
    pub problem: Option<String>,
    /// As it was last seen.
    pub hardware: Found,
    /// Of the last few seconds.
    pub samples: Vec<GpuSample>,
    /// How often there were samples.
    pub looks: u64,
    /// The address by which it was last reached.
    pub address: Option<String>,
    /// Of Berth there.
    pub version: Option<String>,
}

impl HostState {
    /// Whether it was reached or could not be.
    fn is_decided(&self) -> bool {
        self.up || self.problem.is_some()
    }
}

pub type HostStates = BTreeMap<NodeName, HostState>;

/// Hosts that are being reached.
#[derive(Debug)]
pub struct Hosts {
    run: RunConfig,
    asks: BTreeMap<NodeName, mpsc::UnboundedSender<Ask>>,
    tell: mpsc::UnboundedSender<Told>,
    told: mpsc::UnboundedReceiver<Told>,
    states: watch::Receiver<HostStates>,
}

/// Reads `host1,host2`.
///
/// # Errors
/// A sentence, when a name is not one or is there twice.
pub fn parse_hosts(text: &str) -> Result<Vec<String>, String> {
    let mut seen = BTreeSet::new();
    let mut hosts = Vec::new();
    for host in text.split(',').map(str::trim) {
        let allowed = |ch: char| ch.is_ascii_alphanumeric() || "._-@".contains(ch);
        if host.is_empty() || host.starts_with('-') || !host.chars().all(allowed) {
            return Err(format!(
                "'{host}' is not a host: name hosts as ssh knows them, HOST or USER@HOST, with commas \
                 between them, and put ports and the like into ~/.ssh/config"
            ));
        }
        if !seen.insert(host) {
            return Err(format!("the host '{host}' is named twice"));
        }
        hosts.push(host.to_owned());
    }
    Ok(hosts)
}

/// Begins to connect to all hosts, on the current tokio runtime. Those that do not answer are tried
/// again for ever.
///
/// # Errors
/// When the data folder or the binary cannot be used.
pub fn connect(config: SshConfig) -> Result<Hosts, ExecutorError> {
    let failed = |source| ExecutorError::Data {
        path: config.run.data_dir.display().to_string(),
        source,
    };
    let tag = layout::tag(&config.run.data_dir, layout::SSH_TAG).map_err(failed)?;
    let sockets = sockets_folder(&tag).map_err(ExecutorError::Hosts)?;
    let binary = Binary::read(&config.run.shim).map_err(ExecutorError::Hosts)?;
    let all = config.hosts.iter().map(|host| NodeName(host.clone()));
    let states: HostStates = all.map(|name| (name, HostState::default())).collect();
    let (tell, told) = mpsc::unbounded_channel();
    let (state, states) = watch::channel(states);
    let common = Arc::new(host::Common {
        binary,
        tag,
        sockets,
        tell: tell.clone(),
        state,
        config,
    });
    let spawn = |host: &String| {
        let name = NodeName(host.clone());
        let (asks, asked) = mpsc::unbounded_channel();
        tokio::spawn(Host::new(common.clone(), name.clone()).run(asked));
        (name, asks)
    };
    Ok(Hosts {
        run: common.config.run.clone(),
        asks: common.config.hosts.iter().map(spawn).collect(),
        tell,
        told,
        states,
    })
}

/// A folder for the sockets of the connections, by a short path since a socket's is limited. What is
/// in it is of a server that was killed; its connections end by themselves.
fn sockets_folder(tag: &str) -> Result<PathBuf, String> {
    let absolute = |name: &str| {
        let path = PathBuf::from(std::env::var_os(name)?);
        path.is_absolute().then_some(path)
    };
    let base = absolute("XDG_STATE_HOME")
        .or_else(|| Some(absolute("HOME")?.join(".local/state")))
        .ok_or("HOME is not set: it is where the sockets of SSH connections are kept")?;
    let folder = base.join(format!("berth-ssh-{tag}"));
    let _ = fs::remove_dir_all(&folder);
    let mut builder = fs::DirBuilder::new();
    let made = builder.recursive(true).mode(0o700).create(&folder);
    made.map_err(|error| format!("the folder {} cannot be made: {error}", folder.display()))?;
    Ok(folder)
}

impl Hosts {
    /// All hosts as they are now and as they change.
    #[must_use]
    pub fn states(&self) -> watch::Receiver<HostStates> {
        self.states.clone()
    }

    /// Waits until each host was reached or could not be, but no longer than `patience`.
    pub async fn settled(&self, patience: Duration) {
        let mut states = self.states();
        let all = states.wait_for(|hosts| hosts.values().all(HostState::is_decided));
        let _ = tokio::time::timeout(patience, all).await;
    }

    /// Starts the executor on the current tokio runtime.
    ///
    /// # Errors
    /// When its socket cannot be made in the data folder.
    pub fn spawn(
        self,
        events: mpsc::UnboundedSender<ExecutorEvent>,
    ) -> Result<ExecutorHandle, ExecutorError> {
        let (orders, inbox) = mpsc::unbounded_channel();
        let launcher = OverSsh {
            tell: self.tell,
            asks: self.asks,
        };
        let watcher = Watcher::new(self.run, launcher, events)?;
        tokio::spawn(watcher.run(inbox, self.told));
        Ok(ExecutorHandle { orders })
    }
}

/// The watcher's end; the hosts do the work.
struct OverSsh {
    tell: mpsc::UnboundedSender<Told>,
    asks: BTreeMap<NodeName, mpsc::UnboundedSender<Ask>>,
}

impl OverSsh {
    fn ask_all(&self, ask: impl Fn() -> Ask) {
        for host in self.asks.values() {
            // It only fails when the host's task is gone, and then with the whole process.
            let _ = host.send(ask());
        }
    }
}

impl Launcher for OverSsh {
    const LOOK_EVERY: Duration = Duration::from_secs(1);
    const ASK_AGAIN: Option<Duration> = None;
    const NUDGED: bool = true;
    const COPIES: bool = true;

    /// It was taken up with leave to do so.
    fn launch(&mut self, _order: &LaunchOrder) {}

    fn adopt(&mut self, order: &LaunchOrder, may_launch: bool) {
        let attempt = order.attempt;
        for (rank, part) in (0..).zip(&order.lease.0) {
            let sent = if let Some(host) = self.asks.get(&part.node) {
                let order = Box::new(order.clone());
                let keep = Ask::Keep {
                    order,
                    rank,
                    may_launch,
                };
                host.send(keep).is_ok()
            } else {
                let why = format!("{} is not one of the server's hosts any more", part.node);
                let gone = Told::Gone { attempt, rank, why };
                self.tell.send(gone).is_ok()
            };
            if !sent {
                tracing::error!(%attempt, rank, "nobody looks after a rank");
            }
        }
    }

    /// The host says so.
    fn is_gone(&self, _place: &Place, _meta: &Meta) -> Option<String> {
        None
    }

    fn tell_to_save(&mut self, place: &Place) {
        let (attempt, rank) = (place.attempt, place.rank);
        self.ask_all(|| Ask::Call { attempt, rank });
    }

    fn tell_to_stop(&mut self, place: &Place, _grace: Duration) {
        let (attempt, rank) = (place.attempt, place.rank);
        self.ask_all(|| Ask::Stop { attempt, rank });
    }

    /// The host does that when it is back, as the stop record in the folder tells it to.
    fn bury(&mut self, _place: &Place, _meta: &Meta) {}

    fn forget(&mut self, attempt: AttemptId) {
        self.ask_all(|| Ask::Forget(attempt));
    }

    fn works_again(&mut self) -> bool {
        // Hosts that do not answer are absent nodes; nothing else is ever down.
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_hosts() {
        assert_eq!(
            parse_hosts("a, ana@b.example").unwrap(),
            ["a", "ana@b.example"]
        );
        for wrong in [
            "",
            "a,",
            "-oProxyCommand=x",
            "a b",
            "ssh://a:22",
            "a,a",
            "a;b",
        ] {
            assert!(parse_hosts(wrong).is_err(), "{wrong}");
        }
    }
}
