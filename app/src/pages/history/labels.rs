//! Times as labels, by a clock some hours east of UTC; the same on the server and in the browser.

use berth_domain::Timestamp;

use crate::format::month_name;
use crate::texts::units;

/// `UTC`, `UTC+1`, `UTC-3`.
pub fn zone(offset_h: i32) -> String {
    match offset_h {
        0 => "UTC".to_owned(),
        hours => format!("UTC{hours:+}"),
    }
}

/// `14:00`
pub fn clock(at: Timestamp, offset_h: i32) -> String {
    local(at, offset_h).1
}

/// `24 Nov`
pub fn day(at: Timestamp, offset_h: i32) -> String {
    local(at, offset_h).0
}

/// `24 Nov 14:20`
pub fn minute(at: Timestamp, offset_h: i32) -> String {
    let (day, clock) = local(at, offset_h);
    format!("{day} {clock}")
}

/// `24 Nov 14:20`, and with its year where that is not this one.
pub fn minute_of(at: Timestamp, now: Timestamp, offset_h: i32) -> String {
    let year = |at: Timestamp| shifted(at, offset_h).get(..4).map(str::to_owned);
    let (day, clock) = local(at, offset_h);
    match year(at).filter(|_| year(at) != year(now)) {
        Some(year) => format!("{day} {year} {clock}"),
        None => format!("{day} {clock}"),
    }
}

/// `Tue 24 Nov`
pub fn weekday(at: Timestamp, offset_h: i32) -> String {
    let days = (at.as_second() + i64::from(offset_h) * 3600).div_euclid(86_400);
    // The first of 1970 was a Thursday.
    let place = usize::try_from((days + 3).rem_euclid(7)).unwrap_or(0);
    format!("{} {}", units::DAYS[place], day(at, offset_h))
}

fn local(at: Timestamp, offset_h: i32) -> (String, String) {
    let text = shifted(at, offset_h);
    let month = text.get(5..7).and_then(|month| month.parse().ok());
    let day = text.get(8..10).unwrap_or_default().trim_start_matches('0');
    let day = format!("{day} {}", month_name(month.unwrap_or(1)));
    (day, text.get(11..16).unwrap_or_default().to_owned())
}

/// In RFC 3339, as the clock shows it.
fn shifted(at: Timestamp, offset_h: i32) -> String {
    let shifted = at.as_second() + i64::from(offset_h) * 3600;
    Timestamp::from_second(shifted).unwrap_or(at).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_year_is_told() {
        let now: Timestamp = "2026-12-31T23:30:00Z".parse().expect("a time");
        let before: Timestamp = "2020-01-01T00:00:00Z".parse().expect("a time");
        assert_eq!(minute_of(now, now, 0), "31 Dec 23:30");
        assert_eq!(minute_of(before, now, 0), "1 Jan 2020 00:00");
        assert_eq!(minute_of(before, now, -1), "31 Dec 2019 23:00");
    }

    #[test]
    fn the_day_is_that_of_the_clock() {
        let at: Timestamp = "2026-11-24T23:30:00Z".parse().expect("a time");
        assert_eq!(minute(at, 0), "24 Nov 23:30");
        assert_eq!(
            (minute(at, 1), weekday(at, 1)),
            ("25 Nov 00:30".into(), "Wed 25 Nov".into())
        );
        assert_eq!(
            (zone(0), zone(1), zone(-3)),
            ("UTC".into(), "UTC+1".into(), "UTC-3".into())
        );
    }
}
