//! Asking `nvidia-smi`.

use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::inventory::InventoryError;

/// A driver that hangs must not hang us.
const PATIENCE: Duration = Duration::from_secs(10);

/// The fields of each GPU; `None` when there is no such program.
pub(crate) async fn query(
    program: &Path,
    fields: &str,
) -> Result<Option<Vec<Vec<String>>>, InventoryError> {
    let run = tokio::process::Command::new(program)
        .arg(format!("--query-gpu={fields}"))
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
    let words = |line: &str| line.split(',').map(|word| word.trim().to_owned()).collect();
    Ok(Some(
        text.lines()
            .filter(|line| !line.trim().is_empty())
            .map(words)
            .collect(),
    ))
}
