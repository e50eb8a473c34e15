//! Asking `nvidia-smi`.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use berth_domain::{Figure, GpuSample, GpuUuid, SampleSource};

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
    let mut why = BTreeMap::new();
    let mut number = |what: Figure, text: &String| {
        let number = text.parse::<f32>().ok();
        if number.is_none() {
            why.insert(what, format!("nvidia-smi says {text}"));
        }
        number
    };
    let (busy_pct, power_w) = (number(Figure::Busy, busy), number(Figure::Power, power));
    let temp_c = number(Figure::Temperature, temperature);
    let used = number(Figure::Memory, memory);
    let mebibytes = used.and(memory.parse::<u64>().ok());
    Some(GpuSample {
        busy_pct,
        mem_used_bytes: mebibytes.map(|mebibytes| mebibytes * 1024 * 1024),
        power_w,
        temp_c,
        source: SampleSource::NvidiaSmi,
        why,
        ..GpuSample::of(GpuUuid(uuid.clone()))
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
        let why = "memory: nvidia-smi says [N/A]; temperature: nvidia-smi says [Unknown Error]";
        assert_eq!(found.unknown().as_deref(), Some(why));
        assert_eq!(sample(&line[..3]), None);
    }
}
