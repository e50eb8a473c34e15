//! Which row holds the headings, and which column says what.

use std::collections::BTreeSet;

use crate::field::{Part, Said, said};
use crate::options::Options;
use crate::table::{Row, short};
use crate::{Field, Problem};

/// Headings are among so many first rows.
pub(crate) const HEAD: usize = 20;
const EXAMPLES: usize = 3;

/// A column, and what it was taken for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// From 1.
    pub number: usize,
    /// Empty where it has none.
    pub heading: String,
    pub field: Option<Field>,
    /// A blank cell means the same as the one above it.
    pub merged: bool,
    /// What stands first in it.
    pub examples: Vec<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Columns {
    /// The row of headings; `None`: there is none, and columns are known by number.
    pub header: Option<usize>,
    pub all: Vec<Column>,
}

impl Columns {
    /// Where this is said.
    pub fn of(&self, field: Field) -> Option<usize> {
        self.all.iter().position(|one| one.field == Some(field))
    }

    pub fn heading(&self, field: Field) -> &str {
        self.of(field)
            .map_or("", |place| self.all[place].heading.as_str())
    }

    /// Enough to be a list of bookings.
    pub fn is_list(&self) -> bool {
        let whose = [Field::Who, Field::Project];
        let when = [Field::From, Field::Date, Field::Until];
        let has = |fields: &[Field]| fields.iter().any(|field| self.of(*field).is_some());
        has(&whose) && has(&when)
    }
}

pub(crate) fn find(rows: &[Row], options: &Options) -> Result<Columns, Problem> {
    let header = header(rows, options);
    let width = rows.iter().map(|row| row.cells.len()).max().unwrap_or(0);
    let heading = |place: usize| header.map_or("", |row| rows[row].cell(place));
    let headings: Vec<&str> = (0..width).map(heading).collect();
    let mut fields = assigned(&headings);
    for (field, column) in &options.columns {
        for other in &mut fields {
            if *other == Some(*field) {
                *other = None;
            }
        }
        if !column.is_empty() {
            let place = place(column, &headings)?;
            fields[place] = Some(*field);
        }
    }
    let below = rows
        .get(header.map_or(0, |row| row + 1)..)
        .unwrap_or_default();
    let column = |(place, field): (usize, Option<Field>)| {
        let filled = below.iter().map(|row| row.cell(place));
        let filled = filled.filter(|cell| !cell.is_empty());
        Column {
            number: place + 1,
            heading: short(headings[place], 80),
            field,
            merged: false,
            examples: filled.take(EXAMPLES).map(|cell| short(cell, 40)).collect(),
        }
    };
    Ok(Columns {
        header,
        all: fields.into_iter().enumerate().map(column).collect(),
    })
}

/// The first of the rows that say most.
fn header(rows: &[Row], options: &Options) -> Option<usize> {
    let score = |row: &Row| {
        let said: Vec<Said> = row.cells.iter().filter_map(|cell| said(cell)).collect();
        let kinds: BTreeSet<String> = said.iter().map(|one| format!("{one:?}")).collect();
        let chosen = options.columns.iter().filter(|(_, column)| {
            // A number is a column's, whatever stands in the cells.
            let equal = |cell: &String| !cell.is_empty() && same(cell, column);
            column.parse::<usize>().is_err() && row.cells.iter().any(equal)
        });
        kinds.len() + 2 * chosen.count()
    };
    let head = rows.iter().take(HEAD).map(score).enumerate();
    // Of equals the first.
    let best = head.rev().max_by_key(|(_, score)| *score);
    best.filter(|(_, score)| *score >= 2).map(|(row, _)| row)
}

fn same(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}

/// A column by its heading, or else by its number.
fn place(column: &str, headings: &[&str]) -> Result<usize, Problem> {
    let named = headings.iter().position(|heading| same(heading, column));
    let numbered = || {
        let number: usize = column.trim().parse().ok()?;
        number
            .checked_sub(1)
            .filter(|place| *place < headings.len())
    };
    named.or_else(numbered).ok_or_else(|| {
        let known = headings.iter().filter(|heading| !heading.is_empty());
        let known: Vec<String> = known.take(40).map(|heading| short(heading, 40)).collect();
        let headings = match known.is_empty() {
            true => format!("only numbers, from 1 to {}", headings.len()),
            false => known.join(", "),
        };
        Problem::NoSuchColumn {
            text: short(column, 60),
            headings,
        }
    })
}

/// What each column says by its heading; of two that say the same the first does.
fn assigned(headings: &[&str]) -> Vec<Option<Field>> {
    let said: Vec<Option<Said>> = headings.iter().map(|heading| said(heading)).collect();
    let has = |one: Said| said.contains(&Some(one));
    let apart = |date: Said, time: Said| has(date) && has(time);
    let mut taken: BTreeSet<Field> = BTreeSet::new();
    let starts = [Part::Any, Part::Date, Part::Time].map(Said::Start);
    let has_start = starts.into_iter().any(has);
    let field = |one: Said| match one {
        Said::Field(field) => Some(field),
        Said::Start(Part::Date) if apart(one, Said::Start(Part::Time)) => Some(Field::Date),
        Said::Start(_) => Some(Field::From),
        Said::End(Part::Date) if apart(one, Said::End(Part::Time)) => Some(Field::EndDate),
        Said::End(_) => Some(Field::Until),
        Said::Time => (!has_start).then_some(Field::From),
    };
    let fields = said.iter().map(|one| one.and_then(field));
    fields
        .map(|field| field.filter(|field| taken.insert(*field)))
        .collect()
}
