//! Times of day as people write them.

/// A time of day in minutes: up to 24:00, which is the day's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Clock(pub u16);

/// What a bare number may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bare {
    /// `9` is nine o'clock, `0900` too, and 0.5 is noon: a column of times.
    Hour,
    No,
}

const DAY: u16 = 24 * 60;

/// `14:00`, `14:00:30`, `14.00`, `14 Uhr`, `14h30`, `2pm`, `2:30 p.m.`, `noon`.
pub(crate) fn clock(text: &str, bare: Bare) -> Option<Clock> {
    let text = text.trim().to_lowercase();
    match text.as_str() {
        "noon" | "mittag" | "mittags" => return Some(Clock(12 * 60)),
        "midnight" | "mitternacht" => return Some(Clock(0)),
        "end of day" | "eod" => return Some(Clock(DAY)),
        _ => {}
    }
    let text: String = text.replace("o'clock", "h").split_whitespace().collect();
    let text = text.replace("a.m.", "am").replace("p.m.", "pm");
    let (digits, mark) = marked(&text);
    if mark == Mark::None && bare == Bare::Hour && digits.starts_with("0.") {
        return fraction(digits);
    }
    let mut parts = digits.split([':', '.', 'h']);
    let hour = number(parts.next()?)?;
    let minute = parts.next();
    // Seconds are no part of a booking.
    let seconds = parts.next();
    if parts.next().is_some() || seconds.is_some_and(|text| number(text).is_none()) {
        return None;
    }
    let (hour, minute) = match minute {
        Some("") if digits.ends_with('h') => (hour, 0),
        Some(minute) if minute.len() == 2 => (hour, number(minute)?),
        Some(_) => return None,
        None if mark != Mark::None => (hour, 0),
        None if bare == Bare::Hour && digits.len() == 4 => (hour / 100, hour % 100),
        None if bare == Bare::Hour && digits.len() < 3 => (hour, 0),
        None => return None,
    };
    let hour = match mark {
        Mark::Am | Mark::Pm if !(1..=12).contains(&hour) => return None,
        Mark::Am => hour % 12,
        Mark::Pm => hour % 12 + 12,
        Mark::Hour | Mark::None => hour,
    };
    let at = hour.checked_mul(60)?.checked_add(minute)?;
    (minute < 60 && at <= DAY).then_some(Clock(at))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Am,
    Pm,
    Hour,
    None,
}

fn marked(text: &str) -> (&str, Mark) {
    let marks = [
        ("am", Mark::Am),
        ("pm", Mark::Pm),
        ("uhr", Mark::Hour),
        ("hrs", Mark::Hour),
        ("h", Mark::Hour),
    ];
    for (word, mark) in marks {
        if let Some(rest) = text.strip_suffix(word) {
            return (rest, mark);
        }
    }
    (text, Mark::None)
}

fn number(text: &str) -> Option<u16> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// Excel's times are parts of a day.
fn fraction(text: &str) -> Option<Clock> {
    let part: f64 = text.parse().ok()?;
    minutes(part).map(Clock)
}

/// Of a part of a day, to the minute.
pub(crate) fn minutes(part: f64) -> Option<u16> {
    let minutes = (part * f64::from(DAY)).round();
    (0.0..=f64::from(DAY)).contains(&minutes).then(|| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "in range"
        )]
        let whole = minutes as u16;
        whole
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        for (text, minutes) in [
            ("14:00", 840),
            ("14:00:30", 840),
            ("9:05", 545),
            ("14.30", 870),
            ("14 Uhr", 840),
            ("14:30 Uhr", 870),
            ("14h", 840),
            ("14h30", 870),
            ("2pm", 840),
            ("2:30 PM", 870),
            ("12am", 0),
            ("12 p.m.", 720),
            ("24:00", 1440),
            ("noon", 720),
        ] {
            assert_eq!(clock(text, Bare::No), Some(Clock(minutes)), "{text}");
        }
        for text in [
            "", "14", "25:00", "14:60", "13pm", "0pm", "ana", "1:2:3:4", "14:5",
        ] {
            assert_eq!(clock(text, Bare::No), None, "{text}");
        }
        for (text, minutes) in [("9", 540), ("0900", 540), ("0.5", 720), ("0.75", 1080)] {
            assert_eq!(clock(text, Bare::Hour), Some(Clock(minutes)), "{text}");
        }
    }
}
