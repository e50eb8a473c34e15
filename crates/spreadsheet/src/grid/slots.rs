//! When each line of a grid is.

use jiff::Timestamp;
use jiff::civil::Date;

use super::Frame;
use crate::clock::Clock;
use crate::dates::{Calendar, Written};
use crate::moment::{Likely, Moment, moment, range};
use crate::options::Options;
use crate::rows::{at, later, no_booking};
use crate::table::{Row, short};
use crate::{Outcome, Refusal, Skip};

/// What stands at the left of a line.
#[derive(Clone, Debug, Default)]
pub(super) struct Cell {
    date: Option<(Written, String)>,
    from: Option<Clock>,
    to: Option<Clock>,
    /// What could not be read.
    unread: Option<String>,
    text: String,
}

/// A line of the grid.
#[derive(Clone, Debug)]
pub(super) enum Line {
    /// From when to when.
    Slot(Timestamp, Timestamp),
    /// Nobody is named in it.
    Empty(Skip),
    /// It is no line of the grid.
    Skipped(Skip),
    Refused(Refusal),
}

impl Line {
    /// Of the line itself; of one with names that is theirs.
    pub fn outcome(&self) -> Option<Outcome> {
        match self {
            Line::Slot(..) => None,
            Line::Empty(skip) | Line::Skipped(skip) => Some(Outcome::Skipped(skip.clone())),
            Line::Refused(refusal) => Some(Outcome::Refused(refusal.clone())),
        }
    }
}

pub(super) fn cells(rows: &[Row], frame: &Frame) -> Vec<Cell> {
    rows.iter().map(|row| cell(row, frame)).collect()
}

fn cell(row: &Row, frame: &Frame) -> Cell {
    let mut found = Cell::default();
    for column in 0..frame.times {
        let text = row.cell(column);
        if text.is_empty() {
            continue;
        }
        if found.text.is_empty() {
            found.text = short(text, 60);
        }
        // Beside a date, and in the last of several columns, a number is an hour.
        let likely = match found.date.is_some() || column > 0 {
            true => Likely::Time,
            false => Likely::Date,
        };
        let mut take = |moment: Moment| {
            if let Some(date) = moment.date {
                found.date.get_or_insert((date, moment.text));
            }
            moment.clock
        };
        if let Some(one) = moment(text, likely).or_else(|| moment(text, Likely::Time)) {
            let clock = take(one);
            found.from = found.from.or(clock);
        } else if let Some((from, to)) = range(text, Likely::Time) {
            found.from = take(from);
            found.to = take(to);
        } else if !is_day(text) {
            found.unread = Some(short(text, 60));
        }
    }
    found
}

/// `Mon` beside a date says nothing more.
fn is_day(text: &str) -> bool {
    crate::months::is_day(text.to_lowercase().trim_end_matches('.'))
}

pub(super) fn dates(cells: &[Cell]) -> Vec<Written> {
    let dates = cells.iter().filter_map(|cell| cell.date.as_ref());
    dates.map(|(date, _)| *date).collect()
}

/// What each line is. A time without a date is on the day that was named above; one that is earlier
/// than the time above is on the next.
pub(super) fn lines(
    cells: &[Cell],
    rows: &[Row],
    header: &Row,
    frame: &Frame,
    calendar: &Calendar,
    options: &Options,
) -> Vec<Line> {
    let timed = cells.iter().any(|cell| cell.from.is_some());
    let mut day: Option<Date> = None;
    let mut last: Option<Clock> = None;
    let mut lines: Vec<Line> = Vec::new();
    // Lines of which only the start is known so far.
    let mut open: Vec<(usize, Date, Clock)> = Vec::new();
    for (place, (cell, row)) in cells.iter().zip(rows).enumerate() {
        let names = frame.places.iter().any(|(at, _)| !row.cell(*at).is_empty());
        if let Some(skip) = no_booking(row, Some(header)) {
            lines.push(Line::Skipped(skip));
            continue;
        }
        if let Some((date, text)) = &cell.date {
            match calendar.date(*date, text, None) {
                Ok(date) => (day, last) = (Some(date), None),
                Err(refusal) => {
                    (day, last) = (None, None);
                    lines.push(Line::Refused(refusal));
                    continue;
                }
            }
        }
        let text = cell.unread.clone().unwrap_or_else(|| cell.text.clone());
        let is_time = cell.date.is_some() || cell.from.is_some();
        let line = match (day, cell.from) {
            _ if cell.unread.is_some() || !is_time => match names {
                true => Line::Refused(Refusal::GridTime { text }),
                false => Line::Skipped(Skip::Remark),
            },
            (None, _) => Line::Refused(Refusal::NoDate { text }),
            (Some(_), None) if timed && !names => Line::Skipped(Skip::Day),
            (Some(date), None) => slot(date, Clock(0), (date, Clock(1440)), options),
            (Some(date), Some(from)) => {
                let date = match last {
                    Some(before) if from < before => later(date, 1).unwrap_or(date),
                    _ => date,
                };
                (day, last) = (Some(date), Some(from));
                match cell.to {
                    Some(to) if to > from => slot(date, from, (date, to), options),
                    Some(to) => slot(date, from, (later(date, 1).unwrap_or(date), to), options),
                    None => {
                        open.push((place, date, from));
                        Line::Empty(Skip::Free)
                    }
                }
            }
        };
        let line = match line {
            Line::Slot(..) if !names => Line::Empty(Skip::Free),
            line => line,
        };
        lines.push(line);
    }
    close(&mut lines, &open, rows, frame, options);
    lines
}

fn slot(date: Date, from: Clock, (last, to): (Date, Clock), options: &Options) -> Line {
    let zone = &options.zone;
    match (at(date, from, zone), at(last, to, zone)) {
        (Some(start), Some(end)) if start < end => Line::Slot(start, end),
        // The clocks skip all of it.
        _ => Line::Empty(Skip::Free),
    }
}

/// A line that says only its start ends where the next of its day begins; the last of a day is as
/// long as the one before.
fn close(
    lines: &mut [Line],
    open: &[(usize, Date, Clock)],
    rows: &[Row],
    frame: &Frame,
    options: &Options,
) {
    let step = |a: &(usize, Date, Clock), b: &(usize, Date, Clock)| {
        let days = i32::from(b.1 != a.1) * 1440;
        let near = b.1 == a.1 || later(a.1, 1) == Some(b.1);
        let minutes = days + i32::from(b.2.0) - i32::from(a.2.0);
        (near && minutes > 0).then_some(minutes)
    };
    for (n, one) in open.iter().enumerate() {
        let (place, date, from) = *one;
        let names = frame
            .places
            .iter()
            .any(|(at, _)| !rows[place].cell(*at).is_empty());
        if !names {
            continue;
        }
        let before = n.checked_sub(1).and_then(|n| step(&open[n], one));
        let after = open.get(n + 1).and_then(|next| step(one, next));
        let same_day = open.get(n + 1).is_some_and(|next| next.1 == date);
        let minutes = match (before, after) {
            (Some(before), Some(after)) if !same_day => before.min(after),
            (_, Some(after)) => after,
            (Some(before), None) => before,
            (None, None) => 1440 - i32::from(from.0),
        };
        let zone = &options.zone;
        let start = at(date, from, zone);
        let end = start.and_then(|start| {
            let lasts = jiff::SignedDuration::from_mins(i64::from(minutes));
            start.checked_add(lasts).ok()
        });
        if let (Some(start), Some(end)) = (start, end)
            && start < end
        {
            lines[place] = Line::Slot(start, end);
        }
    }
}
