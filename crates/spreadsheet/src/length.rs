//! How long a booking lasts, as people write it.

/// What a number without a unit means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Hours,
    Days,
    Minutes,
}

/// What came of reading one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    /// Whole days of the calendar: 23 or 25 hours where clocks change.
    Days(i64),
    Minutes(i64),
    /// A number of nobody knows what.
    NoUnit,
}

/// No booking is as long.
const MOST_MINUTES: f64 = 10_000.0 * 1440.0;

impl Unit {
    /// What the heading says: `Hours`, `Dauer (h)`, `Tage`.
    pub fn of(heading: &str) -> Option<Unit> {
        let heading = heading.to_lowercase();
        let words = heading.split(|ch: char| !ch.is_alphanumeric());
        words.into_iter().find_map(unit)
    }
}

fn unit(word: &str) -> Option<Unit> {
    Some(match word {
        "h" | "hr" | "hrs" | "hour" | "hours" | "std" | "stunde" | "stunden" => Unit::Hours,
        "d" | "day" | "days" | "tag" | "tage" | "tagen" => Unit::Days,
        "m" | "min" | "mins" | "minute" | "minutes" | "minuten" => Unit::Minutes,
        _ => return None,
    })
}

/// `8h`, `2 days`, `90 min`, `1h 30m`, `1:30`, `1,5 Std`; a bare number is in the column's unit.
pub(crate) fn length(text: &str, column: Option<Unit>) -> Option<Length> {
    let text = text.trim().to_lowercase();
    if let Some((hours, minutes)) = text.split_once(':') {
        let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.get(..2)?.parse().ok()?);
        let fits = (0..1000).contains(&hours) && (0..60).contains(&minutes);
        return fits.then(|| Length::Minutes(hours * 60 + minutes));
    }
    let mut minutes = 0.0;
    let mut only_days = true;
    let mut rest = text.as_str();
    let mut parts = 0;
    while !rest.is_empty() {
        let digits = rest.find(|ch: char| !(ch.is_ascii_digit() || ch == '.' || ch == ','));
        let (digits, after) = rest.split_at(digits.unwrap_or(rest.len()));
        let number: f64 = digits.replace(',', ".").parse().ok()?;
        let after = after.trim_start();
        let end = after.find(|ch: char| !ch.is_alphabetic());
        let (word, after) = after.split_at(end.unwrap_or(after.len()));
        rest = after.trim_start_matches(['.', ' ']);
        parts += 1;
        let known = match word {
            "" if parts == 1 && rest.is_empty() => match column {
                Some(unit) => unit,
                None => return Some(Length::NoUnit),
            },
            "w" | "week" | "weeks" | "woche" | "wochen" => {
                minutes += number * 7.0 * 1440.0;
                continue;
            }
            word => unit(word)?,
        };
        only_days &= known == Unit::Days;
        minutes += number
            * match known {
                Unit::Hours => 60.0,
                Unit::Days => 1440.0,
                Unit::Minutes => 1.0,
            };
    }
    let fits = parts > 0 && (1.0..MOST_MINUTES).contains(&minutes);
    if !fits {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "in range")]
    let minutes = minutes.round() as i64;
    Some(if only_days && minutes % 1440 == 0 {
        Length::Days(minutes / 1440)
    } else {
        Length::Minutes(minutes)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read() {
        for (text, column, length_is) in [
            ("8h", None, Length::Minutes(480)),
            ("8 Std.", None, Length::Minutes(480)),
            ("2 days", None, Length::Days(2)),
            ("90 min", None, Length::Minutes(90)),
            ("1h 30m", None, Length::Minutes(90)),
            ("1:30", None, Length::Minutes(90)),
            ("1,5", Unit::of("Dauer (Stunden)"), Length::Minutes(90)),
            ("3", Unit::of("Days"), Length::Days(3)),
            ("1 week", None, Length::Days(7)),
            ("8", None, Length::NoUnit),
        ] {
            assert_eq!(length(text, column), Some(length_is), "{text}");
        }
        for text in ["", "long", "0", "-3h", "8 bananas", "1e99h"] {
            assert_eq!(length(text, Some(Unit::Hours)), None, "{text}");
        }
    }
}
