//! The whole file: what it was taken for, and what became of each row.

use jiff::Timestamp;

use crate::options::Options;
use crate::{
    Choices, Column, Delimiter, Encoding, Entry, MAX_BYTES, Order, Outcome, Problem, columns, grid,
    list, table, text,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A row is a booking.
    List,
    /// Time down, GPUs across, names in the cells.
    Grid,
}

/// What only a person can say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The choice that answers it: `columns`, `dates`.
    pub choice: &'static str,
    pub sentence: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    pub shape: Shape,
    pub encoding: Encoding,
    pub delimiter: Delimiter,
    /// Rows of the file, with those of headings; every one is in an entry.
    pub rows_in: usize,
    pub columns: Vec<Column>,
    /// How dates that are only numbers were read, if any were.
    pub dates: Option<Order>,
    /// What was found out and not said, in sentences.
    pub said: Vec<String>,
    pub asks: Vec<Ask>,
    /// In the order of the file.
    pub entries: Vec<Entry>,
}

/// Reads a file.
///
/// # Errors
/// When nothing of it can be read, or a choice makes no sense.
pub fn read(bytes: &[u8], choices: &Choices, now: Timestamp) -> Result<Reading, Problem> {
    let options = choices.check(now)?;
    if bytes.len() > MAX_BYTES {
        return Err(Problem::TooLarge);
    }
    // A zip, as .xlsx and .ods are, or an .xls.
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"\xd0\xcf\x11\xe0") {
        return Err(Problem::Workbook);
    }
    let (text, encoding) = text::decode(bytes);
    let (rows, delimiter) = table::rows(&text)?;
    let columns = columns::find(&rows, &options)?;
    let mut reading = Reading {
        shape: Shape::List,
        encoding,
        delimiter,
        rows_in: rows.len(),
        columns: Vec::new(),
        dates: None,
        said: Vec::new(),
        asks: Vec::new(),
        entries: Vec::new(),
    };
    match grid_of(&rows, &columns, &options) {
        Some(frame) => {
            reading.shape = Shape::Grid;
            grid::read(&rows, &frame, &options, &mut reading);
        }
        None => list::read(&rows, columns, &options, &mut reading),
    }
    Ok(reading)
}

/// Where people are named in a column it is a list, whatever its other headings are.
fn grid_of(
    rows: &[table::Row],
    columns: &columns::Columns,
    options: &Options,
) -> Option<grid::Frame> {
    if columns.is_list() || !options.columns.is_empty() {
        return None;
    }
    grid::frame(rows, options)
}

impl Reading {
    /// Bookings, refused, skipped.
    #[must_use]
    pub fn counts(&self) -> (usize, usize, usize) {
        let count = |wanted: fn(&Outcome) -> bool| {
            let entries = self.entries.iter();
            entries.filter(|entry| wanted(&entry.outcome)).count()
        };
        (
            count(|one| matches!(one, Outcome::Booking(_))),
            count(|one| matches!(one, Outcome::Refused(_))),
            count(|one| matches!(one, Outcome::Skipped(_))),
        )
    }
}
