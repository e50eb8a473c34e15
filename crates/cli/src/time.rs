//! Times as people read and write them.

use std::time::Duration;

use berth_domain::{Timestamp, walltime};
use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{ToSpan, Zoned};

/// From one moment to a later one; nothing if the clocks disagree.
pub fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

/// As Slurm shows run times: `0:07`, `1:02:03`, `2-00:00:00`.
pub fn clock(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (days, hours) = (seconds / 86_400, seconds % 86_400 / 3600);
    let (minutes, seconds) = (seconds % 3600 / 60, seconds % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes}:{seconds:02}"),
        (0, _) => format!("{hours}:{minutes:02}:{seconds:02}"),
        _ => format!("{days}-{hours:02}:{minutes:02}:{seconds:02}"),
    }
}

/// `just now`, `5m ago`, `3h ago`, `2d ago`.
pub fn age(at: Timestamp, now: Timestamp) -> String {
    match between(at, now).as_secs() {
        0..=4 => "just now".to_owned(),
        seconds @ 5..=59 => format!("{seconds}s ago"),
        seconds @ 60..=3599 => format!("{}m ago", seconds / 60),
        seconds @ 3600..=86_399 => format!("{}h ago", seconds / 3600),
        seconds => format!("{}d ago", seconds / 86_400),
    }
}

/// A moment that is ahead: `now`, `14:20`, or `26 Nov 02:20` on another day; where this machine is.
pub fn short(at: Timestamp, now: Timestamp) -> String {
    if at <= now {
        return "now".to_owned();
    }
    let zone = TimeZone::system();
    let (at, now) = (at.to_zoned(zone.clone()), now.to_zoned(zone));
    let format = if at.date() == now.date() {
        "%H:%M"
    } else {
        "%-d %b %H:%M"
    };
    at.strftime(format).to_string()
}

/// A range of moments: `14:20 to 15:05`.
pub fn range(from: Option<Timestamp>, to: Option<Timestamp>, now: Timestamp) -> Option<String> {
    let (from, to) = (short(from?, now), short(to?, now));
    Some(if from == to {
        from
    } else {
        format!("{from} to {to}")
    })
}

/// In the zone of this machine: `2026-11-24 18:00:07 CET`.
pub fn local(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system())
        .strftime("%Y-%m-%d %H:%M:%S %Z")
        .to_string()
}

/// A time that is ahead, as the API wants it. Besides RFC 3339: `+2h`, `18:00` (the next one), and
/// a date with or without time in this machine's zone.
pub fn moment(text: &str, now: &Zoned) -> Result<String, String> {
    let text = text.trim();
    let refuse = || {
        format!(
            "'{text}' is not a time: write +2h, 18:00, 2026-11-30T18:00 or 2026-11-30T18:00:00Z"
        )
    };
    if let Some(wait) = text.strip_prefix("now+").or_else(|| text.strip_prefix('+')) {
        let wait = walltime::parse(wait).map_err(|error| error.to_string())?;
        let at = now.timestamp().checked_add(wait).map_err(|_| refuse())?;
        return Ok(seconds(at));
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at.to_string());
    }
    let zone = now.time_zone().clone();
    if text.len() >= 8
        && let Ok(at) = text.parse::<DateTime>()
    {
        let at = at.to_zoned(zone).map_err(|_| refuse())?;
        return Ok(seconds(at.timestamp()));
    }
    let time = Time::strptime("%H:%M", text).or_else(|_| Time::strptime("%H:%M:%S", text));
    let time = time.map_err(|_| refuse())?;
    let today = now.date().to_datetime(time);
    let mut at = today.to_zoned(zone.clone()).map_err(|_| refuse())?;
    if at <= *now {
        let tomorrow = today.checked_add(1.day()).map_err(|_| refuse())?;
        at = tomorrow.to_zoned(zone).map_err(|_| refuse())?;
    }
    Ok(seconds(at.timestamp()))
}

/// A time that is over, as the API wants it: `7d` and the like are that long ago, `18:00` the last
/// one; besides them what [`moment`] reads.
pub fn past(text: &str, now: &Zoned) -> Result<String, String> {
    let text = text.trim();
    let refuse =
        || format!("'{text}' is not a time that is over: write 7d, 18:00 or 2026-11-24T03:00");
    let has_unit = text.ends_with(|end: char| end.is_ascii_alphabetic() && end != 'Z');
    if has_unit && let Ok(ago) = walltime::parse(text) {
        let at = now.timestamp().checked_sub(ago).map_err(|_| refuse())?;
        return Ok(seconds(at));
    }
    let at = moment(text, now).map_err(|_| refuse())?;
    let at: Timestamp = at.parse().map_err(|_| refuse())?;
    let is_clock = Time::strptime("%H:%M", text).or_else(|_| Time::strptime("%H:%M:%S", text));
    if is_clock.is_err() {
        return Ok(seconds(at));
    }
    // The next such time, at most a day ahead: the same the day before.
    let at = at.to_zoned(now.time_zone().clone());
    let before = at.checked_sub(1.day()).map_err(|_| refuse())?;
    Ok(seconds(before.timestamp()))
}

fn seconds(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_times_look_like_slurms() {
        let cases = [
            (7, "0:07"),
            (3723, "1:02:03"),
            (172_800, "2-00:00:00"),
            (599, "9:59"),
        ];
        for (seconds, text) in cases {
            assert_eq!(clock(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn ages_are_short() {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        let ago = |seconds: i64| age(now - seconds.seconds(), now);
        assert_eq!(ago(0), "just now");
        assert_eq!(ago(59), "59s ago");
        assert_eq!(ago(7200), "2h ago");
        assert_eq!(ago(200_000), "2d ago");
        assert_eq!(age(now + 5.seconds(), now), "just now");
    }

    #[test]
    fn begin_is_read_in_the_local_zone() {
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        let now = now.to_zoned(zone);
        let cases = [
            ("2026-11-30T18:00:00Z", "2026-11-30T18:00:00Z"),
            ("2026-11-30T18:00:00+02:00", "2026-11-30T16:00:00Z"),
            ("2026-11-30T18:00", "2026-11-30T17:00:00Z"),
            ("2026-11-30 18:00:05", "2026-11-30T17:00:05Z"),
            ("2026-11-30", "2026-11-29T23:00:00Z"),
            ("18:00", "2026-11-24T17:00:00Z"),
            ("13:00", "2026-11-25T12:00:00Z"),
            ("+2h", "2026-11-24T14:00:00Z"),
            ("now+90m", "2026-11-24T13:30:00Z"),
        ];
        for (text, expected) in cases {
            assert_eq!(moment(text, &now).as_deref(), Ok(expected), "{text}");
        }
        for text in ["", "tomorrow", "25:00", "+", "+soon", "-2h"] {
            assert!(moment(text, &now).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_over_is_read_in_the_local_zone() {
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        let now = now.to_zoned(zone);
        let cases = [
            ("7d", "2026-11-17T12:00:00Z"),
            ("90m", "2026-11-24T10:30:00Z"),
            ("12:00", "2026-11-24T11:00:00Z"),
            ("18:00", "2026-11-23T17:00:00Z"),
            ("2026-11-01", "2026-10-31T23:00:00Z"),
            ("2026-11-20T03:00", "2026-11-20T02:00:00Z"),
            ("2026-11-20T03:00:00Z", "2026-11-20T03:00:00Z"),
        ];
        for (text, expected) in cases {
            assert_eq!(past(text, &now).as_deref(), Ok(expected), "{text}");
        }
        for text in ["", "yesterday", "25:00", "7y"] {
            assert!(past(text, &now).is_err(), "{text}");
        }
    }
}
