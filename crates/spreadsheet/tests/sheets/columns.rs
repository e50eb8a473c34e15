//! What a person says overrules what was guessed.

use berth_spreadsheet::{Choices, Field, Problem, read};

use crate::{now, reading, reading_with, shown};

fn chosen(columns: &[(&str, &str)]) -> Choices {
    let pair = |(field, column): &(&str, &str)| ((*field).to_owned(), (*column).to_owned());
    Choices {
        columns: columns.iter().map(pair).collect(),
        ..Choices::default()
    }
}

const ODD: &str = "\
Alpha,Beta,Gamma,Delta
ana,0-3,2026-12-24,2026-12-25
";

#[test]
fn columns_that_nobody_can_guess_are_asked_for() {
    let open = reading(ODD);
    assert_eq!(open.asks[0].choice, "columns");
    assert_eq!(open.counts(), (0, 2, 0));
    let by_name = chosen(&[
        ("who", "alpha"),
        ("gpus", "Beta"),
        ("from", "Gamma"),
        ("until", "4"),
    ]);
    assert_eq!(
        shown(&reading_with(ODD, &by_name)),
        [
            "1 skipped: It is the row of headings.",
            "2 ana any:0,1,2,3 12-24T00:00 12-26T00:00",
        ]
    );
    // Without a row of headings every row counts.
    let by_number = chosen(&[("who", "1"), ("gpus", "2"), ("from", "3"), ("until", "4")]);
    let no_headings = "ana,0-3,2026-12-24,2026-12-25\nbo,4,2026-12-24,2026-12-24\n";
    assert_eq!(
        shown(&reading_with(no_headings, &by_number)),
        [
            "1 ana any:0,1,2,3 12-24T00:00 12-26T00:00",
            "2 bo any:4 12-24T00:00 12-25T00:00",
        ]
    );
}

#[test]
fn a_guess_is_overruled() {
    let sheet = "Name,Booked by,GPUs,From,Until\nbert,ana,4,2026-12-24,2026-12-24\n";
    let column = |choices: &Choices| {
        let reading = reading_with(sheet, choices);
        let found = reading
            .columns
            .into_iter()
            .find(|one| one.field == Some(Field::Who));
        found.map(|one| one.heading)
    };
    assert_eq!(column(&Choices::default()).as_deref(), Some("Name"));
    assert_eq!(
        column(&chosen(&[("who", "Booked by")])).as_deref(),
        Some("Booked by")
    );
    assert_eq!(column(&chosen(&[("who", "")])), None);
}

#[test]
fn choices_that_make_no_sense_say_what_there_is() {
    let problem = |choices: Choices| read(ODD.as_bytes(), &choices, now()).unwrap_err();
    let text = problem(chosen(&[("boss", "Alpha")])).to_string();
    assert!(
        text.starts_with("'boss' is nothing a column can say. It can say: who, "),
        "{text}"
    );
    let named = chosen(&[("who", "Alpha"), ("gpus", "Epsilon")]);
    let text = problem(named).to_string();
    assert_eq!(
        text,
        "There is no column 'Epsilon'. There are: Alpha, Beta, Gamma, Delta."
    );
    let dates = Some("ydm".to_owned());
    let choices = Choices {
        dates,
        ..Choices::default()
    };
    assert_eq!(problem(choices).choice(), Some("dates"));
    let time_zone = Some("Berlin".to_owned());
    let choices = Choices {
        time_zone,
        ..Choices::default()
    };
    assert_eq!(problem(choices).choice(), Some("time_zone"));
    let year = Some(26);
    let choices = Choices {
        year,
        ..Choices::default()
    };
    assert_eq!(problem(choices).choice(), Some("year"));
    let none = Choices::default();
    let workbook = read(b"PK\x03\x04...", &none, now());
    assert_eq!(workbook, Err(Problem::Workbook));
    assert_eq!(read(b"", &none, now()), Err(Problem::Empty));
}
