//! Why a file cannot be read at all.

/// No row is looked at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    #[error("The file is empty: export the sheet again, as CSV.")]
    Empty,
    #[error("The file is larger than 1 MiB: export only the sheet of bookings, as CSV.")]
    TooLarge,
    #[error("The file has more than {most} rows: leave out what is over.")]
    TooManyRows { most: usize },
    #[error("This is a workbook and not CSV: in your spreadsheet, choose Save as, CSV.")]
    Workbook,
    #[error("'{text}' is nothing a column can say. It can say: {fields}.")]
    NoSuchField { text: String, fields: String },
    #[error("There is no column '{text}'. There are: {headings}.")]
    NoSuchColumn { text: String, headings: String },
    #[error("'{text}' is no order of dates: use dmy, mdy or ymd.")]
    Dates { text: String },
    #[error("'{text}' is no time zone: use a name such as Europe/Berlin or UTC.")]
    TimeZone { text: String },
    #[error("{year} is no year of bookings: use one such as 2026.")]
    Year { year: i64 },
    #[error("'{text}' is nothing a number can be: use count or index.")]
    Numbers { text: String },
}

impl Problem {
    /// The choice that is to blame, if it is not the file.
    #[must_use]
    pub fn choice(&self) -> Option<&'static str> {
        match self {
            Problem::NoSuchField { .. } | Problem::NoSuchColumn { .. } => Some("columns"),
            Problem::Dates { .. } => Some("dates"),
            Problem::TimeZone { .. } => Some("time_zone"),
            Problem::Year { .. } => Some("year"),
            Problem::Numbers { .. } => Some("numbers"),
            _ => None,
        }
    }
}
