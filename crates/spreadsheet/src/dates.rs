//! Dates as people write them, and which of day and month comes first.

use jiff::ToSpan;
use jiff::civil::{Date, date};

use crate::Refusal;
use crate::months;

/// What comes first where all of a date are numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// 24.12.2026
    Dmy,
    /// 12/24/2026
    Mdy,
    /// 26-12-24
    Ymd,
}

/// A date as it stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// The year came first with four digits, or a name said the month.
    Known {
        year: Option<i16>,
        month: i8,
        day: i8,
    },
    /// Only numbers, in the order in which they stand.
    Numbers {
        first: i8,
        second: i8,
        third: Option<i16>,
        dots: bool,
    },
    /// Excel's number of a day.
    Serial(i32),
}

/// What the file's dates say of their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decided {
    /// It was said, and not found out.
    Said(Order),
    /// This date can be read in no other way; as it was found.
    Found(Order),
    /// Some can only be read with the day first, some only with the month.
    Mixed,
    /// Every one can be read both ways.
    Open,
}

/// What there is to know beside the cell.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Calendar {
    pub decided: Decided,
    pub today: Date,
    /// Of dates without one.
    pub year: Option<i16>,
}

impl Order {
    /// `dmy`, `mdy`, `ymd`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Order> {
        Some(match text.trim().to_lowercase().as_str() {
            "dmy" => Order::Dmy,
            "mdy" => Order::Mdy,
            "ymd" => Order::Ymd,
            _ => return None,
        })
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Order::Dmy => "dmy",
            Order::Mdy => "mdy",
            Order::Ymd => "ymd",
        }
    }
}

enum Token<'a> {
    Number(&'a str),
    Word(String),
    Sign(char),
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let kind = |ch: char| (ch.is_ascii_digit(), ch.is_alphabetic());
        if kind(first) == (false, false) {
            if first != ' ' {
                tokens.push(Token::Sign(first));
            }
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let end = rest.find(|ch: char| kind(ch) != kind(first));
        let (token, after) = rest.split_at(end.unwrap_or(rest.len()));
        tokens.push(if first.is_ascii_digit() {
            Token::Number(token)
        } else {
            Token::Word(token.to_lowercase())
        });
        rest = after;
    }
    tokens
}

/// Reads a date, if it is one.
pub(crate) fn written(text: &str) -> Option<Written> {
    let mut numbers: Vec<&str> = Vec::new();
    let mut signs: Vec<char> = Vec::new();
    // A name of a month, and how many numbers were before it.
    let mut named: Option<(i8, usize)> = None;
    let tokens = tokens(text.trim());
    for (place, token) in tokens.iter().enumerate() {
        match token {
            Token::Number(number) => numbers.push(number),
            Token::Sign(sign @ ('.' | '/' | '-')) => signs.push(*sign),
            Token::Sign(',' | '\'' | '’') => {}
            Token::Sign(_) => return None,
            Token::Word(word) => match word.as_str() {
                "st" | "nd" | "rd" | "th" if place > 0 => {}
                "of" | "the" | "den" | "der" | "on" | "am" => {}
                word if named.is_none() && months::month(word).is_some() => {
                    named = Some((months::month(word)?, numbers.len()));
                }
                // The day of the week says nothing that the date does not.
                word if numbers.is_empty() && months::is_day(word) => {}
                _ => return None,
            },
        }
    }
    if let Some((month, before)) = named {
        return by_name(month, before, &numbers);
    }
    let equal = signs.windows(2).all(|pair| pair[0] == pair[1]);
    if !equal {
        return None;
    }
    match numbers[..] {
        [year, month, day] if year.len() == 4 && signs.len() == 2 => Some(Written::Known {
            year: Some(year_of(year)?),
            month: small(month)?,
            day: small(day)?,
        }),
        [first, second, third] if matches!(third.len(), 2 | 4) && signs.len() == 2 => {
            Some(Written::Numbers {
                first: small(first)?,
                second: small(second)?,
                third: Some(year_of(third)?),
                dots: signs[0] == '.',
            })
        }
        [first, second] if matches!(signs[..], ['.' | '/'] | ['.', '.']) => {
            Some(Written::Numbers {
                first: small(first)?,
                second: small(second)?,
                third: None,
                dots: signs[0] == '.',
            })
        }
        [all] if all.len() == 8 && signs.is_empty() => Some(Written::Known {
            year: Some(year_of(&all[..4])?),
            month: small(&all[4..6])?,
            day: small(&all[6..])?,
        }),
        [days] if days.len() == 5 && signs.is_empty() => serial(days.parse().ok()?),
        _ => None,
    }
}

fn by_name(month: i8, before: usize, numbers: &[&str]) -> Option<Written> {
    let (day, year) = match (before, numbers) {
        (_, [day]) => (day, None),
        // Two digits are a year only behind the month's name: `24-Dec-26`.
        (0 | 1, [day, year]) if year.len() == 4 || before == 1 => (day, Some(year_of(year)?)),
        (1, [year, day]) if year.len() == 4 => (day, Some(year_of(year)?)),
        _ => return None,
    };
    let day = small(day)?;
    Some(Written::Known { year, month, day })
}

/// A number of a day or month, or a year of two digits.
fn small(text: &str) -> Option<i8> {
    (text.len() <= 2).then(|| text.parse().ok()).flatten()
}

fn year_of(text: &str) -> Option<i16> {
    let year: i16 = text.parse().ok()?;
    match text.len() {
        2 => Some(2000 + year),
        4 if (1990..=2100).contains(&year) => Some(year),
        _ => None,
    }
}

/// Excel's days of this century.
pub(crate) fn serial(days: i32) -> Option<Written> {
    (36_526..=73_050)
        .contains(&days)
        .then_some(Written::Serial(days))
}

impl Written {
    /// What it says of the order by itself.
    pub fn order(self) -> Option<Order> {
        match self {
            Written::Numbers { first, second, .. } if first > 12 && second <= 12 => {
                Some(Order::Dmy)
            }
            Written::Numbers { first, second, .. } if second > 12 && first <= 12 => {
                Some(Order::Mdy)
            }
            _ => None,
        }
    }

    /// Whether it can be read both ways, and differs.
    fn is_open(self) -> bool {
        matches!(self, Written::Numbers { first, second, .. } if first <= 12 && second <= 12 && first != second)
    }
}

/// What all dates of a file say together.
pub(crate) fn decide(dates: &[Written]) -> Decided {
    let has = |order| dates.iter().any(|one| one.order() == Some(order));
    match (has(Order::Dmy), has(Order::Mdy)) {
        (true, false) => Decided::Found(Order::Dmy),
        (false, true) => Decided::Found(Order::Mdy),
        (true, true) => Decided::Mixed,
        (false, false) => Decided::Open,
    }
}

impl Calendar {
    /// The date that is meant; one without a year is the nearest to today, or the first that is not
    /// before `from`.
    pub fn date(&self, written: Written, text: &str, from: Option<Date>) -> Result<Date, Refusal> {
        let no_such = || Refusal::NoSuchDay {
            text: text.to_owned(),
        };
        let (year, month, day) = match written {
            Written::Serial(days) => {
                return date(1899, 12, 30)
                    .checked_add(i64::from(days).days())
                    .map_err(|_| no_such());
            }
            Written::Known { year, month, day } => (year, month, day),
            Written::Numbers { .. } => self.numbers(written, text, from)?,
        };
        match year.or(self.year) {
            Some(year) => Date::new(year, month, day).map_err(|_| no_such()),
            None => self.nearest(month, day, from).ok_or_else(no_such),
        }
    }

    fn numbers(
        &self,
        written: Written,
        text: &str,
        from: Option<Date>,
    ) -> Result<(Option<i16>, i8, i8), Refusal> {
        let Written::Numbers {
            first,
            second,
            third,
            dots,
        } = written
        else {
            return Err(Refusal::Moment {
                text: text.to_owned(),
            });
        };
        let dmy = (third, second, first);
        let mdy = (third, first, second);
        let order = match self.decided {
            Decided::Said(order) | Decided::Found(order) => order,
            // Both are the same day, or only one is a day at all.
            Decided::Mixed | Decided::Open if !written.is_open() => {
                written.order().unwrap_or(Order::Dmy)
            }
            // Nobody puts dots behind a month that comes first.
            Decided::Open if dots => Order::Dmy,
            Decided::Mixed | Decided::Open => {
                let say = |(year, month, day): (Option<i16>, i8, i8)| {
                    let year = year.or(self.year);
                    let date = match year {
                        Some(year) => Date::new(year, month, day).ok(),
                        None => self.nearest(month, day, from),
                    };
                    date.map_or_else(String::new, |date| date.strftime("%-d %B %Y").to_string())
                };
                return Err(Refusal::Order {
                    text: text.to_owned(),
                    first: say(dmy),
                    second: say(mdy),
                });
            }
        };
        Ok(match order {
            Order::Dmy => dmy,
            Order::Mdy => mdy,
            // `26-12-24`: what was taken for the year is the day.
            Order::Ymd => match third.map(|year| i8::try_from(year - 2000)) {
                Some(Ok(day)) => (Some(2000 + i16::from(first)), second, day),
                _ => mdy,
            },
        })
    }

    fn nearest(&self, month: i8, day: i8, from: Option<Date>) -> Option<Date> {
        let near = from.unwrap_or(self.today).year();
        let years = [near - 1, near, near + 1, near + 2];
        let dates = years
            .iter()
            .filter_map(|year| Date::new(*year, month, day).ok());
        let far = |date: &Date| {
            let days = date
                .until(self.today)
                .map_or(i32::MAX, |span| span.get_days());
            days.abs()
        };
        match from {
            Some(from) => dates.filter(|date| *date >= from).min(),
            None => dates.min_by_key(far),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(decided: Decided) -> Calendar {
        Calendar {
            decided,
            today: date(2026, 11, 27),
            year: None,
        }
    }

    fn read(text: &str, decided: Decided) -> String {
        let written = written(text).unwrap_or_else(|| panic!("{text} is no date"));
        match calendar(decided).date(written, text, None) {
            Ok(date) => date.to_string(),
            Err(refusal) => refusal.to_string(),
        }
    }

    #[test]
    fn dates_are_read_as_they_are_meant() {
        for (text, is) in [
            ("2026-12-24", "2026-12-24"),
            ("2026/12/4", "2026-12-04"),
            ("20261224", "2026-12-24"),
            ("24.12.2026", "2026-12-24"),
            ("24.12.26", "2026-12-24"),
            ("24.12.", "2026-12-24"),
            ("03.01.", "2027-01-03"),
            ("12/24/2026", "2026-12-24"),
            ("24/12/2026", "2026-12-24"),
            ("Dec 24", "2026-12-24"),
            ("24 Dec", "2026-12-24"),
            ("24-Dec-26", "2026-12-24"),
            ("Thu, 24. Dezember 2026", "2026-12-24"),
            ("December 24th, 2026", "2026-12-24"),
            ("Jan 3", "2027-01-03"),
            ("Jun 30", "2026-06-30"),
            ("Mo 30.11.", "2026-11-30"),
            ("46380", "2026-12-24"),
            ("05/05/2026", "2026-05-05"),
            (
                "31.02.2026",
                "'31.02.2026' is no day of the calendar: correct it.",
            ),
        ] {
            assert_eq!(read(text, Decided::Open), is, "{text}");
        }
        for text in [
            "", "14:00", "14", "ana", "Dec", "2026", "1/2/3/4", "99999", "12-24",
        ] {
            assert_eq!(written(text), None, "{text}");
        }
    }

    #[test]
    fn the_order_is_the_files_or_it_is_asked_for() {
        let all = |texts: &[&str]| {
            let all: Vec<Written> = texts.iter().filter_map(|text| written(text)).collect();
            decide(&all)
        };
        assert_eq!(
            all(&["01/02/2026", "13/02/2026"]),
            Decided::Found(Order::Dmy)
        );
        assert_eq!(
            all(&["01/02/2026", "02/13/2026"]),
            Decided::Found(Order::Mdy)
        );
        assert_eq!(all(&["13/02/2026", "02/13/2026"]), Decided::Mixed);
        assert_eq!(all(&["01/02/2026"]), Decided::Open);
        assert_eq!(read("01/02/2026", Decided::Found(Order::Mdy)), "2026-01-02");
        assert_eq!(read("01/02/2026", Decided::Said(Order::Dmy)), "2026-02-01");
        assert_eq!(read("26-12-24", Decided::Said(Order::Ymd)), "2026-12-24");
        assert_eq!(
            read("01/12/2026", Decided::Open),
            "'01/12/2026' can be 1 December 2026 or 12 January 2026, and no date of the file tells \
             which: say whether the day comes first (dates: dmy) or the month (dates: mdy)."
        );
    }
}
