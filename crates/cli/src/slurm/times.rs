//! Times as Slurm's flags have them: `now+1hour`, `teatime`, `11/30-18:00`.

use std::time::Duration;

use jiff::Zoned;

use crate::time;

/// When a job may begin, as the API wants it; `None`: at once.
pub fn begin(text: &str, now: &Zoned) -> Result<Option<String>, String> {
    let refuse =
        |_| format!("'{text}' is not a time: write now+1hour, 16:00, tomorrow or 2026-11-30T18:00");
    let lower = text.trim().to_lowercase();
    match lower.as_str() {
        "now" | "today" => return Ok(None),
        "tomorrow" => return time::moment("00:00", now).map(Some),
        _ => {}
    }
    if let Some(wait) = lower.strip_prefix("now+") {
        let wait = span(wait).ok_or(()).map_err(refuse)?;
        return time::moment(&format!("+{}s", wait.as_secs()), now).map(Some);
    }
    let written = usual(&lower, now).unwrap_or_else(|| text.trim().to_owned());
    time::moment(&written, now)
        .map(Some)
        .map_err(|_| refuse(()))
}

/// A time that is over, as the API wants it.
pub fn past(text: &str, now: &Zoned) -> Result<String, String> {
    let refuse =
        |_| format!("'{text}' is not a time: write now-1day, 16:00, today or 2026-11-30T18:00");
    let lower = text.trim().to_lowercase();
    if lower == "now" {
        return Ok(now.timestamp().to_string());
    }
    if let Some(ago) = lower.strip_prefix("now-") {
        let ago = span(ago).ok_or(()).map_err(refuse)?;
        return time::past(&format!("{}s", ago.as_secs()), now);
    }
    if matches!(lower.as_str(), "today" | "midnight") {
        return time::moment(&now.date().to_string(), now);
    }
    let written = usual(&lower, now).unwrap_or_else(|| text.trim().to_owned());
    time::past(&written, now).map_err(|_| refuse(()))
}

/// `1hour`, `90`, which is seconds.
fn span(text: &str) -> Option<Duration> {
    let digits = text.len()
        - text
            .trim_start_matches(|ch: char| ch.is_ascii_digit())
            .len();
    let (count, unit) = text.split_at(digits);
    let unit = match unit.trim().trim_end_matches('s') {
        "" | "second" | "sec" => 1,
        "minute" | "min" => 60,
        "hour" => 3600,
        "day" => 86_400,
        "week" => 7 * 86_400,
        _ => return None,
    };
    count
        .parse::<u64>()
        .ok()?
        .checked_mul(unit)
        .map(Duration::from_secs)
}

/// Names of times, and the order month, day, year, as `time` reads them.
fn usual(text: &str, now: &Zoned) -> Option<String> {
    let named = match text {
        "midnight" => "00:00",
        "elevenses" => "11:00",
        "noon" => "12:00",
        "fika" => "15:00",
        "teatime" => "16:00",
        _ => "",
    };
    if !named.is_empty() {
        return Some(named.to_owned());
    }
    if let Some(clock) = text.strip_suffix("pm").or(text.strip_suffix("am")) {
        let (hour, rest) = clock.trim().split_once(':')?;
        let hour = hour
            .parse::<u32>()
            .ok()
            .filter(|hour| (1..=12).contains(hour))?;
        let hour = hour % 12 + if text.ends_with("pm") { 12 } else { 0 };
        return Some(format!("{hour:02}:{rest}"));
    }
    // 0731, 11/30, 11/30/26, 11.30.26, each with -18:00.
    let (date, clock) = text
        .split_once(['-', 't'])
        .filter(|(date, _)| !date.is_empty())
        .unwrap_or((text, "00:00"));
    let parts: Vec<&str> = date.split(['/', '.']).collect();
    let (month, day, year) = match parts.as_slice() {
        [month, day] => (*month, *day, None),
        [month, day, year] => (*month, *day, Some(*year)),
        _ => return None,
    };
    let number = |text: &str| text.parse::<i16>().ok();
    let year = match year {
        Some(year) => number(year).map(|year| if year < 100 { 2000 + year } else { year })?,
        None => now.year(),
    };
    let (month, day) = (number(month)?, number(day)?);
    Some(format!("{year:04}-{month:02}-{day:02}T{clock}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Zoned {
        "2026-11-24T12:00:00+00:00[UTC]".parse().unwrap()
    }

    #[test]
    fn a_begin_as_slurm_reads_it() {
        for (text, expected) in [
            ("now+1hour", "2026-11-24T13:00:00Z"),
            ("now+90", "2026-11-24T12:01:30Z"),
            ("now+2days", "2026-11-26T12:00:00Z"),
            ("now+10minutes", "2026-11-24T12:10:00Z"),
            ("16:00", "2026-11-24T16:00:00Z"),
            ("4:30PM", "2026-11-24T16:30:00Z"),
            ("12:15am", "2026-11-25T00:15:00Z"),
            ("midnight", "2026-11-25T00:00:00Z"),
            ("tomorrow", "2026-11-25T00:00:00Z"),
            ("noon", "2026-11-25T12:00:00Z"),
            ("teatime", "2026-11-24T16:00:00Z"),
            ("2026-11-30T18:00:00", "2026-11-30T18:00:00Z"),
            ("2026-11-30", "2026-11-30T00:00:00Z"),
            ("11/30", "2026-11-30T00:00:00Z"),
            ("11/30/26-18:00", "2026-11-30T18:00:00Z"),
        ] {
            let read = begin(text, &now()).unwrap();
            assert_eq!(read.as_deref(), Some(expected), "{text}");
        }
        assert_eq!(begin("now", &now()), Ok(None));
        for text in ["", "soon", "now+", "now+2moons", "25:00", "13/45"] {
            assert!(begin(text, &now()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_past_as_sacct_reads_it() {
        for (text, expected) in [
            ("now-1day", "2026-11-23T12:00:00Z"),
            ("now-7days", "2026-11-17T12:00:00Z"),
            ("today", "2026-11-24T00:00:00Z"),
            ("midnight", "2026-11-24T00:00:00Z"),
            ("10:00", "2026-11-24T10:00:00Z"),
            ("2026-11-01", "2026-11-01T00:00:00Z"),
            ("11/01", "2026-11-01T00:00:00Z"),
            ("now", "2026-11-24T12:00:00Z"),
        ] {
            assert_eq!(past(text, &now()).as_deref(), Ok(expected), "{text}");
        }
        assert!(past("never", &now()).is_err());
    }
}
