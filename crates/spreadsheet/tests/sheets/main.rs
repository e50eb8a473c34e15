//! Sheets as teams keep them, and what becomes of each of their rows.

#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

mod any;
mod columns;
mod grids;
mod lists;

use berth_spreadsheet::{Choices, Entry, Gpus, Outcome, Place, Reading, Who, read};
use jiff::Timestamp;

pub fn now() -> Timestamp {
    "2026-11-27T12:00:00Z".parse().unwrap()
}

pub fn reading(text: &str) -> Reading {
    reading_with(text, &Choices::default())
}

pub fn reading_with(text: &str, choices: &Choices) -> Reading {
    read(text.as_bytes(), choices, now()).unwrap()
}

/// A line for each entry.
pub fn shown(reading: &Reading) -> Vec<String> {
    reading.entries.iter().map(show).collect()
}

fn show(entry: &Entry) -> String {
    let lines = match entry.last_line == entry.line {
        true => entry.line.to_string(),
        false => format!("{}-{}", entry.line, entry.last_line),
    };
    match &entry.outcome {
        Outcome::Skipped(skip) => format!("{lines} skipped: {skip}"),
        Outcome::Refused(refusal) => format!("{lines} refused: {refusal}"),
        Outcome::Booking(booking) => {
            let who = match &booking.who {
                Who::Person(name) => name.clone(),
                Who::Project(name) => format!("project {name}"),
            };
            let places: Vec<String> = booking.places.iter().map(place).collect();
            let note = booking.note.as_ref().map(|note| format!(" '{note}'"));
            let minutes = |at: Timestamp| at.strftime("%m-%dT%H:%M").to_string();
            let (start, end) = (minutes(booking.start), minutes(booking.end));
            let places = places.join(" ");
            format!(
                "{lines} {who} {places} {start} {end}{}",
                note.unwrap_or_default()
            )
        }
    }
}

fn place(place: &Place) -> String {
    let gpus = match &place.gpus {
        Gpus::All => "all".to_owned(),
        Gpus::Count(count) => format!("{count}x"),
        Gpus::Indices(all) => {
            let all: Vec<String> = all.iter().map(u32::to_string).collect();
            all.join(",")
        }
    };
    let node = place.node.as_deref().unwrap_or("any");
    format!("{node}:{gpus}")
}
