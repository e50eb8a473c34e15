//! Our copy of a rank's folder on its host.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;

use berth_domain::Exit;

use crate::launch::Place;
use crate::layout;
use crate::logs::{self, LogWriter};
use crate::order::LastCall;
use crate::record::{self, ExitRecord, Meta, Stop};

/// What a rank that nobody looks after is to be told, if it is over as far as our folders say.
pub(super) fn given_up(place: &Place, grace_ms: u64) -> Option<Stop> {
    let told = record::read(&place.folder, layout::STOP).unwrap_or_default();
    let over = place.folder.join(layout::EXIT).exists();
    told.or_else(|| {
        over.then_some(Stop {
            call: None,
            grace_ms,
            lost: None,
        })
    })
}

pub(super) struct Mirror {
    place: Place,
    limit_bytes: u64,
    log: Option<LogWriter>,
}

impl Mirror {
    pub(super) fn new(place: Place, limit_bytes: u64) -> io::Result<Self> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&place.folder)?;
        Ok(Mirror {
            place,
            limit_bytes,
            log: None,
        })
    }

    /// Bytes of the log that are here.
    pub(super) fn log_bytes(&self) -> u64 {
        logs::total(&self.place.folder).unwrap_or(0)
    }

    pub(super) fn has_ended(&self) -> bool {
        self.place.folder.join(layout::EXIT).exists()
    }

    /// The last call of the rank, as the watcher wrote it.
    pub(super) fn call(&self) -> Option<LastCall> {
        record::read(&self.place.folder, layout::LAST_CALL).unwrap_or_default()
    }

    /// How it was told to end, as the watcher wrote it.
    pub(super) fn stop(&self) -> Option<Stop> {
        record::read(&self.place.folder, layout::STOP).unwrap_or_default()
    }

    pub(super) fn began(&self, meta: &Meta) -> io::Result<()> {
        record::write(&self.place.folder, layout::META, meta)
    }

    pub(super) fn log(&mut self, start: u64, bytes: &[u8]) -> io::Result<()> {
        let log = match &mut self.log {
            Some(log) => log,
            none => none.insert(LogWriter::resume(&self.place.folder, self.limit_bytes)?),
        };
        log.copy(start, bytes)
    }

    pub(super) fn ended(&self, exit: Exit) -> io::Result<()> {
        record::write(&self.place.folder, layout::EXIT, &ExitRecord { exit })
    }
}
