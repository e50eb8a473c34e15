//! Which time is asked about: whole hours, and how they are gathered.

use berth_domain::Timestamp;
use jiff::SignedDuration;

use crate::ApiError;
use crate::analytics::AnalyticsArg;

pub(super) const HOUR_S: i64 = 3600;
pub(super) const DAY_S: i64 = 24 * HOUR_S;
/// Longer ranges are refused: they would be compared with twice as long ones.
const MOST_DAYS: i64 = 400;

/// Whole hours from one second to another, seen from some hours east of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub since_s: i64,
    pub until_s: i64,
    pub offset_s: i64,
}

impl Window {
    /// What is asked for, in a time that is over or under way.
    pub(super) fn of(asked: &AnalyticsArg, now: Timestamp) -> Result<Self, ApiError> {
        let offset_h = asked.utc_offset.unwrap_or(0);
        if !(-12..=14).contains(&offset_h) {
            let sentence = "'utc_offset' is hours east of UTC, between -12 and 14.";
            return Err(ApiError::invalid("utc_offset", sentence));
        }
        let offset_s = i64::from(offset_h) * HOUR_S;
        let midnight = |second: i64| second - (second + offset_s).rem_euclid(DAY_S);
        let hour_end = |second: i64| second + (-second).rem_euclid(HOUR_S);
        // An hour that is under way is part of it.
        let end = hour_end(now.as_second() + 1);
        if asked.from.is_none() && asked.to.is_none() {
            let since_s = match asked.range.as_deref().unwrap_or("7d") {
                "24h" => end - DAY_S,
                "7d" => midnight(end - 1) - 6 * DAY_S,
                "28d" => midnight(end - 1) - 27 * DAY_S,
                "90d" => midnight(end - 1) - 89 * DAY_S,
                other => {
                    let other = other.escape_debug();
                    let sentence = format!(
                        "'{other}' is none of 24h, 7d, 28d and 90d. Any other time is asked for with \
                         'from' and 'to'."
                    );
                    return Err(ApiError::invalid("range", sentence));
                }
            };
            return Ok(Window {
                since_s,
                until_s: end,
                offset_s,
            });
        }
        let Some(from) = &asked.from else {
            return Err(ApiError::invalid("from", "Say also 'from' when it begins."));
        };
        let since_s = second("from", from, offset_s, 0)?;
        let until_s = match &asked.to {
            Some(to) => hour_end(second("to", to, offset_s, DAY_S)?).min(end),
            None => end,
        };
        if since_s >= until_s {
            let sentence = "'from' is not before 'to' and now.";
            return Err(ApiError::invalid("from", sentence));
        }
        // What is shown by the day begins with a whole one.
        let since_s = if until_s - since_s > 2 * DAY_S {
            midnight(since_s)
        } else {
            since_s - since_s.rem_euclid(HOUR_S)
        };
        if until_s - since_s > MOST_DAYS * DAY_S {
            let sentence = format!("Ask for {MOST_DAYS} days at most.");
            return Err(ApiError::invalid("from", sentence));
        }
        Ok(Window {
            since_s,
            until_s,
            offset_s,
        })
    }

    /// The same hours and days of the week, as many whole days earlier as it is long.
    pub(super) fn before(self) -> Self {
        let shift = i64::from(self.days()) * DAY_S;
        Window {
            since_s: self.since_s - shift,
            until_s: self.until_s - shift,
            ..self
        }
    }

    /// How long it is, in days begun.
    pub(super) fn days(self) -> u32 {
        let days = (self.until_s - self.since_s + DAY_S - 1) / DAY_S;
        u32::try_from(days).unwrap_or(u32::MAX)
    }

    pub(super) fn hours(self) -> usize {
        usize::try_from((self.until_s - self.since_s) / HOUR_S).unwrap_or(0)
    }

    /// How wide the parts of a curve over it are.
    pub(super) fn step_s(self) -> i64 {
        match self.days() {
            0..=2 => HOUR_S,
            3..=8 => 3 * HOUR_S,
            9..=32 => 12 * HOUR_S,
            33..=100 => DAY_S,
            _ => 7 * DAY_S,
        }
    }

    /// How wide the periods are in which things are counted.
    pub(super) fn period_s(self) -> i64 {
        match self.days() {
            0..=2 => HOUR_S,
            3..=100 => DAY_S,
            _ => 7 * DAY_S,
        }
    }

    /// How many parts of a width it has.
    pub(super) fn parts(self, width_s: i64) -> usize {
        usize::try_from((self.until_s - self.since_s + width_s - 1) / width_s).unwrap_or(0)
    }

    /// The part of a width that a time is in; `None` outside.
    pub(super) fn part(self, at: Timestamp, width_s: i64) -> Option<usize> {
        let second = at.as_second();
        let inside = self.since() <= at && second < self.until_s;
        inside
            .then(|| usize::try_from((second - self.since_s) / width_s).ok())
            .flatten()
    }

    /// When a part of a width begins.
    pub(super) fn start(self, part: usize, width_s: i64) -> Timestamp {
        let part = i64::try_from(part).unwrap_or(0);
        moment(self.since_s + part * width_s)
    }

    pub(super) fn since(self) -> Timestamp {
        moment(self.since_s)
    }

    pub(super) fn until(self) -> Timestamp {
        moment(self.until_s)
    }
}

pub(super) fn moment(second: i64) -> Timestamp {
    let far = if second < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    Timestamp::from_second(second).unwrap_or(far)
}

/// Of a time, or of a day: its midnight and so many seconds later.
fn second(field: &str, text: &str, offset_s: i64, of_day_s: i64) -> Result<i64, ApiError> {
    let text = text.trim();
    let wrong = || {
        let text = text.escape_debug();
        let sentence = format!(
            "'{text}' is neither a day such as 2026-11-30 nor a time such as 2026-11-30T18:00:00Z."
        );
        ApiError::invalid(field, sentence)
    };
    if text.len() == 10 {
        let midnight: Timestamp = format!("{text}T00:00:00Z").parse().map_err(|_| wrong())?;
        return Ok(midnight.as_second() - offset_s + of_day_s);
    }
    let at: Timestamp = text.parse().map_err(|_| wrong())?;
    // A begun second counts as over.
    let up = i64::from(at != moment(at.as_second()));
    Ok(at.as_second() + if of_day_s > 0 { up } else { 0 })
}

/// From one moment to a later one, in seconds; 0 if it is not later.
pub(super) fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    let exact: SignedDuration = to.duration_since(from);
    exact.as_secs_f64().max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-24T14:20:30Z".parse().unwrap()
    }

    fn window(asked: &AnalyticsArg) -> (String, String) {
        let window = Window::of(asked, now()).unwrap();
        assert_eq!((window.until_s - window.since_s) % HOUR_S, 0);
        (window.since().to_string(), window.until().to_string())
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn ranges_end_with_the_hour_under_way_and_begin_at_midnight() {
        let range = |range: &str| {
            window(&AnalyticsArg {
                range: some(range),
                ..AnalyticsArg::default()
            })
        };
        let end = "2026-11-24T15:00:00Z".to_owned();
        assert_eq!(
            range("24h"),
            ("2026-11-23T15:00:00Z".to_owned(), end.clone())
        );
        assert_eq!(
            range("7d"),
            ("2026-11-18T00:00:00Z".to_owned(), end.clone())
        );
        assert_eq!(window(&AnalyticsArg::default()), range("7d"));
        assert_eq!(range("90d").1, end);
        // Where it is 16:20 it was midnight two hours earlier.
        let east = window(&AnalyticsArg {
            utc_offset: Some(2),
            ..AnalyticsArg::default()
        });
        assert_eq!(east.0, "2026-11-17T22:00:00Z");
    }

    #[test]
    fn a_day_is_part_of_it_to_its_end() {
        let days = |from: &str, to: &str| AnalyticsArg {
            from: some(from),
            to: some(to),
            ..AnalyticsArg::default()
        };
        let (since, until) = window(&days("2026-11-01", "2026-11-03"));
        assert_eq!(since, "2026-11-01T00:00:00Z");
        assert_eq!(until, "2026-11-04T00:00:00Z");
        let (_, until) = window(&days("2026-11-01", "2026-11-24"));
        assert_eq!(until, "2026-11-24T15:00:00Z", "not further than now");
        let (since, until) = window(&days("2026-11-01T10:30:00Z", "2026-11-01T11:00:00.5Z"));
        assert_eq!(since, "2026-11-01T10:00:00Z");
        assert_eq!(until, "2026-11-01T12:00:00Z");
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_field() {
        let refused = |asked: AnalyticsArg| {
            let error = Window::of(&asked, now()).unwrap_err();
            error.field().unwrap().to_owned()
        };
        let base = AnalyticsArg::default;
        assert_eq!(
            refused(AnalyticsArg {
                range: some("3d"),
                ..base()
            }),
            "range"
        );
        assert_eq!(
            refused(AnalyticsArg {
                from: some("noon"),
                ..base()
            }),
            "from"
        );
        assert_eq!(
            refused(AnalyticsArg {
                to: some("2026-11-01"),
                ..base()
            }),
            "from"
        );
        assert_eq!(
            refused(AnalyticsArg {
                from: some("2027-11-01"),
                ..base()
            }),
            "from"
        );
        assert_eq!(
            refused(AnalyticsArg {
                from: some("2020-01-01"),
                ..base()
            }),
            "from"
        );
        assert_eq!(
            refused(AnalyticsArg {
                from: some("2026-13-77"),
                ..base()
            }),
            "from"
        );
        assert_eq!(
            refused(AnalyticsArg {
                utc_offset: Some(15),
                ..base()
            }),
            "utc_offset"
        );
    }

    #[test]
    fn it_is_compared_with_the_same_days_of_the_week() {
        let window = Window::of(&AnalyticsArg::default(), now()).unwrap();
        let before = window.before();
        assert_eq!(window.days(), 7);
        assert_eq!(before.since().to_string(), "2026-11-11T00:00:00Z");
        assert_eq!(before.until().to_string(), "2026-11-17T15:00:00Z");
    }
}
