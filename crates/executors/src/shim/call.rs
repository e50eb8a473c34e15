//! The last call: the file that tells a job to save its work, which `BERTH_PREEMPT_FILE` names.

use std::fs;
use std::io;
use std::path::Path;

use serde::Serialize;

use crate::order::{LastCall, Why};
use crate::record::{self, PREEMPT_FILE, Spec};

/// What the file says, as one line of JSON.
#[derive(Serialize)]
struct Said<'a> {
    why: Why,
    /// RFC 3339, by the server's clock.
    until: String,
    seconds: f64,
    signal: &'a str,
}

/// Writes the file, as a whole. What cannot be written is only logged: the signal is sent all the
/// same.
pub(super) fn write(spec: &Spec, call: &LastCall) {
    let Some(path) = spec.env.get(PREEMPT_FILE).map(Path::new) else {
        // A record from before there were last calls.
        return;
    };
    if let Err(error) = write_to(path, call) {
        eprintln!("berth shim: {}: {error}", path.display());
    }
}

fn write_to(path: &Path, call: &LastCall) -> io::Result<()> {
    let said = Said {
        why: call.why,
        until: call.until.to_string(),
        seconds: call.lasts.as_secs_f64(),
        signal: call.signal.as_str(),
    };
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    fs::create_dir_all(folder)?;
    record::write(folder, &name.to_string_lossy(), &said)
}

/// What a person at a terminal is told.
pub(super) fn sentence(call: &LastCall) -> String {
    let why = match call.why {
        Why::Preempted => "another job gets these GPUs",
        Why::TimeLimit => "its time limit",
        Why::Idle => "it holds GPUs and does not use them",
    };
    let seconds = call.lasts.as_secs();
    format!("\r\nberth: this job ends in {seconds} s: {why}.\r\n")
}
