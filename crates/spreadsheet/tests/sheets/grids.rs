//! Time down, GPUs across, names in the cells.

use berth_spreadsheet::{Choices, Shape};

use crate::{reading, reading_with, shown};

#[test]
fn hours_down_and_gpus_of_two_nodes_across() {
    let sheet = "\
Bookings,,,,,
,,node-1,,node-2,
Date,Time,GPU 0,GPU 1,GPU 0,GPU 1
2026-12-24,08:00,ana,ana,,bo
,09:00,ana,ana,kim & wei,bo
,10:00,,ana,,free
,11:00,,,,
2026-12-25,08:00,,,,Bo
,09:00,,,,bo
,later,kim,,,
";
    let reading = reading(sheet);
    assert_eq!(reading.shape, Shape::Grid);
    assert_eq!(
        shown(&reading),
        [
            "1 skipped: It is above the headings.",
            "2 skipped: It is above the headings.",
            "3 skipped: It is the row of headings.",
            "4-5 ana node-1:0 12-24T08:00 12-24T10:00",
            "4-6 ana node-1:1 12-24T08:00 12-24T11:00",
            "4-5 bo node-2:1 12-24T08:00 12-24T10:00",
            "5 refused: 'kim & wei' names more than one person, and a reservation is one person's \
             or a project's: make a row for each, or name the project.",
            "7 skipped: Nobody booked it.",
            "8-9 Bo node-2:1 12-25T08:00 12-25T10:00",
            "10 refused: 'later' at its left is no time, so nobody knows when that is: write \
             2026-12-24 14:00.",
        ]
    );
}

#[test]
fn days_down_and_nodes_across() {
    let sheet = "\
Tag;node-1;node-2
Mo 30.11.;ana;ana
Di 01.12.;ana;ana
Mi 02.12.;bo;
Sa 05.12.;bo;
";
    let choices = Choices {
        nodes: vec!["node-1".to_owned(), "node-2".to_owned()],
        ..Choices::default()
    };
    assert_eq!(
        shown(&reading_with(sheet, &choices))[1..],
        [
            "2-3 ana node-1:all node-2:all 11-30T00:00 12-02T00:00",
            "4 bo node-1:all 12-02T00:00 12-03T00:00",
            "5 bo node-1:all 12-05T00:00 12-06T00:00",
        ]
    );
}

#[test]
fn a_night_goes_on_the_next_day_and_ranges_are_what_they_say() {
    let sheet = "\
Slot,GPU0,GPU1
2026-12-24 22:00,ana,
23:00,ana,bo
00:00,ana,bo
";
    assert_eq!(
        shown(&reading(sheet))[1..],
        [
            "2-4 ana any:0 12-24T22:00 12-25T01:00",
            "3-4 bo any:1 12-24T23:00 12-25T01:00",
        ]
    );
    let sheet = "\
Day,Slot,GPU0,GPU1
12/24/2026,09:00-13:00,ana,
,13:00-18:00,ana,
,18:00-09:00,bo,bo
";
    assert_eq!(
        shown(&reading(sheet))[1..],
        [
            "2-3 ana any:0 12-24T09:00 12-24T18:00",
            "4 bo any:0,1 12-24T18:00 12-25T09:00",
        ]
    );
}
