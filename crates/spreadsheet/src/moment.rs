//! A cell that says a date, a time, both, or from when to when.

use jiff::Timestamp;

use crate::clock::{self, Bare, Clock, clock};
use crate::dates::{self, Written};
use crate::table::short;

/// What a cell says; at least one of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    pub date: Option<Written>,
    pub clock: Option<Clock>,
    /// With an offset from UTC of its own.
    pub instant: Option<Timestamp>,
    pub text: String,
}

/// What is more likely where it can be both: `10.12`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Likely {
    Date,
    /// The date is in another column, so that a bare number is an hour too.
    Time,
}

/// No moment has more words.
const MOST_WORDS: usize = 8;

pub(crate) fn moment(text: &str, likely: Likely) -> Option<Moment> {
    let text = text.trim();
    let made = |date, clock, instant| {
        Some(Moment {
            date,
            clock,
            instant,
            text: short(text, 60),
        })
    };
    if let Ok(instant) = text.parse::<Timestamp>() {
        return made(None, None, Some(instant));
    }
    let bare = match likely {
        Likely::Time => Bare::Hour,
        Likely::Date => Bare::No,
    };
    if likely == Likely::Time
        && let Some(time) = clock(text, bare)
    {
        return made(None, Some(time), None);
    }
    if let Some((date, time)) = serial(text) {
        return made(Some(date), Some(time), None);
    }
    let spaced = spaced(text);
    let words: Vec<&str> = spaced.split_whitespace().collect();
    if words.is_empty() || words.len() > MOST_WORDS {
        return None;
    }
    // The date first, as long as it can be; then the time first; then a time alone, which `21.01.27 18 Uhr`
    // could be read as too.
    for split in (0..=words.len()).rev() {
        let (before, after) = (words[..split].join(" "), words[split..].join(" "));
        let both = |date: &str, time: &str| {
            let date = dates::written(date)?;
            let time = match time {
                "" => None,
                time => Some(clock(time, Bare::No)?),
            };
            Some((date, time))
        };
        if let Some((date, time)) = both(&before, &after).or_else(|| both(&after, &before)) {
            return made(Some(date), time, None);
        }
    }
    let time = clock(&words.join(" "), Bare::No)?;
    made(None, Some(time), None)
}

/// From when to when, in one cell: `14:00-18:00`, `24.12. – 26.12.`, `Dec 24 to Dec 26`.
pub(crate) fn range(text: &str, likely: Likely) -> Option<(Moment, Moment)> {
    let text = text.trim();
    let mut cuts: Vec<(usize, usize)> = Vec::new();
    for sign in [" - ", "–", "—", " to ", " bis ", " until ", "→", "->", "-"] {
        cuts.extend(text.match_indices(sign).map(|(at, sign)| (at, sign.len())));
    }
    cuts.into_iter().take(MOST_WORDS).find_map(|(at, length)| {
        let (from, to) = (&text[..at], &text[at + length..]);
        let to = moment(to, likely)?;
        // `24.-26.12.`: the month is said once.
        let from = moment(from, likely).or_else(|| {
            let Some(Written::Numbers { second, third, .. }) = to.date else {
                return None;
            };
            let year = third.map_or_else(String::new, |year| year.to_string());
            moment(
                &format!("{}.{second}.{year}", from.trim().trim_end_matches('.')),
                likely,
            )
        })?;
        let whole = |one: Moment| Moment {
            text: short(text, 60),
            ..one
        };
        Some((whole(from), whole(to)))
    })
}

/// `46380.5`: Excel's day and part of the day.
fn serial(text: &str) -> Option<(Written, Clock)> {
    let (days, part) = text.split_once(['.', ','])?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if days.len() != 5 || !digits(days) || !digits(part) {
        return None;
    }
    let date = dates::serial(days.parse().ok()?)?;
    let part: f64 = format!("0.{part}").parse().ok()?;
    Some((date, Clock(clock::minutes(part)?)))
}

/// With a space where an ISO moment has its T, and behind commas.
fn spaced(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let digit = |place: Option<usize>| {
        let found = place.and_then(|place| chars.get(place));
        found.is_some_and(char::is_ascii_digit)
    };
    let space = |(place, ch): (usize, &char)| match ch {
        'T' if digit(place.checked_sub(1)) && digit(place.checked_add(1)) => ' ',
        ',' | '|' | '@' => ' ',
        ch => *ch,
    };
    chars.iter().enumerate().map(space).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str, likely: Likely) -> Option<(bool, Option<u16>)> {
        let moment = moment(text, likely)?;
        Some((moment.date.is_some(), moment.clock.map(|clock| clock.0)))
    }

    #[test]
    fn dates_and_times_are_told_apart() {
        for (text, is) in [
            ("2026-12-24", (true, None)),
            ("2026-12-24T14:00", (true, Some(840))),
            ("2026-12-24 14:00:00", (true, Some(840))),
            ("24.12.2026, 14 Uhr", (true, Some(840))),
            ("21.01.27 18 Uhr", (true, Some(1080))),
            ("14:00 24.12.2026", (true, Some(840))),
            ("Dec 24, 2026 2pm", (true, Some(840))),
            ("Thu Dec 24 2:30 pm", (true, Some(870))),
            ("46380.5", (true, Some(720))),
            ("14:00", (false, Some(840))),
        ] {
            assert_eq!(said(text, Likely::Date), Some(is), "{text}");
        }
        assert_eq!(said("9", Likely::Time), Some((false, Some(540))));
        assert_eq!(said("10.12", Likely::Date), Some((true, None)));
        assert_eq!(said("10.12", Likely::Time), Some((false, Some(612))));
        for text in ["", "soon", "when it is done", "Dec 24 sometime"] {
            assert_eq!(said(text, Likely::Date), None, "{text}");
        }
        let instant = moment("2026-12-24T14:00:00+01:00", Likely::Date).unwrap();
        assert_eq!(instant.instant.unwrap().to_string(), "2026-12-24T13:00:00Z");
    }

    #[test]
    fn one_cell_can_say_from_and_to() {
        for text in [
            "14:00-18:00",
            "14:00 – 18:00",
            "2pm to 6pm",
            "24.12. - 26.12.",
            "24.-26.12.2026",
            "2026-12-24 - 2026-12-26",
            "Dec 24 bis Dec 26",
        ] {
            assert!(range(text, Likely::Date).is_some(), "{text}");
        }
        assert!(range("9-17", Likely::Time).is_some());
        for text in ["2026-12-24", "ana-bo", "-", ""] {
            assert!(range(text, Likely::Date).is_none(), "{text}");
        }
    }
}
