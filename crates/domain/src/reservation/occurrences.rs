//! When a reservation that comes again comes: by the calendar of its time zone, so that nine
//! o'clock stays nine o'clock when the clocks change.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::Reservation;

/// On which days it comes again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recurrence {
    /// In the order of the week; empty: every day.
    pub days: Vec<Day>,
    /// The IANA name of the zone whose clock it follows: `Europe/Berlin`.
    pub zone: String,
    /// The last date on which it begins; `None`: until it is cancelled.
    #[serde(default)]
    pub until: Option<Date>,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

/// One time of a reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Occurrence {
    pub start: Timestamp,
    pub end: Timestamp,
}

impl Day {
    const ALL: [(Day, &'static str); 7] = [
        (Day::Mon, "mon"),
        (Day::Tue, "tue"),
        (Day::Wed, "wed"),
        (Day::Thu, "thu"),
        (Day::Fri, "fri"),
        (Day::Sat, "sat"),
        (Day::Sun, "sun"),
    ];

    pub(super) fn of(day: Weekday) -> Self {
        let place = usize::from(day.to_monday_zero_offset().unsigned_abs());
        Day::ALL[place].0
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = Day::ALL.iter().find(|(day, _)| day == self);
        f.write_str(known.map_or("", |(_, word)| word))
    }
}

impl FromStr for Day {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wanted = text.trim().to_ascii_lowercase();
        let found = Day::ALL.iter().find(|(_, word)| *word == wanted);
        found
            .map(|(day, _)| *day)
            .ok_or_else(|| format!("'{}' is not a day", text.escape_debug()))
    }
}

impl Recurrence {
    /// The zone, from the database that is built in: the same on every machine.
    pub(super) fn time_zone(name: &str) -> Option<TimeZone> {
        TimeZoneDatabase::bundled().get(name).ok()
    }

    pub(super) fn is_on(&self, date: Date) -> bool {
        self.days.is_empty() || self.days.contains(&Day::of(date.weekday()))
    }

    /// The fewest days from one to the next.
    pub(super) fn least_days(&self) -> i32 {
        let places: Vec<i32> = self.days.iter().map(|day| *day as i32).collect();
        let (Some(first), Some(last)) = (places.first(), places.last()) else {
            return 1;
        };
        let around = first + 7 - last;
        let between = places.windows(2).map(|pair| pair[1] - pair[0]);
        between.chain([around]).min().unwrap_or(7)
    }
}

/// A reservation's first occurrence on the calendar.
struct Pattern {
    zone: TimeZone,
    start: DateTime,
    end: DateTime,
    first: Occurrence,
}

impl Pattern {
    /// The occurrence that begins on this date: from and to the same hours of the clock as the first.
    fn on(&self, date: Date) -> Option<Occurrence> {
        if date == self.start.date() {
            return Some(self.first);
        }
        let at = |time: DateTime| Some(time.to_zoned(self.zone.clone()).ok()?.timestamp());
        let days = self.start.date().until(self.end.date()).ok()?;
        let start = at(date.to_datetime(self.start.time()))?;
        let last = date.checked_add(days).ok()?;
        let end = at(last.to_datetime(self.end.time()))?;
        if end > start {
            return Some(Occurrence { start, end });
        }
        // The hour that the clocks skip swallowed it: it keeps its length instead.
        let length = self.start.duration_until(self.end);
        let end = start.checked_add(length).ok()?;
        Some(Occurrence { start, end })
    }
}

impl Reservation {
    /// Its occurrences that end after `from` and begin before `to`, in order, whatever became of
    /// them. They never overlap.
    #[must_use]
    pub fn occurrences(&self, from: Timestamp, to: Timestamp) -> Vec<Occurrence> {
        let first = Occurrence {
            start: self.start,
            end: self.end,
        };
        let mut all = match &self.every {
            None => vec![first],
            Some(every) => again(every, first, from, to),
        };
        all.retain(|one| one.end > from && one.start < to);
        all
    }
}

/// The occurrences of `every`, beginning with the first, as far as those that may last until
/// `from` or later.
fn again(every: &Recurrence, first: Occurrence, from: Timestamp, to: Timestamp) -> Vec<Occurrence> {
    let zone = Recurrence::time_zone(&every.zone).unwrap_or(TimeZone::UTC);
    let pattern = Pattern {
        start: first.start.to_zoned(zone.clone()).datetime(),
        end: first.end.to_zoned(zone.clone()).datetime(),
        zone,
        first,
    };
    // Nothing that begins on an earlier date lasts until then.
    let days = pattern.start.date().until(pattern.end.date());
    let days = days.map_or(7, |span| i64::from(span.get_days()));
    let early = from.to_zoned(pattern.zone.clone()).date();
    let early = early.checked_sub((days + 1).days());
    let early = early.unwrap_or(Date::MIN);
    let last = every.until.unwrap_or(Date::MAX);
    let mut all: Vec<Occurrence> = Vec::new();
    let mut date = pattern.start.date().max(early);
    while date <= last {
        if every.is_on(date)
            && let Some(one) = pattern.on(date)
        {
            if let Some(before) = all.last_mut() {
                // Where the clocks skip an hour the one before may reach into this one.
                before.end = before.end.min(one.start);
            }
            if one.start >= to {
                break;
            }
            all.push(one);
        }
        let Ok(next) = date.tomorrow() else { break };
        date = next;
    }
    all
}
