//! Words that sentences share.

use jiff::Timestamp;

/// `1 GPU`, `8 GPUs`.
pub(crate) fn gpus(count: u32) -> String {
    if count == 1 {
        "1 GPU".to_owned()
    } else {
        format!("{count} GPUs")
    }
}

/// `1.5 GPU-hours`.
pub(crate) fn gpu_hours(gpu_seconds: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    let hours = gpu_seconds as f64 / 3600.0;
    if hours >= 10.0 || hours == 0.0 {
        format!("{hours:.0} GPU-hours")
    } else {
        format!("{hours:.2} GPU-hours")
    }
}

/// Millionths of a dollar: `$0.0312`, `$4.99`.
#[must_use]
pub fn dollars(micros: u64) -> String {
    let (whole, rest) = (micros / 1_000_000, micros % 1_000_000);
    if whole == 0 && rest > 0 {
        format!("$0.{:04}", (rest / 100).max(1))
    } else {
        format!("${whole}.{:02}", rest / 10_000)
    }
}

/// `2026-11-30 18:00:00 UTC`.
pub(crate) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// `2026-11-30 14:00 to 18:00 UTC`, the second with its date where that is another.
pub(crate) fn span(from: Timestamp, to: Timestamp) -> String {
    let day = |at: Timestamp| at.strftime("%Y-%m-%d").to_string();
    let end = if day(from) == day(to) {
        "%H:%M UTC"
    } else {
        "%Y-%m-%d %H:%M UTC"
    };
    format!(
        "{} to {}",
        from.strftime("%Y-%m-%d %H:%M"),
        to.strftime(end)
    )
}
