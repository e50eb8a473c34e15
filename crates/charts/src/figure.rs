//! Numbers in rows and columns. They are drawn, listed and written as CSV from here, so that picture,
//! table and file say the same.

use crate::theme::Tone;
use crate::words;

#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Of files and links: `waits-by-size`.
    pub id: &'static str,
    pub title: String,
    /// What the rows are: `Day`, `User`.
    pub head: String,
    pub columns: Vec<Column>,
    pub rows: Vec<Row>,
    pub form: Form,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    pub name: String,
    pub unit: Unit,
    /// `None`: it is listed, and not drawn. Those that are drawn have the same unit.
    pub tone: Option<Tone>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub label: String,
    /// As the axis says it.
    pub short: String,
    /// One of each column; what is not known is `None`, and no zero.
    pub values: Vec<Option<f64>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A line for each column; gaps where nothing is known.
    Lines,
    /// Columns beside each other.
    Columns,
    /// Columns on top of each other.
    Stacked,
    /// Lying columns, one after the other, with their sum.
    Bars,
    /// Times of a row as marks on one logarithmic axis.
    Spread,
}

/// What numbers are of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unit {
    Count,
    Percent,
    GpuHours,
    Minutes,
    Kwh,
    /// Of a currency, as it is written before an amount.
    Money(String),
}

impl Unit {
    /// A number with its unit; `—` when it is not known.
    #[must_use]
    pub fn say(&self, value: Option<f64>) -> String {
        let Some(value) = value else {
            return "—".to_owned();
        };
        match self {
            Unit::Count => format!("{value:.0}"),
            Unit::Percent => format!("{value:.1}%"),
            Unit::GpuHours => format!("{} GPU-h", words::few_digits(value)),
            Unit::Minutes => words::wait(value),
            Unit::Kwh => format!("{} kWh", words::few_digits(value)),
            Unit::Money(currency) => format!("{currency}{value:.2}"),
        }
    }

    /// In the head of a column of a file; empty where the number needs none.
    fn in_files(&self) -> &str {
        match self {
            Unit::Count => "",
            Unit::Percent => "%",
            Unit::GpuHours => "GPU-h",
            Unit::Minutes => "min",
            Unit::Kwh => "kWh",
            Unit::Money(currency) => currency.trim(),
        }
    }
}

impl Figure {
    /// The columns that are drawn, with their places.
    pub(crate) fn drawn(&self) -> impl Iterator<Item = (usize, &Column, Tone)> {
        let places = self.columns.iter().enumerate();
        places.filter_map(|(place, column)| Some((place, column, column.tone?)))
    }

    /// Whether there is nothing to draw: no row, or nothing known, or zeros only.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let known = |row: &Row| self.drawn().any(|(place, ..)| row.value(place).is_some());
        !self.rows.iter().any(known)
    }

    /// What the drawn columns of a row say, in words: `24 Nov: allocated 83.0 %, busy 71.2 %`.
    #[must_use]
    pub fn read_out(&self, row: usize) -> Option<String> {
        let row = self.rows.get(row)?;
        let one = |(place, column, _): (usize, &Column, Tone)| {
            format!("{} {}", column.name, column.unit.say(row.value(place)))
        };
        let all: Vec<String> = self.drawn().map(one).collect();
        Some(format!("{}: {}", row.label, all.join(", ")))
    }

    /// A table for other programs: a head, then a line for each row. What is not known is empty.
    #[must_use]
    pub fn csv(&self) -> String {
        let head = self
            .columns
            .iter()
            .map(|column| match column.unit.in_files() {
                "" => cell(&column.name),
                unit => cell(&format!("{} ({unit})", column.name)),
            });
        let mut text = line(std::iter::once(cell(&self.head)).chain(head));
        for row in &self.rows {
            let values = (0..self.columns.len()).map(|place| {
                row.value(place)
                    .map_or_else(String::new, |value| value.to_string())
            });
            text += &line(std::iter::once(cell(&row.label)).chain(values));
        }
        text
    }
}

impl Row {
    pub(crate) fn value(&self, place: usize) -> Option<f64> {
        self.values.get(place).copied().flatten()
    }
}

fn line(cells: impl Iterator<Item = String>) -> String {
    let cells: Vec<String> = cells.collect();
    cells.join(",") + "\r\n"
}

/// As RFC 4180 says; what a spreadsheet would run as a formula is made text.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}
