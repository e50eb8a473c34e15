//! What a column can say, and the headings under which people write it.

use std::fmt;

/// What a column says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    Who,
    Node,
    Gpus,
    /// The day on which it begins, where the time is in another column.
    Date,
    From,
    /// The day on which it ends, where the time is in another column.
    EndDate,
    Until,
    Duration,
    Note,
    Project,
    /// Whether it still holds: what was cancelled is skipped.
    Status,
}

/// What a heading alone says; what a start's date is depends on the other headings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Field(Field),
    Start(Part),
    End(Part),
    /// A time of day, or from when to when.
    Time,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Any,
    Date,
    Time,
}

const NAMES: [(Field, &str, &str); 11] = [
    (Field::Who, "who", "who booked"),
    (Field::Node, "node", "which node"),
    (Field::Gpus, "gpus", "which GPUs"),
    (Field::Date, "date", "on which day"),
    (Field::From, "from", "when it begins"),
    (Field::EndDate, "end-date", "on which day it ends"),
    (Field::Until, "until", "when it ends"),
    (Field::Duration, "duration", "how long it lasts"),
    (Field::Note, "note", "what it is for"),
    (Field::Project, "project", "for which project"),
    (Field::Status, "status", "whether it holds"),
];

const START: &[&str] = &[
    "start",
    "starts",
    "starting",
    "from",
    "begin",
    "begins",
    "beginning",
    "von",
    "ab",
    "anfang",
    "beginn",
    "since",
];
const END: &[&str] = &[
    "end", "ends", "ending", "to", "until", "till", "through", "bis", "ende", "finish", "stop",
];
const DATE: &[&str] = &["date", "day", "datum", "tag", "dates"];
const TIME: &[&str] = &[
    "time", "times", "slot", "uhrzeit", "zeit", "zeitraum", "period", "when", "wann", "hour",
];
const DURATION: &[&str] = &[
    "duration", "length", "hours", "hrs", "dauer", "stunden", "days", "tage", "laufzeit",
];
const PROJECT: &[&str] = &[
    "project", "projects", "projekt", "group", "team", "gruppe", "paper",
];
const NODE: &[&str] = &[
    "node",
    "nodes",
    "server",
    "servers",
    "machine",
    "host",
    "hostname",
    "box",
    "workstation",
    "computer",
    "rechner",
    "maschine",
    "knoten",
];
const GPUS: &[&str] = &[
    "gpu",
    "gpus",
    "card",
    "cards",
    "karte",
    "karten",
    "device",
    "devices",
    "grafikkarte",
    "grafikkarten",
];
const WHO: &[&str] = &[
    "who",
    "user",
    "username",
    "name",
    "names",
    "owner",
    "person",
    "by",
    "member",
    "researcher",
    "student",
    "wer",
    "nutzer",
    "nutzerin",
    "benutzer",
    "benutzerin",
    "email",
    "mail",
    "login",
    "people",
    "mitarbeiter",
];
const NOTE: &[&str] = &[
    "note",
    "notes",
    "comment",
    "comments",
    "purpose",
    "reason",
    "experiment",
    "job",
    "task",
    "description",
    "what",
    "why",
    "remark",
    "remarks",
    "for",
    "bemerkung",
    "bemerkungen",
    "zweck",
    "notiz",
    "notizen",
    "kommentar",
    "beschreibung",
    "grund",
    "wofür",
    "wozu",
    "use",
];
const STATUS: &[&str] = &["status", "state", "zustand"];

impl Field {
    /// The ones that a person can choose, in the order in which they are asked.
    pub const ALL: [Field; 11] = [
        Field::Who,
        Field::Node,
        Field::Gpus,
        Field::Date,
        Field::From,
        Field::EndDate,
        Field::Until,
        Field::Duration,
        Field::Note,
        Field::Project,
        Field::Status,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        let known = NAMES.iter().find(|(field, ..)| *field == self);
        known.map_or("", |(_, name, _)| name)
    }

    /// `No column says …`.
    pub(crate) fn says(self) -> &'static str {
        let known = NAMES.iter().find(|(field, ..)| *field == self);
        known.map_or("", |(.., says)| says)
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Field> {
        let text = text.trim().to_lowercase().replace(['_', ' '], "-");
        let known = NAMES.iter().find(|(_, name, _)| *name == text);
        known.map(|(field, ..)| *field)
    }

    /// A merged cell of such a column stands for the rows below it too.
    pub(crate) fn can_be_merged(self) -> bool {
        matches!(
            self,
            Field::Who | Field::Node | Field::Gpus | Field::Date | Field::Project
        )
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a heading says, if it is one.
pub(crate) fn said(heading: &str) -> Option<Said> {
    let lower = heading.to_lowercase().replace("(s)", "s");
    let words = lower.split(|ch: char| !ch.is_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    // Longer ones are sentences.
    if words.is_empty() || words.len() > 6 {
        return None;
    }
    let has = |known: &[&str]| words.iter().any(|word| known.contains(word));
    let part = || match (has(DATE), has(TIME)) {
        (true, false) => Part::Date,
        (false, true) => Part::Time,
        _ => Part::Any,
    };
    if has(GPUS) {
        // `GPU server` is a server, `Node/GPU` both.
        let both = lower.contains(['/', ':', '&', '+', ',']);
        let last = words.last().is_some_and(|word| NODE.contains(word));
        return Some(Said::Field(if last && !both {
            Field::Node
        } else {
            Field::Gpus
        }));
    }
    // `Reserved by`, `Booked for`: what stands last says what it is.
    let by = words.last() == Some(&"by");
    Some(match () {
        () if by => Said::Field(Field::Who),
        () if has(START) && has(END) => Said::Time,
        () if has(START) => Said::Start(part()),
        () if has(END) && !has(WHO) => Said::End(part()),
        () if has(DURATION) => Said::Field(Field::Duration),
        () if has(DATE) && !has(TIME) => Said::Field(Field::Date),
        () if has(DATE) || has(TIME) => Said::Time,
        () if has(STATUS) => Said::Field(Field::Status),
        () if has(PROJECT) => Said::Field(Field::Project),
        () if has(NODE) => Said::Field(Field::Node),
        () if has(WHO) => Said::Field(Field::Who),
        () if has(NOTE) => Said::Field(Field::Note),
        () => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_say_what_stands_below_them() {
        use Said::{End, Start, Time};
        for (heading, is) in [
            ("User", Some(Said::Field(Field::Who))),
            ("Booked by", Some(Said::Field(Field::Who))),
            ("Wer?", Some(Said::Field(Field::Who))),
            ("Job owner", Some(Said::Field(Field::Who))),
            ("GPU(s)", Some(Said::Field(Field::Gpus))),
            ("# of GPUs", Some(Said::Field(Field::Gpus))),
            ("Node / GPU", Some(Said::Field(Field::Gpus))),
            ("GPU Server", Some(Said::Field(Field::Node))),
            ("Rechner", Some(Said::Field(Field::Node))),
            ("Start", Some(Start(Part::Any))),
            ("Start date", Some(Start(Part::Date))),
            ("Begin (time)", Some(Start(Part::Time))),
            ("Bis", Some(End(Part::Any))),
            ("End time", Some(End(Part::Time))),
            ("Datum", Some(Said::Field(Field::Date))),
            ("Uhrzeit", Some(Time)),
            ("From - to", Some(Time)),
            ("Dauer (h)", Some(Said::Field(Field::Duration))),
            ("Project name", Some(Said::Field(Field::Project))),
            ("What for", Some(Said::Field(Field::Note))),
            ("Status", Some(Said::Field(Field::Status))),
            ("", None),
            ("42", None),
            ("please write your name before you begin a run", None),
        ] {
            assert_eq!(said(heading), is, "{heading}");
        }
    }

    #[test]
    fn a_fields_name_is_read_again() {
        for field in Field::ALL {
            assert_eq!(Field::parse(field.as_str()), Some(field));
            assert!(!field.says().is_empty());
        }
    }
}
