//! A sheet with time down, GPUs or nodes across, and names in the cells.

mod block;
mod frame;
mod slots;

use crate::options::Options;
use crate::reading::Reading;
use crate::rows::{ask_order, calendar};
use crate::table::Row;
use crate::{Column, Entry, Outcome};

pub(crate) use frame::{Frame, frame};

pub(crate) fn read(rows: &[Row], frame: &Frame, options: &Options, reading: &mut Reading) {
    let below = rows.get(frame.header + 1..).unwrap_or_default();
    let cells = slots::cells(below, frame);
    let calendar = calendar(&slots::dates(&cells), options, reading);
    let lines = slots::lines(
        &cells,
        below,
        &rows[frame.header],
        frame,
        &calendar,
        options,
    );
    reading.entries.extend(frame.head(rows));
    let mut entries = block::entries(below, &lines, frame);
    for (row, line) in below.iter().zip(&lines) {
        if let Some(outcome) = line.outcome() {
            entries.push(entry(row, row, row.text(), outcome));
        }
    }
    // Blocks of one line stay in the order of its cells.
    entries.sort_by_key(|entry| entry.line);
    reading.entries.extend(entries);
    reading.said.push(
        "Time runs down and GPUs are beside each other: a name in a cell books that GPU for that \
         time, and equal names beside each other are one booking."
            .to_owned(),
    );
    ask_order(reading);
    reading.columns = frame.columns(rows);
}

fn entry(first: &Row, last: &Row, text: String, outcome: Outcome) -> Entry {
    Entry {
        line: first.line,
        last_line: last.line,
        text,
        outcome,
    }
}

fn column(number: usize, heading: &str) -> Column {
    Column {
        number,
        heading: heading.to_owned(),
        field: None,
        merged: false,
        examples: Vec::new(),
    }
}
