//! The marks of the time axis, at full hours and days of the clock where the browser is.

use berth_domain::Timestamp;

use super::range::{Range, Zoom};
use super::week::{DAY, HOUR};
use crate::format;
use crate::texts::units;

/// A mark of the axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tick {
    pub at: i64,
    pub text: String,
    /// A day begins.
    pub day: bool,
}

/// The marks in view. `offset` is how far the local clock is ahead of UTC at a moment, in seconds.
pub fn ticks(range: Range, zoom: Zoom, offset: impl Fn(i64) -> i64) -> Vec<Tick> {
    let step = match zoom {
        Zoom::Hour => HOUR / 6,
        Zoom::SixHours => HOUR,
        Zoom::Day => 3 * HOUR,
        Zoom::Week => DAY,
        Zoom::Month => 3 * DAY,
    };
    let around = offset(range.from);
    let first = (range.from + around).div_euclid(step) * step;
    let marks = (0..).map(|n| first + n * step);
    let marks = marks.map(|local| {
        // The clocks may change in between.
        let at = local - offset(local - around);
        let day = local.rem_euclid(DAY) == 0;
        let text = match zoom {
            Zoom::Month => date(local),
            _ if day => weekday(local),
            _ => clock(local),
        };
        Tick { at, text, day }
    });
    // One more on either side where the clocks change by some hours.
    marks
        .take_while(|tick| tick.at < range.to)
        .filter(|tick| tick.at >= range.from)
        .collect()
}

fn text(local: i64) -> String {
    Timestamp::from_second(local).map_or_else(|_| String::new(), |at| at.to_string())
}

/// `14:20` of a local time.
pub fn clock(local: i64) -> String {
    text(local).get(11..16).unwrap_or_default().to_owned()
}

/// `26 Nov` of a local time.
fn date(local: i64) -> String {
    let text = text(local);
    let month = text.get(5..7).and_then(|month| month.parse().ok());
    let day = text.get(8..10).unwrap_or_default().trim_start_matches('0');
    format!("{day} {}", format::month_name(month.unwrap_or(1)))
}

/// `Thu 26` of a local time.
fn weekday(local: i64) -> String {
    let text = text(local);
    let date = text.get(8..10).unwrap_or_default().trim_start_matches('0');
    format!("{} {date}", weekday_name(local))
}

/// `Thu 26 Nov` of a local time.
pub fn day_name(local: i64) -> String {
    format!("{} {}", weekday_name(local), date(local))
}

fn weekday_name(local: i64) -> &'static str {
    // 1970 began on a Thursday.
    let day = usize::try_from(local.div_euclid(DAY).rem_euclid(7)).unwrap_or(0);
    units::DAYS[(day + 3) % 7]
}

/// `2026-11-26`, of a day since 1970.
pub fn day_text(day: i64) -> String {
    text(day * DAY).get(..10).unwrap_or_default().to_owned()
}

/// `2026-11-30T18:00`, as a form has a local time.
pub fn local_text(at: i64, offset: i64) -> String {
    text(at + offset).get(..16).unwrap_or_default().to_owned()
}

/// A local time of a form, moved by so many seconds; as it was where it cannot be read.
pub fn moved(local: &str, by: i64) -> String {
    let at = format!("{}:00Z", local.get(..16).unwrap_or_default());
    match at.parse::<Timestamp>() {
        Ok(at) => local_text(at.as_second(), by),
        Err(_) => local.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().expect("a time").as_second()
    }

    fn texts(zoom: Zoom, from: &str, offset: impl Fn(i64) -> i64) -> Vec<String> {
        let from = at(from);
        let range = Range {
            from,
            to: from + zoom.span(),
        };
        let ticks = ticks(range, zoom, offset);
        ticks.into_iter().map(|tick| tick.text).collect()
    }

    #[test]
    fn full_hours_and_days_of_the_local_clock() {
        let day = texts(Zoom::Day, "2026-11-26T04:10:00Z", |_| 0);
        let expected = [
            "06:00", "09:00", "12:00", "15:00", "18:00", "21:00", "Fri 27", "03:00",
        ];
        assert_eq!(day, expected);
        // Kathmandu is 5:45 ahead.
        let hour = texts(Zoom::Hour, "2026-11-26T04:10:00Z", |_| 20_700);
        assert_eq!(hour, ["10:00", "10:10", "10:20", "10:30", "10:40", "10:50"]);
        let week = texts(Zoom::Week, "2026-11-26T00:00:00Z", |_| 0);
        assert_eq!(week[..2], ["Thu 26", "Fri 27"]);
        assert_eq!(week.len(), 7);
    }

    #[test]
    fn days_begin_at_midnight_also_when_the_clocks_change() {
        // Berlin, 2026-10-25: an hour twice.
        let change = at("2026-10-25T01:00:00Z");
        let offset = |at: i64| if at < change { 7200 } else { 3600 };
        let from = at("2026-10-22T10:00:00Z");
        let range = Range {
            from,
            to: from + Zoom::Week.span(),
        };
        let marks = ticks(range, Zoom::Week, offset);
        assert!(marks.iter().all(|tick| tick.day));
        for tick in &marks {
            assert_eq!((tick.at + offset(tick.at)).rem_euclid(DAY), 0, "{tick:?}");
        }
        assert_eq!(marks.len(), 7);
    }

    #[test]
    fn local_times_of_forms() {
        assert_eq!(
            local_text(at("2026-11-30T17:00:00Z"), 3600),
            "2026-11-30T18:00"
        );
        assert_eq!(moved("2026-11-30T23:30", 3600), "2026-12-01T00:30");
        assert_eq!(moved("soon", 3600), "soon");
        let noon = at("2026-11-30T12:00:00Z");
        assert_eq!(
            (day_name(noon).as_str(), clock(noon).as_str()),
            ("Mon 30 Nov", "12:00")
        );
        assert_eq!(day_text(noon / DAY), "2026-11-30");
    }

    proptest! {
        #[test]
        fn marks_rise_and_are_in_view(
            from in 0i64..2_000_000_000,
            zoom in 0usize..5,
            quarters in -48i64..56,
        ) {
            let zoom = Zoom::ALL[zoom];
            let range = Range { from, to: from + zoom.span() };
            let marks = ticks(range, zoom, |_| quarters * 900);
            prop_assert!((5..=12).contains(&marks.len()));
            prop_assert!(marks.windows(2).all(|pair| pair[0].at < pair[1].at));
            prop_assert!(marks.iter().all(|tick| range.from <= tick.at && tick.at < range.to));
        }
    }
}
