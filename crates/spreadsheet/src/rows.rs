//! Rows that are no bookings, in lists and grids alike; and when a moment is.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::clock::Clock;
use crate::dates::{Calendar, Decided, Written, decide};
use crate::options::Options;
use crate::reading::Reading;
use crate::table::Row;
use crate::{Ask, Order, Skip};

const SUMS: [&str; 12] = [
    "total",
    "totals",
    "sum",
    "subtotal",
    "summe",
    "gesamt",
    "insgesamt",
    "average",
    "mean",
    "durchschnitt",
    "zwischensumme",
    "count",
];

/// What may be summed up.
const SUMMED: [&str; 9] = [
    "gpu", "gpus", "hours", "stunden", "h", "days", "tage", "bookings", "booked",
];

/// What every sheet has between its bookings.
pub(crate) fn no_booking(row: &Row, header: Option<&Row>) -> Option<Skip> {
    if row.filled() == 0 {
        return Some(Skip::Blank);
    }
    if let Some(header) = header {
        let pairs = row.cells.iter().zip(&header.cells);
        let equal = pairs.filter(|(cell, heading)| {
            !cell.is_empty() && cell.to_lowercase() == heading.to_lowercase()
        });
        let equal = equal.count();
        if equal >= 2 && equal * 2 > row.filled() {
            return Some(Skip::HeadingsAgain);
        }
    }
    let first = row.cells.iter().find(|cell| !cell.is_empty())?;
    let first = first.to_lowercase();
    let words: Vec<&str> = first
        .split(|ch: char| !ch.is_alphabetic())
        .filter(|word| !word.is_empty())
        .collect();
    // Somebody may be called Sum, and then by another name too.
    let sum = words.first().is_some_and(|word| SUMS.contains(word))
        && words[1..].iter().all(|word| SUMMED.contains(word));
    let has_number = row.cells.iter().any(|cell| {
        let number = cell.chars().any(|ch| ch.is_ascii_digit());
        number && cell.chars().all(|ch| !ch.is_alphabetic() || ch == 'h')
    });
    (sum && (has_number || row.filled() == 1)).then_some(Skip::Total)
}

/// What all dates of the file say of their order, and what is said of that.
pub(crate) fn calendar(dates: &[Written], options: &Options, reading: &mut Reading) -> Calendar {
    let decided = match options.dates {
        Some(order) => Decided::Said(order),
        None => decide(dates),
    };
    let numbers = dates
        .iter()
        .any(|one| matches!(one, Written::Numbers { .. }));
    let dots = |one: &Written| matches!(one, Written::Numbers { dots: true, .. });
    if numbers {
        match decided {
            Decided::Said(order) => reading.dates = Some(order),
            Decided::Found(order) => {
                reading.dates = Some(order);
                reading.said.push(match order {
                    Order::Mdy => {
                        "Dates have the month first: one of them cannot be read otherwise."
                            .to_owned()
                    }
                    _ => {
                        "Dates have the day first: one of them cannot be read otherwise.".to_owned()
                    }
                });
            }
            Decided::Open if dates.iter().any(dots) => reading.dates = Some(Order::Dmy),
            Decided::Open | Decided::Mixed => {}
        }
    }
    let no_year = dates.iter().any(|one| {
        matches!(
            one,
            Written::Known { year: None, .. } | Written::Numbers { third: None, .. }
        )
    });
    if no_year {
        reading.said.push(match options.year {
            Some(year) => format!("Dates without a year are in {year}."),
            None => {
                "Dates without a year are in the one that makes them nearest to today.".to_owned()
            }
        });
    }
    Calendar {
        decided,
        today: options.now.to_zoned(options.zone.clone()).date(),
        year: options.year,
    }
}

/// Asks for the order where a row was refused for it.
pub(crate) fn ask_order(reading: &mut Reading) {
    let open = reading.entries.iter().filter(|entry| {
        let refused = &entry.outcome;
        matches!(
            refused,
            crate::Outcome::Refused(crate::Refusal::Order { .. })
        )
    });
    let open = open.count();
    if open == 0 {
        return;
    }
    let rows = match open {
        1 => "One row has a date".to_owned(),
        _ => format!("{open} rows have dates"),
    };
    reading.asks.push(Ask {
        choice: "dates",
        sentence: format!(
            "{rows} that can be read in two ways. Say what comes first: the day (dmy) or the month \
             (mdy)."
        ),
    });
}

/// When the clocks of the zone say so; an hour that they skip is an hour later.
pub(crate) fn at(date: Date, clock: Clock, zone: &TimeZone) -> Option<Timestamp> {
    let (date, minutes) = match clock.0 {
        0..1440 => (date, clock.0),
        // 24:00.
        _ => (date.tomorrow().ok()?, 0),
    };
    let (hour, minute) = (
        i8::try_from(minutes / 60).ok()?,
        i8::try_from(minutes % 60).ok()?,
    );
    let at = date.at(hour, minute, 0, 0).to_zoned(zone.clone()).ok()?;
    Some(at.timestamp())
}

/// So many days later by the calendar.
pub(crate) fn later(date: Date, days: i64) -> Option<Date> {
    let days = i32::try_from(days).ok()?;
    date.checked_add(days.days()).ok()
}
