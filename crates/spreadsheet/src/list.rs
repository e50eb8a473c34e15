//! A sheet in which a row is a booking.

mod time;

use crate::columns::Columns;
use crate::dates::{Calendar, Written};
use crate::length::Unit;
use crate::merged::is_merged;
use crate::moment::{Likely, Moment, moment, range};
use crate::options::Options;
use crate::reading::Reading;
use crate::rows::{ask_order, calendar, no_booking};
use crate::table::{Row, short};
use crate::who::{Commas, Named, named};
use crate::{Ask, Bare, Booking, Entry, Field, Gpus, Outcome, Place, Refusal, Skip, Who, gpus};

/// What a row's cell says, or the merged one above it.
struct Cells<'a> {
    columns: &'a Columns,
    /// By column; what a merged column said last.
    carried: Vec<String>,
}

/// What is the same for all rows.
struct List<'a> {
    columns: &'a Columns,
    options: &'a Options,
    calendar: Calendar,
    commas: Commas,
    numbers: Bare,
    unit: Option<Unit>,
}

pub(crate) fn read(rows: &[Row], mut columns: Columns, options: &Options, reading: &mut Reading) {
    let first = columns.header.map_or(0, |row| row + 1);
    let header = columns.header.map(|row| &rows[row]);
    let below = rows.get(first..).unwrap_or_default();
    for column in &mut columns.all {
        column.merged = column.field.is_some_and(Field::can_be_merged)
            && is_merged(&filled_or_not(below, header, column.number - 1));
    }
    for (place, row) in rows.iter().enumerate().take(first) {
        let skip = match Some(place) == columns.header {
            true => Skip::Headings,
            false if row.filled() == 0 => Skip::Blank,
            false => Skip::Above,
        };
        reading.entries.push(entry(row, Outcome::Skipped(skip)));
    }
    let list = List {
        calendar: calendar(&dates(below, header, &columns), options, reading),
        commas: Commas::of(cells(below, &columns, Field::Who)),
        numbers: options.numbers.unwrap_or_else(|| {
            let numbers: Vec<&str> = cells(below, &columns, Field::Gpus).collect();
            Bare::of(columns.heading(Field::Gpus), &numbers)
        }),
        unit: Unit::of(columns.heading(Field::Duration)),
        columns: &columns,
        options,
    };
    let mut carried = Cells {
        columns: &columns,
        carried: vec![String::new(); columns.all.len()],
    };
    for row in below {
        let outcome = list.outcome(row, header, &mut carried);
        reading.entries.push(entry(row, outcome));
    }
    list.say(below, reading);
    ask_order(reading);
    reading.columns = columns.all;
}

fn entry(row: &Row, outcome: Outcome) -> Entry {
    Entry {
        line: row.line,
        last_line: row.line,
        text: row.text(),
        outcome,
    }
}

fn cells<'a>(
    rows: &'a [Row],
    columns: &Columns,
    field: Field,
) -> impl Iterator<Item = &'a str> + Clone + use<'a> {
    let place = columns.of(field);
    let cells = rows
        .iter()
        .map(move |row| place.map_or("", |place| row.cell(place)));
    cells.filter(|cell| !cell.is_empty())
}

/// The cells of a column, without those of rows that are no bookings.
fn filled_or_not<'a>(rows: &'a [Row], header: Option<&Row>, place: usize) -> Vec<&'a str> {
    let rows = rows.iter().filter(|row| {
        let counts = row.filled() > 1 || !row.cell(place).is_empty();
        counts && no_booking(row, header).is_none()
    });
    rows.map(|row| row.cell(place)).collect()
}

/// All dates of the columns of dates.
fn dates(rows: &[Row], header: Option<&Row>, columns: &Columns) -> Vec<Written> {
    let mut dates = Vec::new();
    let rows = rows.iter().filter(|row| no_booking(row, header).is_none());
    for row in rows {
        for field in [Field::Date, Field::From, Field::EndDate, Field::Until] {
            let Some(place) = columns.of(field) else {
                continue;
            };
            let cell = row.cell(place);
            let (first, last) = one_or_two(cell, Likely::Date);
            let both = [first, last].into_iter().flatten();
            dates.extend(both.filter_map(|moment| moment.date));
        }
    }
    dates
}

fn one_or_two(cell: &str, likely: Likely) -> (Option<Moment>, Option<Moment>) {
    if let Some(one) = moment(cell, likely) {
        return (Some(one), None);
    }
    match range(cell, likely) {
        Some((from, to)) => (Some(from), Some(to)),
        None => (None, None),
    }
}

impl Cells<'_> {
    fn turn(&mut self, row: &Row) {
        for (place, column) in self.columns.all.iter().enumerate() {
            let cell = row.cell(place);
            if column.merged && !cell.is_empty() {
                cell.clone_into(&mut self.carried[place]);
            }
        }
    }

    fn forget(&mut self) {
        self.carried.iter_mut().for_each(String::clear);
    }

    fn get<'a>(&'a self, row: &'a Row, field: Field) -> &'a str {
        let Some(place) = self.columns.of(field) else {
            return "";
        };
        match row.cell(place) {
            "" if self.columns.all[place].merged => &self.carried[place],
            cell => cell,
        }
    }
}

impl List<'_> {
    fn outcome(&self, row: &Row, header: Option<&Row>, cells: &mut Cells<'_>) -> Outcome {
        if let Some(skip) = no_booking(row, header) {
            // Nothing reaches over an empty row.
            cells.forget();
            return Outcome::Skipped(skip);
        }
        cells.turn(row);
        let matched = self.columns.all.iter().filter(|one| one.field.is_some());
        if row.filled() == 1 && matched.count() > 2 {
            return Outcome::Skipped(Skip::Remark);
        }
        let status = cells.get(row, Field::Status);
        let cancelled = ["cancel", "storn", "abgesagt", "rejected", "abgelehnt"];
        if cancelled
            .iter()
            .any(|word| status.to_lowercase().contains(word))
        {
            let text = short(status, 60);
            return Outcome::Skipped(Skip::Cancelled { text });
        }
        match self.booking(row, cells) {
            Ok(Some(booking)) => Outcome::Booking(booking),
            Ok(None) => Outcome::Skipped(Skip::Free),
            Err(refusal) => Outcome::Refused(refusal),
        }
    }

    /// `None`: nobody booked it.
    fn booking(&self, row: &Row, cells: &Cells<'_>) -> Result<Option<Booking>, Refusal> {
        self.enough()?;
        let project = cells.get(row, Field::Project);
        let (who, beside) = match named(cells.get(row, Field::Who), self.commas)? {
            Named::Person { name, note } => (Who::Person(name), note),
            Named::Nobody if !project.is_empty() => (Who::Project(project.to_owned()), None),
            Named::Nobody => {
                let said = cells.get(row, Field::Who).is_empty();
                let times = [Field::Date, Field::From, Field::Until];
                let times = times.iter().any(|field| {
                    let place = self.columns.of(*field);
                    place.is_some_and(|place| !row.cell(place).is_empty())
                });
                return if said && times {
                    Err(Refusal::NoWho)
                } else {
                    Ok(None)
                };
            }
        };
        let places = self.places(row, cells)?;
        let (start, end) = self.time(row, cells)?;
        let mut notes = vec![cells.get(row, Field::Note).to_owned()];
        notes.extend(beside);
        if matches!(who, Who::Person(_)) && !project.is_empty() {
            notes.push(format!("project {project}"));
        }
        notes.retain(|note| !note.is_empty());
        Ok(Some(Booking {
            who,
            places,
            start,
            end,
            note: (!notes.is_empty()).then(|| short(&notes.join(", "), 200)),
        }))
    }

    /// Without these no row is a booking.
    fn enough(&self) -> Result<(), Refusal> {
        let has = |fields: &[Field]| fields.iter().any(|field| self.columns.of(*field).is_some());
        if self.columns.all.iter().all(|column| column.field.is_none()) {
            return Err(Refusal::NoHeadings);
        }
        for (fields, field) in [
            (&[Field::Who, Field::Project][..], Field::Who),
            (&[Field::From, Field::Date], Field::From),
            (&[Field::Gpus, Field::Node], Field::Gpus),
        ] {
            if !has(fields) {
                return Err(Refusal::NoColumn { field });
            }
        }
        Ok(())
    }

    fn places(&self, row: &Row, cells: &Cells<'_>) -> Result<Vec<Place>, Refusal> {
        let node = Some(cells.get(row, Field::Node)).filter(|node| !node.is_empty());
        let cell = cells.get(row, Field::Gpus);
        if self.columns.of(Field::Gpus).is_none() {
            let node = node.ok_or(Refusal::NoGpus)?.to_owned();
            let gpus = Gpus::All;
            return Ok(vec![Place {
                node: Some(node),
                gpus,
            }]);
        }
        if cell.is_empty() {
            return Err(Refusal::NoGpus);
        }
        let mut places = gpus::places(cell, self.numbers).ok_or_else(|| Refusal::Gpus {
            text: short(cell, 60),
        })?;
        if let Some(node) = node {
            for place in &mut places {
                place.node.get_or_insert_with(|| node.to_owned());
            }
        }
        Ok(places)
    }

    /// What was found out, for people who check it.
    fn say(&self, rows: &[Row], reading: &mut Reading) {
        let merged = self.columns.all.iter().filter(|column| column.merged);
        let merged: Vec<String> = merged.map(|one| format!("'{}'", one.heading)).collect();
        if !merged.is_empty() {
            let of = merged.join(" and ");
            reading.said.push(format!(
                "A blank cell in {of} means the same as the one above it: the cells were merged."
            ));
        }
        let mut numbers = cells(rows, self.columns, Field::Gpus);
        if numbers.any(|cell| cell.bytes().all(|byte| byte.is_ascii_digit())) {
            let heading = self.columns.heading(Field::Gpus);
            reading.said.push(match self.numbers {
                Bare::Count => format!("A number in '{heading}' says how many GPUs."),
                Bare::Index => format!("A number in '{heading}' is that GPU, counted from 0."),
            });
        }
        if self.columns.of(Field::Gpus).is_none() && self.columns.of(Field::Node).is_some() {
            let sentence = "No column says which GPUs, so each row is a whole node.";
            reading.said.push(sentence.to_owned());
        }
        if self.commas == Commas::Within {
            let sentence = "What stands before the comma of a name is the family name.";
            reading.said.push(sentence.to_owned());
        }
        let mut ends = [Field::Until, Field::EndDate]
            .into_iter()
            .flat_map(|field| cells(rows, self.columns, field));
        let day_only = |cell: &str| {
            let moment = moment(cell, Likely::Date);
            moment.is_some_and(|one| one.date.is_some() && one.clock.is_none())
        };
        if self.columns.of(Field::EndDate).is_none() && ends.any(day_only) {
            let sentence = "An end without a time is the end of that day.";
            reading.said.push(sentence.to_owned());
        }
        if let Err(refusal @ (Refusal::NoColumn { .. } | Refusal::NoHeadings)) = self.enough() {
            reading.asks.push(Ask {
                choice: "columns",
                sentence: refusal.to_string(),
            });
        }
    }
}
