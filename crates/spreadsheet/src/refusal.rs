//! Why a row does not become a booking: a sentence that says what is wrong and what to do.

use crate::Field;

/// Somebody has to do something about the row.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("No column says {}: choose one, such as {field}=HEADING.", field.says())]
    NoColumn { field: Field },
    #[error("It does not say whose it is: write a name.")]
    NoWho,
    #[error(
        "'{text}' names more than one person, and a reservation is one person's or a project's: make \
         a row for each, or name the project."
    )]
    SeveralPeople { text: String },
    #[error("It does not say which GPUs: write 0-3, 4x, all, or node-1:0-3.")]
    NoGpus,
    #[error("'{text}' does not say which GPUs: write 0-3, 4x, all, or node-1:0-3.")]
    Gpus { text: String },
    #[error("It does not say when it begins: write a date, such as 2026-12-24 14:00.")]
    NoStart,
    #[error("'{text}' is no date or time that can be read: write 2026-12-24 14:00.")]
    Moment { text: String },
    #[error("'{text}' is no day of the calendar: correct it.")]
    NoSuchDay { text: String },
    #[error("'{text}' is a time of no day: write the date too.")]
    NoDate { text: String },
    #[error(
        "'{text}' can be {first} or {second}, and no date of the file tells which: say whether the day \
         comes first (dates: dmy) or the month (dates: mdy)."
    )]
    Order {
        text: String,
        first: String,
        second: String,
    },
    #[error("It does not say until when: write an end, or how long it lasts.")]
    NoEnd,
    #[error("'{text}' is no length that can be read: write 8h, 2d or 90min.")]
    Length { text: String },
    #[error("'{text}' can be hours or days: write 8h or 2d, or name the column Hours or Days.")]
    LengthUnit { text: String },
    #[error("It would end at {end}, not after its start at {start}: correct one of them.")]
    EndBeforeStart { start: String, end: String },
    #[error(
        "'{text}' at its left is no time, so nobody knows when that is: write 2026-12-24 14:00."
    )]
    GridTime { text: String },
    #[error(
        "What it is cannot be told, because no row looks like headings: choose the columns by their \
         number, such as who=1."
    )]
    NoHeadings,
}

/// Nothing is wrong: the row is no booking.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Skip {
    #[error("It is above the headings.")]
    Above,
    #[error("It is the row of headings.")]
    Headings,
    #[error("It repeats the headings.")]
    HeadingsAgain,
    #[error("It is empty.")]
    Blank,
    #[error("It is a sum.")]
    Total,
    #[error("Only one cell is filled: a remark.")]
    Remark,
    #[error("Nobody booked it.")]
    Free,
    #[error("It is only the day of the rows below.")]
    Day,
    #[error("It says '{text}'.")]
    Cancelled { text: String },
}
