//! Time limits as people write them: `90s`, `30m`, `6h`, `2d`, `1h30m`, `02:30:00`, `1-12:00:00`,
//! and as in Slurm a bare number is minutes.

use std::time::Duration;

/// A text that is not a time limit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a time: write 30m, 6h, 2d, 1h30m, 02:30:00 or a number of minutes")]
pub struct NotATime(pub String);

const DAY: u64 = 86_400;

/// Reads a time limit.
///
/// # Errors
/// When the text has none of the known shapes, is negative, or does not fit.
pub fn parse(text: &str) -> Result<Duration, NotATime> {
    let trimmed = text.trim();
    let seconds = if trimmed.contains(':') || trimmed.contains('-') {
        clock(trimmed)
    } else if let Ok(minutes) = trimmed.parse::<u64>() {
        minutes.checked_mul(60)
    } else {
        units(trimmed)
    };
    seconds
        .map(Duration::from_secs)
        .ok_or_else(|| NotATime(text.to_owned()))
}

/// `D-HH:MM:SS`, `D-HH`, `HH:MM:SS`, `MM:SS`.
fn clock(text: &str) -> Option<u64> {
    let (days, rest) = match text.split_once('-') {
        Some((days, rest)) => (days.parse::<u64>().ok()?, rest),
        None => (0, text),
    };
    let parts = rest
        .split(':')
        .map(|part| part.parse::<u64>().ok())
        .collect::<Option<Vec<_>>>()?;
    let with_days = text.contains('-');
    let (hours, minutes, seconds) = match (with_days, parts.as_slice()) {
        (true, [hours]) => (*hours, 0, 0),
        (true, [hours, minutes]) => (*hours, *minutes, 0),
        (false, [minutes, seconds]) => (0, *minutes, *seconds),
        (_, [hours, minutes, seconds]) => (*hours, *minutes, *seconds),
        _ => return None,
    };
    days.checked_mul(DAY)?
        .checked_add(hours.checked_mul(3600)?)?
        .checked_add(minutes.checked_mul(60)?)?
        .checked_add(seconds)
}

/// `1d2h3m4s`, each part at most once but in any order.
fn units(text: &str) -> Option<u64> {
    let mut total = 0u64;
    let mut digits = String::new();
    for ch in text.chars() {
        if ch.is_ascii_digit() {
            digits.push(ch);
            continue;
        }
        let unit = match ch {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => DAY,
            ' ' if digits.is_empty() => continue,
            _ => return None,
        };
        total = total.checked_add(digits.parse::<u64>().ok()?.checked_mul(unit)?)?;
        digits.clear();
    }
    (digits.is_empty() && !text.is_empty()).then_some(total)
}

/// The shortest exact writing: `2d`, `1h30m`, `45s`.
#[must_use]
pub fn format(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let parts = [
        (seconds / DAY, 'd'),
        (seconds % DAY / 3600, 'h'),
        (seconds % 3600 / 60, 'm'),
        (seconds % 60, 's'),
    ];
    let text: String = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    if text.is_empty() {
        "0s".to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_people_write() {
        let cases = [
            ("30", 1800),
            ("90s", 90),
            ("6h", 21_600),
            ("2d", 172_800),
            ("1h30m", 5400),
            ("1h 30m", 5400),
            ("10:30", 630),
            ("02:30:00", 9000),
            ("1-12", 129_600),
            ("1-12:30", 131_400),
            ("1-00:00:01", 86_401),
        ];
        for (text, seconds) in cases {
            assert_eq!(parse(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_time() {
        for text in [
            "",
            "-5",
            "-1h",
            "h",
            "6x",
            "1.5h",
            "5m3",
            "99999999999999999999h",
            "::",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(seconds in 0u64..10_000_000) {
            let duration = Duration::from_secs(seconds);
            prop_assert_eq!(parse(&format(duration)), Ok(duration));
        }

        #[test]
        fn never_panics(text in ".{0,30}") {
            let _ = parse(&text);
        }
    }
}
