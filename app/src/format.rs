//! Times, durations, sizes and owners as people read them.

use berth_domain::Timestamp;

use crate::texts::units as t;

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
const DAY: i64 = 86_400;

/// `14:20 UTC`; with the date when it is not the day of `now`.
pub fn utc(at: Timestamp, now: i64) -> String {
    let text = at.to_string();
    let clock = text.get(11..16).unwrap_or_default();
    if at.as_second().div_euclid(DAY) == now.div_euclid(DAY) {
        return t::utc(clock);
    }
    let month = text.get(5..7).and_then(|m| m.parse::<usize>().ok());
    let day = text.get(8..10).unwrap_or_default().trim_start_matches('0');
    t::utc_on(day, month_name(month.unwrap_or(1)), clock)
}

/// `Nov`.
pub fn month_name(month: usize) -> &'static str {
    t::MONTHS[(month + 11) % 12]
}

/// `4 min ago`, `in 25 min`; from an hour on the clock time where the browser is.
pub fn local(at: Timestamp, now: i64) -> String {
    let ago = now - at.as_second();
    match ago {
        0..5 => t::JUST_NOW.to_owned(),
        -5..0 => t::NOW.to_owned(),
        5..HOUR => t::ago(&duration(ago)),
        _ if ago > -HOUR && ago < 0 => t::ahead(&duration(-ago)),
        _ => local_clock(at, now),
    }
}

/// `14:20`, or `24 Nov 14:20` on another day.
#[cfg(feature = "hydrate")]
pub fn local_clock(at: Timestamp, now: i64) -> String {
    let (date, today) = (js_date(at.as_millisecond()), js_date(now * 1000));
    let clock = format!("{:02}:{:02}", date.get_hours(), date.get_minutes());
    let same_day = date.get_date() == today.get_date()
        && date.get_month() == today.get_month()
        && date.get_full_year() == today.get_full_year();
    if same_day {
        return clock;
    }
    let month = month_name(date.get_month() as usize + 1);
    format!("{} {month} {clock}", date.get_date())
}

#[cfg(not(feature = "hydrate"))]
pub fn local_clock(at: Timestamp, now: i64) -> String {
    utc(at, now)
}

/// `14:20:05`, or `24 Nov 14:20:05` on another day.
#[cfg(feature = "hydrate")]
pub fn local_clock_s(at: Timestamp, now: i64) -> String {
    let seconds = js_date(at.as_millisecond()).get_seconds();
    format!("{}:{seconds:02}", local_clock(at, now))
}

#[cfg(not(feature = "hydrate"))]
pub fn local_clock_s(at: Timestamp, now: i64) -> String {
    utc(at, now)
}

/// Date, time and zone in full, for a hover.
#[cfg(feature = "hydrate")]
pub fn zoned(at: Timestamp) -> String {
    String::from(js_date(at.as_millisecond()).to_string())
}

#[cfg(not(feature = "hydrate"))]
pub fn zoned(at: Timestamp) -> String {
    at.to_string()
}

/// How far the browser's clock is ahead of UTC at a moment, in seconds.
#[cfg(feature = "hydrate")]
pub fn offset(seconds: i64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "minutes of a day")]
    let behind = js_date(seconds * 1000).get_timezone_offset() as i64;
    -60 * behind
}

#[cfg(not(feature = "hydrate"))]
pub fn offset(_: i64) -> i64 {
    0
}

/// The IANA name of the browser's time zone.
#[cfg(feature = "hydrate")]
pub fn zone() -> String {
    let none = (js_sys::Array::new(), js_sys::Object::new());
    let options = js_sys::Intl::DateTimeFormat::new(&none.0, &none.1).resolved_options();
    let name = js_sys::Reflect::get(&options, &"timeZone".into());
    let name = name.ok().and_then(|name| name.as_string());
    name.unwrap_or_else(|| "UTC".to_owned())
}

#[cfg(not(feature = "hydrate"))]
pub fn zone() -> String {
    "UTC".to_owned()
}

#[cfg(feature = "hydrate")]
fn js_date(milliseconds: i64) -> js_sys::Date {
    #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
    let value = wasm_bindgen::JsValue::from_f64(milliseconds as f64);
    js_sys::Date::new(&value)
}

/// How many hours east of UTC the browser is now, in whole ones.
#[cfg(feature = "hydrate")]
pub fn utc_offset_hours() -> i32 {
    #[expect(clippy::cast_possible_truncation, reason = "a few hundred minutes")]
    let west_min = js_sys::Date::new_0().get_timezone_offset() as i32;
    (-west_min).div_euclid(60)
}

#[cfg(not(feature = "hydrate"))]
pub fn utc_offset_hours() -> i32 {
    0
}

/// `4 s`, `12 min`, `3 h 20 min`, `2 d 4 h`.
pub fn duration(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let two = |big: i64, unit: &str, rest: i64, small: &str| {
        if rest == 0 {
            format!("{big} {unit}")
        } else {
            format!("{big} {unit} {rest} {small}")
        }
    };
    match seconds {
        0..MINUTE => t::seconds(seconds),
        MINUTE..HOUR => t::minutes(seconds / MINUTE),
        HOUR..DAY => two(seconds / HOUR, t::H, seconds % HOUR / MINUTE, t::MIN),
        _ => two(seconds / DAY, t::D, seconds % DAY / HOUR, t::H),
    }
}

/// How long something has run, to the second while it is short: `1:05`, `2:03:11`.
pub fn stopwatch(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let (h, m, s) = (seconds / HOUR, seconds % HOUR / MINUTE, seconds % MINUTE);
    if h >= 24 {
        duration(seconds)
    } else if h > 0 {
        format!("{h}:{m:02}:{s:02}")
    } else {
        format!("{m}:{s:02}")
    }
}

/// `71` of GiB.
pub fn gib(bytes: u64) -> String {
    let tenths = bytes / (1024 * 1024 * 1024 / 10);
    if tenths < 100 {
        format!("{}.{}", tenths / 10, tenths % 10)
    } else {
        format!("{}", (tenths + 5) / 10)
    }
}

/// `812 bytes`, `64 KiB`, `1.2 MiB`, `34 GiB`.
pub fn size(bytes: u64) -> String {
    if bytes < 1024 {
        return count(bytes, t::BYTE);
    }
    let (mut unit, mut names) = (1024_u64, ["KiB", "MiB", "GiB"].into_iter());
    let mut name = names.next().unwrap_or_default();
    for larger in names {
        if bytes / 1024 < unit {
            break;
        }
        (unit, name) = (unit * 1024, larger);
    }
    let tenths = bytes.saturating_mul(10) / unit;
    if tenths < 100 && !tenths.is_multiple_of(10) {
        format!("{}.{} {name}", tenths / 10, tenths % 10)
    } else {
        format!("{} {name}", thousands(tenths / 10))
    }
}

/// A share of 0 to 100 as a whole number.
pub fn percent(value: f32) -> String {
    format!("{value:.0}")
}

/// `1 GPU`, `4 GPUs`.
pub fn count(n: impl Into<u64>, one: &str) -> String {
    match n.into() {
        1 => format!("1 {one}"),
        n => t::many(&thousands(n), one),
    }
}

/// `12,345`.
pub fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// One of twelve hues, always the same for a name (FNV-1a).
pub fn owner_hue(name: &str) -> u32 {
    let fold = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(16_777_619);
    let hash = name.bytes().fold(2_166_136_261, fold);
    (hash ^ (hash >> 15)) % 12
}

/// Two letters: `an` for `ana`, `ab` for `ana.berg`.
pub fn initials(name: &str) -> String {
    let mut parts = name
        .split(['.', '-', '_', ' '])
        .filter(|part| !part.is_empty());
    match (parts.next(), parts.next()) {
        (Some(first), Some(second)) => first
            .chars()
            .take(1)
            .chain(second.chars().take(1))
            .collect(),
        (Some(first), None) => first.chars().take(2).collect(),
        _ => "?".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn moments_in_utc() {
        let now = at("2026-11-24T16:00:00Z").as_second();
        assert_eq!(utc(at("2026-11-24T14:20:59.5Z"), now), "14:20 UTC");
        assert_eq!(utc(at("2026-11-03T04:05:00Z"), now), "3 Nov 04:05 UTC");
    }

    #[test]
    fn moments_near_now_are_relative() {
        let now = at("2026-11-24T16:00:00Z").as_second();
        assert_eq!(local(at("2026-11-24T15:59:58Z"), now), "just now");
        assert_eq!(local(at("2026-11-24T15:48:00Z"), now), "12 min ago");
        assert_eq!(local(at("2026-11-24T16:25:00Z"), now), "in 25 min");
    }

    #[test]
    fn sizes() {
        let cases = [
            (0, "0 bytes"),
            (1, "1 byte"),
            (1023, "1,023 bytes"),
            (1024, "1 KiB"),
            (1536, "1.5 KiB"),
            (200 * 1024 * 1024, "200 MiB"),
            (5 << 30, "5 GiB"),
            (3 << 40, "3,072 GiB"),
        ];
        for (bytes, words) in cases {
            assert_eq!(size(bytes), words);
        }
    }

    #[test]
    fn durations() {
        assert_eq!(duration(-3), "0 s");
        assert_eq!(duration(59), "59 s");
        assert_eq!(duration(12_000), "3 h 20 min");
        assert_eq!(duration(2 * DAY + 4 * HOUR + 5), "2 d 4 h");
        assert_eq!(stopwatch(65), "1:05");
        assert_eq!(stopwatch(7391), "2:03:11");
    }

    #[test]
    fn sizes_and_numbers() {
        assert_eq!(gib(71 * 1024 * 1024 * 1024), "71");
        assert_eq!(gib(3 * 1024 * 1024 * 1024 / 2), "1.5");
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(count(1u32, "GPU"), "1 GPU");
    }

    #[test]
    fn owners() {
        assert_eq!(initials("ana"), "an");
        assert_eq!(initials("ana.berg"), "ab");
        assert!(owner_hue("ana") < 12);
    }
}
