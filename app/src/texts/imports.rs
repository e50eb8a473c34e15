//! Importing the sheet in which GPUs were booked.

use berth_api::imports::{ImportCounts, RowState};

// the way here
pub const FROM_A_SPREADSHEET: &str = "From a spreadsheet";
pub const TOLD: &str = "Bookings that are kept in a sheet become reservations, and people that there \
    are none of are added. Nothing is changed before you say so, and the same file again makes \
    nothing again.";
pub const IMPORT_BOOKINGS: &str = "Import bookings";

// the file
pub const THE_FILE: &str = "The file";
pub const CHOOSE: &str = "Choose a CSV file";
pub const OR_DROP: &str = "or drop it here. In a spreadsheet: Save as, CSV.";
pub const OR_PASTE: &str = "Or paste the rows";
pub const PASTED: &str = "The rows, with their headings";
pub const LOOK: &str = "Look at them";
pub const PASTED_ROWS: &str = "what was pasted";
pub const NO_FILE_YET: &str = "A row is a booking (who, which GPUs, from, until), or time runs down and \
    GPUs are beside each other. What stands where is guessed, and you can say it otherwise.";
pub const TOO_LARGE: &str =
    "The file is larger than 1 MiB: export only the sheet of bookings, as CSV.";
pub const NOT_READ: &str = "The browser could not read the file: choose it again.";
pub const READING: &str = "Looking at it…";

pub fn looked_at(name: &str) -> String {
    format!("This is {name}.")
}

// what it says
pub const HOW_IT_IS_READ: &str = "How it is read";
pub const DATES: &str = "In dates comes first";
pub const AS_FOUND: &str = "as found";
pub const THE_DAY: &str = "the day (24.12.)";
pub const THE_MONTH: &str = "the month (12/24)";
pub const THE_YEAR: &str = "the year (26-12-24)";
pub const TIME_ZONE: &str = "Time zone of its times";
pub const YEAR: &str = "Year of dates without one";
pub const NEAREST: &str = "nearest to today";
pub const NUMBERS: &str = "A number of GPUs says";
pub const HOW_MANY: &str = "how many";
pub const WHICH: &str = "which one, from 0";
pub const COLUMNS: &str = "Columns";
pub const COLUMN: &str = "Column";
pub const STANDS_IN_IT: &str = "Stands in it";
pub const SAYS: &str = "Says";
pub const NOTHING: &str = "nothing that counts";
pub const MERGED: &str = "merged cells";

pub fn column(number: usize) -> String {
    format!("Column {number}")
}

pub fn what_says(heading: &str) -> String {
    format!("What {heading} says")
}

/// The API's names of what a column can say, and ours.
pub const FIELDS: [(&str, &str); 11] = [
    ("who", "who"),
    ("node", "which node"),
    ("gpus", "which GPUs"),
    ("date", "on which day"),
    ("from", "from when"),
    ("end-date", "the last day"),
    ("until", "until when"),
    ("duration", "how long"),
    ("note", "what for"),
    ("project", "which project"),
    ("status", "whether it holds"),
];

// the rows
pub const ROWS: &str = "What becomes of each row";
pub const LINE: &str = "Line";
pub const STATE: &str = "State";
pub const WHO: &str = "Who";
pub const WHAT: &str = "What";
pub const WHEN: &str = "When";
pub const REMARK: &str = "Remark";
pub const NO_ROWS: &str = "No row of it is a booking.";

pub fn skipped(rows: usize) -> String {
    match rows {
        1 => "1 row is skipped".to_owned(),
        _ => format!("{rows} rows are skipped"),
    }
}

pub fn state(state: RowState) -> &'static str {
    match state {
        RowState::New => "new",
        RowState::Made => "made",
        RowState::AlreadyThere => "already there",
        RowState::Conflict => "conflict",
        RowState::Refused => "refused",
        RowState::Skipped => "skipped",
    }
}

pub fn project(name: &str) -> String {
    format!("project {name}")
}

pub fn lines(first: u64, last: u64) -> String {
    match first == last {
        true => first.to_string(),
        false => format!("{first}–{last}"),
    }
}

/// `12 new, 1 conflict, 3 refused.`
pub fn counts(counts: &ImportCounts) -> String {
    let all = [
        (counts.new, RowState::New),
        (counts.made, RowState::Made),
        (counts.already_there, RowState::AlreadyThere),
        (counts.conflicts, RowState::Conflict),
        (counts.refused, RowState::Refused),
        (counts.skipped, RowState::Skipped),
    ];
    let some = all.iter().filter(|(count, _)| *count > 0);
    let some: Vec<String> = some
        .map(|(count, one)| format!("{count} {}", state(*one)))
        .collect();
    format!("{}.", some.join(", "))
}

// doing it
pub const PEOPLE_TO_ADD: &str = "People to add";
pub const PEOPLE_ADDED: &str = "People added";
pub const SEND_LINKS: &str =
    "Send each their link: it logs one browser in, once, and is not shown again.";
pub const NOTHING_NEW: &str = "Nothing new to import";
pub const IMPORTING: &str = "Importing…";
pub const LOGIN_LINK: &str = "login link";
pub const SEE_RESERVATIONS: &str = "See them on the timeline";

/// What the button does: `Make 12 reservations and add 3 people`.
pub fn make(reservations: usize, people: usize) -> String {
    let made = match reservations {
        1 => "Make 1 reservation".to_owned(),
        _ => format!("Make {reservations} reservations"),
    };
    match people {
        0 => made,
        1 => format!("{made} and add 1 person"),
        _ => format!("{made} and add {people} people"),
    }
}

pub fn done(reservations: usize) -> String {
    match reservations {
        0 => "Nothing was made: everything was there already, or is refused.".to_owned(),
        1 => "1 reservation is made.".to_owned(),
        _ => format!("{reservations} reservations are made."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_button_says_what_it_does() {
        assert_eq!(make(1, 0), "Make 1 reservation");
        assert_eq!(make(12, 1), "Make 12 reservations and add 1 person");
        assert_eq!(make(2, 3), "Make 2 reservations and add 3 people");
    }

    #[test]
    fn rows_are_counted_in_words() {
        let some = ImportCounts {
            new: 2,
            refused: 1,
            ..ImportCounts::default()
        };
        assert_eq!(counts(&some), "2 new, 1 refused.");
    }
}
