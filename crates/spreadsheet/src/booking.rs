//! What becomes of a row.

use jiff::Timestamp;

use crate::{Refusal, Skip};

/// What a row of the sheet, or a block of a grid, became.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The first line of the file that it stands on, from 1.
    pub line: u64,
    /// The last one: a block of a grid spans several.
    pub last_line: u64,
    /// What is written there, for people who look for it.
    pub text: String,
    pub outcome: Outcome,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Booking(Booking),
    Refused(Refusal),
    Skipped(Skip),
}

/// GPUs for somebody for a time, as the sheet says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booking {
    pub who: Who,
    /// Never empty; each node once.
    pub places: Vec<Place>,
    pub start: Timestamp,
    pub end: Timestamp,
    pub note: Option<String>,
}

/// Whose booking it is, in the sheet's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    Person(String),
    Project(String),
}

/// GPUs of one node, or of any where none is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub node: Option<String>,
    pub gpus: Gpus,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gpus {
    All,
    Count(u32),
    /// Rising, not empty.
    Indices(Vec<u32>),
}
