//! The records in a rank's folder, each written as a whole or not at all.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use berth_domain::{AttemptId, Exit};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::order::LastCall;

/// What a shim is to run. Holds the user's environment, so it is for its owner alone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Spec {
    pub attempt: AttemptId,
    pub rank: u32,
    pub command: Vec<String>,
    pub workdir: PathBuf,
    /// What is unpacked there first, unless that was done before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<PathBuf>,
    /// The environment; see [`Under`].
    pub env: BTreeMap<String, String>,
    pub session: String,
    pub data_dir: PathBuf,
    pub log_limit_bytes: u64,
    pub leftover_grace_ms: u64,
    #[serde(default)]
    pub under: Under,
    /// Several processes of the command, each with its `RANK`; `None`: one, as it is.
    #[serde(default)]
    pub processes: Option<Processes>,
    /// Of several processes the others have this long to end when one failed.
    #[serde(default)]
    pub gang_grace_ms: u64,
    /// The command has a terminal, which the shim's own shows.
    #[serde(default)]
    pub terminal: bool,
    /// What runs already and is only followed, instead of the command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub followed: Option<Followed>,
}

/// The processes of one node.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Processes {
    pub count: u32,
    /// The `RANK` of the first.
    pub first: u32,
}

/// A process that somebody else started.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Followed {
    pub pid: i32,
    /// When it started, in clock ticks since boot.
    pub started: u64,
}

/// What started the shim.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Under {
    /// tmux on the server's host: `env` is the whole environment, signals and sockets reach us.
    #[default]
    Tmux,
    /// A job of Ray on some host: `env` stands above that host's own environment, and only the
    /// shared files reach us.
    Ray,
}

/// The environment variable that names the file which tells a job to save.
pub(crate) const PREEMPT_FILE: &str = "BERTH_PREEMPT_FILE";

/// The environment variable that marks every process of a rank.
pub(crate) const RUN_TOKEN: &str = "BERTH_RUN";

/// A rank that began to run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Meta {
    /// Of the shim.
    pub pid: i32,
    /// When it started, in clock ticks since boot: tells it from another process of that pid.
    pub start_ticks: u64,
    pub boot_id: String,
    pub session: String,
    /// The rank's control group, where it has one.
    #[serde(default)]
    pub cgroup: Option<PathBuf>,
}

/// Where a rank runs, in Ray's words.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RayRecord {
    pub node_id: String,
}

/// A rank that is to end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stop {
    /// Before SIGTERM.
    #[serde(default)]
    pub call: Option<LastCall>,
    /// Between SIGTERM and SIGKILL.
    pub grace_ms: u64,
    /// The server takes it for lost, for this reason. Written in case that it lives after all.
    #[serde(default)]
    pub lost: Option<String>,
}

/// A rank that ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ExitRecord {
    #[serde(flatten)]
    pub exit: Exit,
}

/// Writes beside it and renames: whoever reads sees a whole one, also when two write at once. No sync:
/// a power loss ends what ran, and the boot id tells.
pub(crate) fn write<T: Serialize>(folder: &Path, name: &str, record: &T) -> io::Result<()> {
    let mut temporary = tempfile::Builder::new()
        .prefix(name)
        .suffix(".new")
        .tempfile_in(folder)?;
    temporary.write_all(&serde_json::to_vec(record)?)?;
    temporary.persist(folder.join(name))?;
    Ok(())
}

/// `None` when it is not there.
pub(crate) fn read<T: DeserializeOwned>(folder: &Path, name: &str) -> io::Result<Option<T>> {
    match fs::read(folder.join(name)) {
        Ok(json) => Ok(Some(serde_json::from_slice(&json)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_may_write_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let record = RayRecord {
            node_id: "n".repeat(1000),
        };
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        write(folder.path(), "ray.json", &record).unwrap();
                        let read = read::<RayRecord>(folder.path(), "ray.json").unwrap();
                        assert_eq!(read.unwrap().node_id, record.node_id);
                    }
                });
            }
        });
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
