//! What a rank's folder says at a moment.

use std::fs;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::SystemTime;

use berth_domain::{Ended, Exit};

use crate::layout;
use crate::record::{self, ExitRecord, Meta};

#[derive(Clone, Debug)]
pub(crate) enum Found {
    /// No shim has begun.
    Nothing,
    /// A shim began and recorded no end.
    Began(Meta),
    Ended {
        exit: Exit,
        /// By the clock of the file system, which is the same for all ranks.
        at: SystemTime,
    },
}

pub(crate) fn look(folder: &Path) -> Found {
    refresh(folder);
    if let Some((exit, at)) = exit(folder) {
        return Found::Ended { exit, at };
    }
    match record::read::<Meta>(folder, layout::META) {
        Ok(Some(meta)) => Found::Began(meta),
        _ => Found::Nothing,
    }
}

/// Opening a folder makes a client of NFS ask what is in it now (close-to-open consistency, nfs(5));
/// without that, a file that another host wrote may stay unseen for half a minute.
pub(crate) fn refresh(folder: &Path) {
    let _ = fs::File::open(folder);
}

/// Takes the rank for oneself, as the shim does that runs it. `None`: somebody has it.
pub(crate) fn take(folder: &Path) -> io::Result<Option<fs::File>> {
    let lock = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(folder.join(layout::LOCK))?;
    match lock.try_lock() {
        Ok(()) => Ok(Some(lock)),
        Err(fs::TryLockError::WouldBlock) => Ok(None),
        Err(fs::TryLockError::Error(error)) => Err(error),
    }
}

fn exit(folder: &Path) -> Option<(Exit, SystemTime)> {
    let exit = match record::read::<ExitRecord>(folder, layout::EXIT) {
        Ok(found) => found?.exit,
        Err(error) => {
            let why = format!("its exit record cannot be read: {error}");
            Exit {
                ended: Ended::Lost { why },
                out_of_memory: false,
            }
        }
    };
    let written = fs::metadata(folder.join(layout::EXIT)).and_then(|file| file.modified());
    Some((exit, written.unwrap_or(SystemTime::UNIX_EPOCH)))
}
