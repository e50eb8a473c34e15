//! Writing to stdout. Who reads it may leave early (`berth queue | head`), which is no fault.

use std::io::{self, Write};

use serde::Serialize;

use crate::failure::Failure;

/// Prints a text as it is, ended by one line break.
pub fn print(text: &str) -> Result<(), Failure> {
    raw(text)?;
    if text.is_empty() || text.ends_with('\n') {
        Ok(())
    } else {
        raw("\n")
    }
}

/// Prints a text as it is.
pub fn raw(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| {
            if error.kind() == io::ErrorKind::BrokenPipe {
                Failure::OutputClosed
            } else {
                Failure::Other(format!("Cannot write the output: {error}."))
            }
        })
}

/// Prints one line of JSON.
pub fn json(value: &impl Serialize) -> Result<(), Failure> {
    print(&line(value)?)
}

/// One line of JSON.
pub fn line(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(value)
        .map_err(|error| Failure::Other(format!("Cannot write JSON: {error}.")))
}

/// What happens, beside the output.
pub fn note(text: &str) {
    let _ = writeln!(io::stderr(), "berth: {text}");
}
