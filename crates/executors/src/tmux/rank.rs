//! What a rank's folder says at a moment.

use std::fs::{self, TryLockError};
use std::path::{Path, PathBuf};

use berth_domain::{Ended, Exit};
use nix::sys::signal::Signal;

use crate::layout;
use crate::process;
use crate::record::{self, ExitRecord, Meta};

#[derive(Clone, Debug, PartialEq)]
pub(super) enum RankState {
    /// No shim has begun.
    Nothing,
    Running {
        session: String,
    },
    Ended(Exit),
    /// It began, its shim is gone, and there is no record of its end.
    Lost {
        why: String,
        /// Where its processes may still be.
        cgroup: Option<PathBuf>,
    },
}

pub(super) fn look(folder: &Path) -> RankState {
    if let Some(exit) = exit(folder) {
        return RankState::Ended(exit);
    }
    let Ok(Some(meta)) = record::read::<Meta>(folder, layout::META) else {
        return RankState::Nothing;
    };
    if shim_lives(folder) {
        return RankState::Running {
            session: meta.session,
        };
    }
    // It may have ended between the two looks.
    if let Some(exit) = exit(folder) {
        return RankState::Ended(exit);
    }
    let why = if meta.boot_id == process::boot_id() {
        "its shim was killed"
    } else {
        "its host was restarted"
    };
    RankState::Lost {
        why: why.to_owned(),
        cgroup: meta.cgroup,
    }
}

fn exit(folder: &Path) -> Option<Exit> {
    match record::read::<ExitRecord>(folder, layout::EXIT) {
        Ok(found) => found.map(|record| record.exit),
        Err(error) => {
            let why = format!("its exit record cannot be read: {error}");
            Some(Exit {
                ended: Ended::Lost { why },
                out_of_memory: false,
            })
        }
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

/// Tells the shim that there is a stop record.
pub(super) fn signal_stop(folder: &Path) {
    let Ok(Some(meta)) = record::read::<Meta>(folder, layout::META) else {
        return;
    };
    let same = meta.boot_id == process::boot_id()
        && process::start_ticks(meta.pid) == Some(meta.start_ticks);
    if same {
        process::signal(meta.pid, Signal::SIGTERM);
    }
}
