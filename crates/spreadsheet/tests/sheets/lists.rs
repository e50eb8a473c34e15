//! A row is a booking.

use berth_spreadsheet::{Choices, Order, Shape};

use crate::{reading, reading_with, shown};

#[test]
fn german_dates_merged_cells_and_a_sum() {
    let sheet = "\
GPU-Belegung Gruppe Vision;;;;;
;;;;;
Rechner;GPU(s);Wer;Von;Bis;Zweck
node-1;0-3;Ana Müller;24.12.2026 08:00;24.12.2026 20:00;Training
;4,5;Bo;26.12.2026;27.12.2026;
;6;frei;;;
node-2;alle;Kim (Eval);01.01.;03.01.;Abgabe
;0 & 1;Wei;demnächst;05.01.;
;;;;;
Summe;14;;;;
";
    let reading = reading(sheet);
    assert_eq!(
        shown(&reading),
        [
            "1 skipped: It is above the headings.",
            "2 skipped: It is empty.",
            "3 skipped: It is the row of headings.",
            "4 Ana Müller node-1:0,1,2,3 12-24T08:00 12-24T20:00 'Training'",
            "5 Bo node-1:4,5 12-26T00:00 12-28T00:00",
            "6 skipped: Nobody booked it.",
            "7 Kim node-2:all 01-01T00:00 01-04T00:00 'Abgabe, Eval'",
            "8 refused: 'demnächst' is no date or time that can be read: write 2026-12-24 14:00.",
            "9 skipped: It is empty.",
            "10 skipped: It is a sum.",
        ]
    );
    assert_eq!(
        reading.said,
        [
            "Dates have the day first: one of them cannot be read otherwise.",
            "Dates without a year are in the one that makes them nearest to today.",
            "A blank cell in 'Rechner' means the same as the one above it: the cells were merged.",
            "A number in 'GPU(s)' is that GPU, counted from 0.",
            "An end without a time is the end of that day.",
        ]
    );
    assert_eq!(
        (reading.shape, reading.dates),
        (Shape::List, Some(Order::Dmy))
    );
}

#[test]
fn date_and_times_in_columns_of_their_own() {
    let sheet = "\
Name,Date,Start time,End time,# GPUs,Server
ana,12/24/2026,9am,5pm,4,node 1
bo,12/24/2026,22:00,02:00,8,node 2
Name,Date,Start time,End time,# GPUs,Server
kim,12/25/2026,14:00,2:00pm,2,node 1
,12/26/2026,9am,5pm,1,node 1
see the wiki for the rules,,,,,
";
    assert_eq!(
        shown(&reading(sheet)),
        [
            "1 skipped: It is the row of headings.",
            "2 ana node 1:4x 12-24T09:00 12-24T17:00",
            "3 bo node 2:8x 12-24T22:00 12-25T02:00",
            "4 skipped: It repeats the headings.",
            "5 kim node 1:2x 12-25T14:00 12-26T14:00",
            "6 refused: It does not say whose it is: write a name.",
            "7 skipped: Only one cell is filled: a remark.",
        ]
    );
}

#[test]
fn lengths_slots_and_whole_days() {
    let sheet = "\
Who\tGPU\tFrom\tDuration
ana\tgpu-a/3\t2026-12-24 08:00\t8h
bo\tnode1:0-3\t2026-12-24\t2 days
kim\tnode1:0-3; node2:0-3\t2026-12-24T08:00:00+01:00\t90 min
wei\tnode1:5\tDec 24 2pm\t3
lu\tnode1:6\t46380.5\t1:30
mo\tnode1:7\t24. Dezember\t
";
    assert_eq!(
        shown(&reading(sheet))[1..],
        [
            "2 ana gpu-a:3 12-24T08:00 12-24T16:00",
            "3 bo node1:0,1,2,3 12-24T00:00 12-26T00:00",
            "4 kim node1:0,1,2,3 node2:0,1,2,3 12-24T07:00 12-24T08:30",
            "5 refused: '3' can be hours or days: write 8h or 2d, or name the column Hours or Days.",
            "6 lu node1:6 12-24T12:00 12-24T13:30",
            "7 mo node1:7 12-24T00:00 12-25T00:00",
        ]
    );
    let slots = "\
Datum;Zeit;Wer;Karten
24.12.2026;9-17;ana;4x
24.12. - 26.12.2026;;bo;all
;14:00-15:00;kim;4x
";
    assert_eq!(
        shown(&reading(slots))[1..],
        [
            "2 ana any:4x 12-24T09:00 12-24T17:00",
            "3 bo any:all 12-24T00:00 12-27T00:00",
            "4 refused: '14:00-15:00' is a time of no day: write the date too.",
        ]
    );
}

#[test]
fn an_order_that_no_date_tells_is_asked_for() {
    let sheet = "\
User,GPUs,Start,End
ana,4,01/12/2026,03/12/2026
bo,4,05/05/2027,05/05/2027
";
    let open = reading(sheet);
    assert_eq!(
        shown(&open)[1..],
        [
            "2 refused: '01/12/2026' can be 1 December 2026 or 12 January 2026, and no date of the \
             file tells which: say whether the day comes first (dates: dmy) or the month (dates: \
             mdy).",
            "3 bo any:4x 05-05T00:00 05-06T00:00",
        ]
    );
    assert_eq!(open.asks.len(), 1);
    assert_eq!(open.asks[0].choice, "dates");
    let said = Choices {
        dates: Some("dmy".to_owned()),
        time_zone: Some("Europe/Berlin".to_owned()),
        ..Choices::default()
    };
    let said = reading_with(sheet, &said);
    assert_eq!(shown(&said)[1], "2 ana any:4x 11-30T23:00 12-03T23:00");
    assert_eq!(said.asks, []);
}

#[test]
fn what_cannot_be_is_refused_with_what_to_do() {
    let sheet = "\
Who,GPUs,From,Until,Status
ana & bo,0-3,2026-12-24 08:00,2026-12-24 12:00,
kim,some,2026-12-24 08:00,2026-12-24 12:00,
kim,,2026-12-24 08:00,2026-12-24 12:00,
kim,0,2026-02-31,2026-12-24 12:00,
kim,0,2026-12-24 12:00,2026-12-24 08:00,
kim,0,2026-12-24 12:00,,
kim,0,,2026-12-24 12:00,
kim,0,2026-12-24 08:00,2026-12-24 12:00,cancelled
";
    assert_eq!(
        shown(&reading(sheet))[1..],
        [
            "2 refused: 'ana & bo' names more than one person, and a reservation is one person's or \
             a project's: make a row for each, or name the project.",
            "3 some:all",
        ]
        .map(|line| line.replace("3 some:all", "3 kim some:all 12-24T08:00 12-24T12:00"))
        .into_iter()
        .chain(
            [
                "4 refused: It does not say which GPUs: write 0-3, 4x, all, or node-1:0-3.",
                "5 refused: '2026-02-31' is no day of the calendar: correct it.",
                "6 refused: It would end at 2026-12-24 08:00, not after its start at 2026-12-24 \
                 12:00: correct one of them.",
                "7 refused: It does not say until when: write an end, or how long it lasts.",
                "8 refused: It does not say when it begins: write a date, such as 2026-12-24 14:00.",
                "9 skipped: It says 'cancelled'.",
            ]
            .map(str::to_owned)
        )
        .collect::<Vec<_>>()
    );
}
