//! Running it, and its tables.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::inventory::InventoryError;

/// A driver that hangs must not hang us.
const PATIENCE: Duration = Duration::from_secs(10);

/// A line of a table: what the program says, by field. What it does not know of is not there.
pub(super) type Line = BTreeMap<&'static str, String>;

/// What is asked for: fields that every version knows, and fields that older ones do not.
#[derive(Debug)]
pub(super) struct Fields {
    pub(super) all: &'static [&'static str],
    pub(super) newer: &'static [&'static str],
}

/// The lines of a table; `None` when there is no such program.
pub(super) async fn query(
    program: &Path,
    table: &str,
    fields: &Fields,
) -> Result<Option<Vec<Line>>, InventoryError> {
    let every: Vec<&'static str> = fields.all.iter().chain(fields.newer).copied().collect();
    match ask(program, table, &every).await {
        Err(InventoryError::Failed(why)) if why.contains("not a valid field") => {
            ask(program, table, fields.all).await
        }
        other => other,
    }
}

async fn ask(
    program: &Path,
    table: &str,
    fields: &[&'static str],
) -> Result<Option<Vec<Line>>, InventoryError> {
    let run = tokio::process::Command::new(program)
        .arg(format!("--query-{table}={}", fields.join(",")))
        .arg("--format=csv,noheader,nounits")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = match tokio::time::timeout(PATIENCE, run).await {
        Err(_) => return Err(InventoryError::Hangs(PATIENCE.as_secs())),
        Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Ok(Err(error)) => return Err(InventoryError::Run(error)),
        Ok(Ok(output)) => output,
    };
    let text = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        // It explains itself on standard output.
        let why = text.lines().next().unwrap_or("without a word").to_owned();
        return Err(InventoryError::Failed(why));
    }
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let read = |line: &str| {
        let words: Vec<String> = line.split(',').map(|word| word.trim().to_owned()).collect();
        if words.len() != fields.len() {
            return Err(InventoryError::Line(line.to_owned()));
        }
        Ok(fields.iter().copied().zip(words).collect())
    };
    lines.map(read).collect::<Result<_, _>>().map(Some)
}
