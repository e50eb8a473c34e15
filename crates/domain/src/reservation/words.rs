//! Times, days and GPUs as people write them.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::{Day, ExactGpus};
use crate::ids::NodeName;
use crate::refusal::Refusal;

/// `node-1:0-3,6`.
pub(super) fn exact(text: &str) -> Option<ExactGpus> {
    let (node, list) = text.trim().rsplit_once(':')?;
    let mut gpus = BTreeSet::new();
    for part in list.split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let (from, to): (u32, u32) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
        // No node has more.
        if to < from || to - from > 1024 {
            return None;
        }
        gpus.extend(from..=to);
    }
    Some(ExactGpus {
        node: NodeName::from(node),
        gpus: gpus.into_iter().collect(),
    })
}

/// No days at all are every day.
pub(super) fn days(texts: &[String]) -> Result<Vec<Day>, Refusal> {
    if texts.iter().any(|text| text.trim() == "day") {
        return Ok(Vec::new());
    }
    let day = |text: &String| {
        text.parse::<Day>().map_err(|error| {
            Refusal::invalid(
                "every",
                format!("{error}: use day, or mon, tue, wed, thu, fri, sat, sun."),
            )
        })
    };
    let mut days = texts.iter().map(day).collect::<Result<Vec<Day>, _>>()?;
    days.sort_unstable();
    days.dedup();
    Ok(days)
}

/// RFC 3339, or a local time in this zone: `2026-11-30T18:00`. One that the clocks skip is an hour
/// later, of one that comes twice the first is meant.
pub(super) fn time(
    field: &str,
    text: &str,
    zone: impl FnOnce() -> Result<TimeZone, Refusal>,
) -> Result<Timestamp, Refusal> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    let unread = || {
        Refusal::invalid(
            field,
            format!(
                "'{}' is not a time such as 2026-11-30T18:00:00Z.",
                text.escape_debug()
            ),
        )
    };
    // An offset that cannot be read is not the zone's.
    let local = text
        .get(10..)
        .is_some_and(|clock| !clock.contains(['+', '-', 'Z', '[']));
    let local = local.then(|| text.parse::<DateTime>().ok()).flatten();
    let local = local.ok_or_else(unread)?;
    let at = local.to_zoned(zone()?).map_err(|_| unread())?;
    Ok(at.timestamp())
}
