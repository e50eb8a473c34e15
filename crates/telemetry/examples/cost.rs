//! What sampling costs: reads this host's GPUs once a second for a while and prints the CPU time and
//! memory that this process took. `cost [SECONDS] [LIBRARY]`

use std::fs;
use std::time::Duration;

use berth_telemetry::{InventoryError, LocalGpus};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), InventoryError> {
    let mut arguments = std::env::args_os().skip(1);
    let seconds = arguments
        .next()
        .and_then(|text| text.to_str()?.parse().ok());
    let seconds: u32 = seconds.unwrap_or(20);
    let gpus = LocalGpus::new(arguments.next(), "nvidia-smi".into());
    let found = gpus.look().await?;
    let mut samples = gpus.samples().await?;
    let before = ticks();
    let mut every = tokio::time::interval(Duration::from_secs(1));
    for _ in 0..seconds {
        every.tick().await;
        samples = gpus.samples().await?;
    }
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find(|line| line.starts_with("VmRSS"));
    println!(
        "{} GPUs, {} samples",
        found.map_or(0, |found| found.gpus.len()),
        samples.len()
    );
    if let Some(sample) = samples.first() {
        println!("{sample:?}");
    }
    // A hundredth of a second each.
    let share = f64::from(ticks() - before) / f64::from(seconds);
    println!(
        "{share:.2} % of a core, {}",
        resident.unwrap_or("VmRSS unknown")
    );
    Ok(())
}

/// The CPU time of this process, user and system.
fn ticks() -> u32 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let times = fields.split_whitespace().skip(11).take(2);
    times.filter_map(|text| text.parse::<u32>().ok()).sum()
}
