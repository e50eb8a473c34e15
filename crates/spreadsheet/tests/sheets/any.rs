//! Whatever the bytes are: nothing panics, and no row is lost.

use std::collections::BTreeSet;

use berth_spreadsheet::{Choices, Outcome, Reading, Shape, read, user_name};
use proptest::prelude::*;

use crate::now;

/// What stands in sheets, and what breaks readers.
fn cell() -> impl Strategy<Value = String> {
    let known = [
        "Who",
        "Name",
        "GPU",
        "GPUs",
        "From",
        "Until",
        "Date",
        "Duration",
        "Node",
        "Project",
        "ana",
        "Ana Müller",
        "bo & kim",
        "free",
        "-",
        "0-3",
        "0,1",
        "4x",
        "all",
        "8",
        "node-1:0-3",
        "gpu-a/3",
        "node-1",
        "3-0",
        "GPU 0",
        "GPU 1",
        "2026-12-24",
        "24.12.2026",
        "12/24/2026",
        "01/02/2026",
        "24.12.",
        "Dec 24",
        "31.02.2026",
        "14:00",
        "2pm",
        "24:00",
        "9-17",
        "24.12. - 26.12.",
        "46380.5",
        "99999",
        "8h",
        "2 days",
        "1e99h",
        "Total",
        "x",
        "9999-12-31T23:59",
        "9999-12-31T23:59:59.999999999Z",
        "-009999-01-01T00:00:00Z",
        "0.5",
        "31.12.2100",
        "4294967295",
        "0-4294967295",
        "\u{1f600}",
        "\u{0130}",
        "ß:ß/ß",
        ":",
        "/",
        "::",
    ];
    prop_oneof![
        8 => proptest::sample::select(known.to_vec()).prop_map(str::to_owned),
        3 => Just(String::new()),
        2 => "\\PC{0,12}",
        1 => "[0-9.:/, x-]{1,10}",
    ]
}

fn sheet() -> impl Strategy<Value = String> {
    let row = proptest::collection::vec(cell(), 1..7);
    let rows = proptest::collection::vec(row, 0..14);
    (rows, proptest::sample::select(vec![",", ";", "\t"])).prop_map(|(rows, between)| {
        let quoted = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
        let line = |row: &Vec<String>| row.iter().map(quoted).collect::<Vec<_>>().join(between);
        rows.iter().map(line).collect::<Vec<_>>().join("\n")
    })
}

fn choices() -> impl Strategy<Value = Choices> {
    let order = proptest::sample::select(vec![None, Some("dmy"), Some("mdy"), Some("ymd")]);
    let zone = proptest::sample::select(vec![None, Some("Europe/Berlin"), Some("Pacific/Apia")]);
    let column = proptest::sample::select(vec![None, Some(("who", "1")), Some(("gpus", "2"))]);
    (order, zone, column).prop_map(|(order, zone, column)| Choices {
        dates: order.map(str::to_owned),
        time_zone: zone.map(str::to_owned),
        columns: column
            .map(|(field, column)| (field.to_owned(), column.to_owned()))
            .into_iter()
            .collect(),
        nodes: vec!["node-1".to_owned()],
        ..Choices::default()
    })
}

fn no_row_is_lost(reading: &Reading) {
    let (bookings, refused, skipped) = reading.counts();
    assert_eq!(bookings + refused + skipped, reading.entries.len());
    if reading.shape == Shape::List {
        assert_eq!(reading.entries.len(), reading.rows_in);
    }
    let covered: BTreeSet<u64> = reading
        .entries
        .iter()
        .flat_map(|entry| entry.line..=entry.last_line)
        .collect();
    // A block spans empty lines that are no rows.
    assert!(covered.len() >= reading.rows_in, "{reading:?}");
    for entry in &reading.entries {
        match &entry.outcome {
            Outcome::Booking(booking) => {
                assert!(booking.start < booking.end && !booking.places.is_empty());
            }
            Outcome::Refused(refusal) => assert!(refusal.to_string().ends_with('.')),
            Outcome::Skipped(skip) => assert!(skip.to_string().ends_with('.')),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(reading) = read(&bytes, &Choices::default(), now()) {
            prop_assert!(reading.rows_in > 0);
        }
    }

    #[test]
    fn each_row_becomes_something(sheet in sheet(), choices in choices()) {
        if let Ok(reading) = read(sheet.as_bytes(), &choices, now()) {
            no_row_is_lost(&reading);
        }
    }

    #[test]
    fn a_grid_loses_no_row_either(rows in proptest::collection::vec(proptest::collection::vec(cell(), 1..5), 1..14)) {
        let mut sheet = "Date,Time,GPU 0,GPU 1,node-1:2\n2026-12-24,08:00,ana,ana,\n".to_owned();
        for (hour, row) in rows.iter().enumerate() {
            let quoted = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
            let cells: Vec<String> = row.iter().map(quoted).collect();
            sheet += &format!(",{}:00,{}\n", 9 + hour, cells.join(","));
        }
        let reading = read(sheet.as_bytes(), &Choices::default(), now()).unwrap();
        no_row_is_lost(&reading);
    }

    #[test]
    fn a_user_name_can_be_one(written in "\\PC{0,80}") {
        if let Some(name) = user_name(&written) {
            let allowed = |ch: char| ch.is_ascii_lowercase() || ch.is_ascii_digit() || "._-".contains(ch);
            prop_assert!(!name.is_empty() && name.len() <= 64 && name.chars().all(allowed));
        }
    }
}
