//! Asking `nvidia-smi`.

use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use berth_domain::{GpuSample, GpuUuid};

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

/// One sample of each GPU; none when there is no such program.
pub(crate) async fn samples(program: &Path) -> Result<Vec<GpuSample>, InventoryError> {
    let fields = "uuid,utilization.gpu,memory.used,power.draw,temperature.gpu";
    let lines = query(program, fields).await?;
    let lines = lines.unwrap_or_default();
    Ok(lines.iter().filter_map(|line| sample(line)).collect())
}

/// `[N/A]` and the like are unknown, not zero.
fn sample(line: &[String]) -> Option<GpuSample> {
    let [uuid, busy, memory, power, temperature] = line else {
        return None;
    };
    let mut unknown = Vec::new();
    let mut number = |what: &str, text: &String| {
        let number = text.parse::<f32>().ok();
        if number.is_none() {
            unknown.push(format!("{what}: nvidia-smi says {text}"));
        }
        number
    };
    let (busy_pct, power_w) = (number("busy", busy), number("power", power));
    let (temp_c, used) = (number("temperature", temperature), number("memory", memory));
    let mebibytes = used.and(memory.parse::<u64>().ok());
    Some(GpuSample {
        gpu: GpuUuid(uuid.clone()),
        busy_pct,
        mem_used_bytes: mebibytes.map(|mebibytes| mebibytes * 1024 * 1024),
        power_w,
        temp_c,
        unknown: (!unknown.is_empty()).then(|| unknown.join("; ")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_absent() {
        let line = ["GPU-1", "97", "[N/A]", "412.55", "[Unknown Error]"].map(str::to_owned);
        let found = sample(&line).unwrap();
        assert_eq!(found.busy_pct, Some(97.0));
        assert_eq!(found.mem_used_bytes, None);
        assert_eq!(found.power_w, Some(412.55));
        assert_eq!(found.temp_c, None);
        let why = "temperature: nvidia-smi says [Unknown Error]; memory: nvidia-smi says [N/A]";
        assert_eq!(found.unknown.as_deref(), Some(why));
        assert_eq!(sample(&line[..3]), None);
    }
}
