//! Equal names beside each other are one booking.

use jiff::Timestamp;

use super::slots::Line;
use super::{Frame, entry};
use crate::table::Row;
use crate::who::{Commas, Named, named};
use crate::{Booking, Entry, Gpus, Outcome, Place, Skip, Who};

/// Equal cells of one column, one below the other.
struct Run<'a> {
    /// Of the first and the last line.
    first: usize,
    last: usize,
    text: &'a str,
    start: Timestamp,
    end: Timestamp,
    places: Vec<Place>,
}

pub(super) fn entries(rows: &[Row], lines: &[Line], frame: &Frame) -> Vec<Entry> {
    let mut runs: Vec<Run<'_>> = Vec::new();
    for (column, place) in &frame.places {
        let before = runs.len();
        down(rows, lines, *column, place, &mut runs);
        // Beside one that is equal: more GPUs of the same booking.
        let mut new = runs.split_off(before);
        new.retain(|run| !joined(&mut runs, run));
        runs.extend(new);
    }
    let mut entries: Vec<Entry> = runs.into_iter().filter_map(|run| made(rows, run)).collect();
    // Where every cell of a line says that nobody is there.
    for (place, line) in lines.iter().enumerate() {
        let line_no = rows[place].line;
        let covered = |entry: &Entry| (entry.line..=entry.last_line).contains(&line_no);
        if matches!(line, Line::Slot(..)) && !entries.iter().any(covered) {
            let free = Outcome::Skipped(Skip::Free);
            entries.push(entry(&rows[place], &rows[place], rows[place].text(), free));
        }
    }
    entries
}

fn down<'a>(
    rows: &'a [Row],
    lines: &[Line],
    column: usize,
    place: &Place,
    runs: &mut Vec<Run<'a>>,
) {
    let mut last: Option<Run<'a>> = None;
    for (at, (row, line)) in rows.iter().zip(lines).enumerate() {
        let text = row.cell(column);
        let Line::Slot(start, end) = line else {
            continue;
        };
        if let Some(run) = &mut last
            && run.end == *start
            && same(run.text, text)
        {
            (run.last, run.end) = (at, *end);
            continue;
        }
        runs.extend(last.take());
        if !text.is_empty() {
            last = Some(Run {
                first: at,
                last: at,
                text,
                start: *start,
                end: *end,
                places: vec![place.clone()],
            });
        }
    }
    runs.extend(last);
}

fn same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

fn joined(runs: &mut [Run<'_>], new: &Run<'_>) -> bool {
    let equal = runs.iter_mut().find(|run| {
        run.first == new.first
            && run.last == new.last
            && same(run.text, new.text)
            && fits(&run.places, &new.places[0])
    });
    let Some(run) = equal else { return false };
    let place = &new.places[0];
    let here = run.places.iter_mut().find(|one| one.node == place.node);
    match (here, &place.gpus) {
        (
            Some(Place {
                gpus: Gpus::Indices(mine),
                ..
            }),
            Gpus::Indices(more),
        ) => {
            mine.extend(more);
            mine.sort_unstable();
            mine.dedup();
        }
        _ => run.places.push(place.clone()),
    }
    true
}

/// Whether both can be one reservation: named nodes, or the same unnamed one.
fn fits(places: &[Place], new: &Place) -> bool {
    let here = places.iter().find(|one| one.node == new.node);
    match here {
        Some(here) => matches!(
            (&here.gpus, &new.gpus),
            (Gpus::Indices(_), Gpus::Indices(_))
        ),
        None => new.node.is_some() && places.iter().all(|one| one.node.is_some()),
    }
}

/// `None` where the cell says that nobody is there.
fn made(rows: &[Row], run: Run<'_>) -> Option<Entry> {
    let outcome = match named(run.text, Commas::Between) {
        Ok(Named::Nobody) => return None,
        Ok(Named::Person { name, note }) => Outcome::Booking(Booking {
            who: Who::Person(name),
            places: run.places,
            start: run.start,
            end: run.end,
            note,
        }),
        Err(refusal) => Outcome::Refused(refusal),
    };
    let text = run.text.to_owned();
    Some(entry(&rows[run.first], &rows[run.last], text, outcome))
}
