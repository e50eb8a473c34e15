//! An import in tables and sentences.

use berth_api::imports::{ImportAnswer, ImportCounts, ImportRow, RowState};
use berth_domain::Timestamp;
use jiff::tz::TimeZone;

use crate::table::{self, Width};

pub(super) fn text(answer: &ImportAnswer, width: Width) -> String {
    let mut text = String::new();
    for sentence in &answer.said {
        text += &format!("{}\n", table::printable(sentence));
    }
    for ask in &answer.asks {
        text += &format!(
            "Asked: {} (--{})\n",
            table::printable(&ask.sentence),
            flag(&ask.choice)
        );
    }
    if !text.is_empty() {
        text.push('\n');
    }
    let of = |states: &'static [RowState]| {
        let rows = answer.rows.iter();
        rows.filter(move |row| states.contains(&row.state))
    };
    let taken: Vec<&ImportRow> =
        of(&[RowState::New, RowState::Made, RowState::AlreadyThere]).collect();
    if !taken.is_empty() {
        let header = ["LINE", "STATE", "ID", "FOR", "WHAT", "FROM", "TO", "NOTE"];
        let rows = taken.into_iter().map(cells).collect();
        text += &table::plain(&header, &[0, 2], rows, width);
        text.push('\n');
    }
    // Whole, because they say what to do.
    for (states, word) in [
        (&[RowState::Conflict][..], "In conflict"),
        (&[RowState::Refused], "Refused"),
        (&[RowState::Skipped], "Skipped"),
    ] {
        let rows: Vec<String> = of(states).map(sentence).collect();
        if !rows.is_empty() {
            text += &format!("{word}:\n{}\n", rows.concat());
        }
    }
    if !answer.people.is_empty() {
        text += match answer.applied {
            true => "Added; each link lets one browser in, once, and is not shown again:\n",
            false => "To be added:\n",
        };
        for person in &answer.people {
            let written = table::printable(&person.written.join(", "));
            let link = person.link.as_deref().map(|link| format!("  {link}"));
            text += &format!(
                "  {} ({written}){}\n",
                person.name,
                link.unwrap_or_default()
            );
        }
        text.push('\n');
    }
    text + &counts(&answer.counts, answer.applied)
}

/// The option that answers what is asked.
fn flag(choice: &str) -> &str {
    match choice {
        "columns" => "column",
        choice => choice,
    }
}

fn cells(row: &ImportRow) -> Vec<String> {
    let state = match row.state {
        RowState::New => "new",
        RowState::Made => "made",
        _ => "there",
    };
    let holder = match (&row.user, &row.project) {
        (Some(user), _) => user.to_string(),
        (None, Some(project)) => format!("project {project}"),
        (None, None) => String::new(),
    };
    let id = row.reservation.map(|id| id.to_string());
    let note = row.note.as_deref().unwrap_or_default();
    vec![
        lines(row),
        state.to_owned(),
        id.unwrap_or_default(),
        table::printable(&holder),
        row.what.clone().unwrap_or_default(),
        row.start.map(stamp).unwrap_or_default(),
        row.end.map(stamp).unwrap_or_default(),
        table::printable(note),
    ]
}

fn lines(row: &ImportRow) -> String {
    match row.last_line == row.line {
        true => row.line.to_string(),
        false => format!("{}-{}", row.line, row.last_line),
    }
}

fn sentence(row: &ImportRow) -> String {
    let why = table::printable(row.why.as_deref().unwrap_or_default());
    format!("  line {}: {why}\n", lines(row))
}

fn stamp(at: Timestamp) -> String {
    let at = at.to_zoned(TimeZone::system());
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

/// `12 made, 2 already there, 1 in conflict, 3 refused, 4 skipped.`
fn counts(counts: &ImportCounts, applied: bool) -> String {
    let all = [
        (counts.new, "new"),
        (counts.made, "made"),
        (counts.already_there, "already there"),
        (counts.conflicts, "in conflict"),
        (counts.refused, "refused"),
        (counts.skipped, "skipped"),
    ];
    let some = all.iter().filter(|(count, _)| *count > 0);
    let some: Vec<String> = some
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    let end = match applied || counts.new == 0 {
        true => ".",
        false => ". Nothing was changed: without --dry-run they are made.",
    };
    format!("{}{end}\n", some.join(", "))
}

#[cfg(test)]
mod tests {
    use berth_api::imports::{NewPerson, SheetAsk, SheetShape};

    use super::*;

    #[test]
    fn a_preview_says_what_would_be_and_what_to_do() {
        let row = |line, state, why: Option<&str>| ImportRow {
            line,
            last_line: line,
            text: String::new(),
            state,
            why: why.map(str::to_owned),
            user: Some("ana".into()),
            project: None,
            what: Some("4 GPUs".to_owned()),
            start: Some("2026-12-24T08:00:00Z".parse().unwrap()),
            end: Some("2026-12-24T12:00:00Z".parse().unwrap()),
            note: Some("a\u{1b}[2Jdemo".to_owned()),
            reservation: None,
            other_line: None,
        };
        let answer = ImportAnswer {
            applied: false,
            shape: SheetShape::List,
            columns: vec![],
            dates: None,
            time_zone: "UTC".to_owned(),
            said: vec!["Dates have the day first.".to_owned()],
            asks: vec![SheetAsk {
                choice: "columns".to_owned(),
                sentence: "No column says who booked.".to_owned(),
            }],
            counts: ImportCounts {
                new: 1,
                refused: 1,
                ..ImportCounts::default()
            },
            rows: vec![
                row(2, RowState::New, None),
                row(
                    3,
                    RowState::Refused,
                    Some("It does not say whose it is: write a name."),
                ),
            ],
            people: vec![NewPerson {
                name: "ana".into(),
                written: vec!["Ana".to_owned()],
                link: None,
                link_until: None,
            }],
        };
        let text = text(&answer, Width::Whole);
        assert!(
            text.contains("No column says who booked. (--column)"),
            "{text}"
        );
        assert!(
            text.contains("   2  new        ana  4 GPUs  2026-12-24"),
            "{text}"
        );
        assert!(
            text.contains("  line 3: It does not say whose it is: write a name.\n"),
            "{text}"
        );
        assert!(text.contains("To be added:\n  ana (Ana)\n"), "{text}");
        let end = "1 new, 1 refused. Nothing was changed: without --dry-run they are made.\n";
        assert!(text.ends_with(end), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }
}
