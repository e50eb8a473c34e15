//! Where things are: `DATA/runs/<job>/<attempt>/rank-<n>/`, one folder a rank.
//!
//! | file | who writes it | what it says |
//! | --- | --- | --- |
//! | `spec.json` | executor | what to run |
//! | `ray.json` | executor | under Ray: on which node |
//! | `lock` | shim | held as long as the shim lives |
//! | `meta.json` | shim | it began to run: pid, start ticks, boot id |
//! | `lastcall.json` | executor | it is to save: its time limit is near |
//! | `stop.json` | executor | it is to end, or not to begin |
//! | `exit.json` | shim | how it ended; nothing of it runs any more |
//! | `log/` | shim | what it wrote; see [`crate::logs`] |

use std::path::{Path, PathBuf};
use std::{fs, io};

use berth_domain::{AttemptId, JobId};

pub const SPEC: &str = "spec.json";
pub const RAY: &str = "ray.json";
pub const LOCK: &str = "lock";
pub const META: &str = "meta.json";
pub const LAST_CALL: &str = "lastcall.json";
pub const STOP: &str = "stop.json";
pub const EXIT: &str = "exit.json";
pub const LOG: &str = "log";
/// In the data folder: where shims say that something happened.
pub const SOCKET: &str = "exec.sock";
/// In the data folder: what tells our jobs in Ray from those of another Berth.
pub const RAY_TAG: &str = "ray.tag";
/// In the data folder: what our folders on other hosts are called.
pub const SSH_TAG: &str = "ssh.tag";
/// On another host, in our folder there: held as long as an agent lives, with its pid.
pub const AGENT_LOCK: &str = "agent.lock";

/// What tells this data folder's traces elsewhere from another's: eight digits, made up once and kept
/// in the file `name`.
///
/// # Errors
/// When the data folder cannot be read or written.
pub fn tag(data: &Path, name: &str) -> io::Result<String> {
    let path = data.join(name);
    match fs::read_to_string(&path) {
        Ok(tag) => Ok(tag.trim().to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let tag = format!("{:08x}", rand::random::<u32>());
            fs::write(&path, &tag)?;
            Ok(tag)
        }
        Err(error) => Err(error),
    }
}

#[must_use]
pub fn job_dir(data: &Path, job: JobId) -> PathBuf {
    data.join("runs").join(job.to_string())
}

#[must_use]
pub fn rank_dir(data: &Path, attempt: AttemptId, rank: u32) -> PathBuf {
    job_dir(data, attempt.job)
        .join(attempt.number.to_string())
        .join(format!("rank-{rank}"))
}

/// What an attempt finds in `BERTH_PREEMPT_FILE`: there once it is to save its work. Not the same for
/// each attempt, so that none finds what was meant for the one before.
#[must_use]
pub fn preempt_file(data: &Path, attempt: AttemptId) -> PathBuf {
    files_dir(data, attempt.job).join(format!("preempt-{}.json", attempt.number))
}

/// Where a job's uploaded folder is unpacked, once for all its attempts.
#[must_use]
pub fn code_dir(data: &Path, job: JobId) -> PathBuf {
    job_dir(data, job).join("code")
}

/// An uploaded folder, a tar file compressed with gzip.
#[must_use]
pub fn package(data: &Path, sha256: &str) -> PathBuf {
    data.join("packages").join(format!("{sha256}.tar.gz"))
}

/// The job's own folder for its files, the same for each attempt: `BERTH_RUN_DIR`.
#[must_use]
pub fn files_dir(data: &Path, job: JobId) -> PathBuf {
    job_dir(data, job).join("files")
}
