//! Text to rows of cells.

use csv::ReaderBuilder;

use crate::{MAX_ROWS, Problem};

/// What stands between cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delimiter {
    Comma,
    Semicolon,
    Tab,
    Bar,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// Of the file, from 1.
    pub line: u64,
    /// Without what is invisible.
    pub cells: Vec<String>,
}

impl Delimiter {
    const ALL: [Delimiter; 4] = [
        Delimiter::Comma,
        Delimiter::Semicolon,
        Delimiter::Tab,
        Delimiter::Bar,
    ];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Delimiter::Comma => "commas",
            Delimiter::Semicolon => "semicolons",
            Delimiter::Tab => "tabs",
            Delimiter::Bar => "bars",
        }
    }

    fn byte(self) -> u8 {
        match self {
            Delimiter::Comma => b',',
            Delimiter::Semicolon => b';',
            Delimiter::Tab => b'\t',
            Delimiter::Bar => b'|',
        }
    }
}

impl Row {
    pub fn cell(&self, column: usize) -> &str {
        self.cells.get(column).map_or("", String::as_str)
    }

    pub fn filled(&self) -> usize {
        self.cells.iter().filter(|cell| !cell.is_empty()).count()
    }

    /// What is written there, for people who look for it.
    pub fn text(&self) -> String {
        let filled = self.cells.iter().filter(|cell| !cell.is_empty());
        let text = filled.map(String::as_str).collect::<Vec<_>>().join(" | ");
        short(&text, 200)
    }
}

/// So much of a text as a sentence can hold.
pub(crate) fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most - 1).collect();
    format!("{}…", kept.trim_end())
}

/// All rows, and what stood between their cells.
pub(crate) fn rows(text: &str) -> Result<(Vec<Row>, Delimiter), Problem> {
    // Excel says it in a line of its own.
    let said = text.get(..5).filter(|head| head.starts_with("sep="));
    let said = said.and_then(|head| {
        let byte = head.as_bytes()[4];
        Delimiter::ALL.into_iter().find(|one| one.byte() == byte)
    });
    let delimiter = said.unwrap_or_else(|| guess(text));
    let mut rows = read(text, delimiter, MAX_ROWS + 1);
    if said.is_some() && !rows.is_empty() {
        rows.remove(0);
    }
    if rows.len() > MAX_ROWS {
        return Err(Problem::TooManyRows { most: MAX_ROWS });
    }
    if rows.iter().all(|row| row.filled() == 0) {
        return Err(Problem::Empty);
    }
    Ok((rows, delimiter))
}

fn read(text: &str, delimiter: Delimiter, most: usize) -> Vec<Row> {
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter.byte())
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let records = reader.records().map_while(Result::ok).take(most);
    records
        .map(|record| Row {
            line: record.position().map_or(0, |at| line(text, at)),
            cells: record.iter().map(clean).collect(),
        })
        .collect()
}

/// The line on which a record's first cell is: where it is said to begin there may be empty lines.
fn line(text: &str, at: &csv::Position) -> u64 {
    let from = usize::try_from(at.byte()).unwrap_or(usize::MAX);
    let bytes = text.as_bytes().get(from..).unwrap_or_default();
    let empty = bytes
        .iter()
        .take_while(|byte| matches!(byte, b'\n' | b'\r'));
    at.line() + empty.filter(|byte| **byte == b'\n').map(|_| 1).sum::<u64>()
}

/// The one that makes most rows equally wide.
fn guess(text: &str) -> Delimiter {
    let score = |delimiter: &Delimiter| {
        let rows = read(text, *delimiter, 60);
        let widths = rows.iter().map(|row| row.cells.len());
        let widths: Vec<usize> = widths.filter(|width| *width > 1).collect();
        let equal = |width: &usize| widths.iter().filter(|other| *other == width).count();
        widths.iter().map(|width| (equal(width), *width)).max()
    };
    // Of equals the first.
    let all = Delimiter::ALL.into_iter().rev();
    all.max_by_key(score).unwrap_or(Delimiter::Comma)
}

/// A cell in one line, without what is invisible.
fn clean(cell: &str) -> String {
    let visible = cell.chars().map(|ch| {
        if ch.is_control() || ch.is_whitespace() || ch == '\u{feff}' || ch == '\u{200b}' {
            ' '
        } else {
            ch
        }
    });
    let visible: String = visible.collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str) -> (Vec<Vec<String>>, Delimiter) {
        let (rows, delimiter) = rows(text).unwrap();
        (rows.into_iter().map(|row| row.cells).collect(), delimiter)
    }

    #[test]
    fn the_delimiter_is_found() {
        for (text, delimiter) in [
            ("Who,GPU\nana,\"0,1\"\n", Delimiter::Comma),
            ("Wer;GPU\nana;0,1\nbo;2,3\n", Delimiter::Semicolon),
            ("Who\tGPU\nana\t0,1\n", Delimiter::Tab),
            ("sep=;\nWho;GPU,s\n", Delimiter::Semicolon),
        ] {
            let (rows, found) = cells(text);
            assert_eq!(found, delimiter, "{text}");
            assert!(rows.iter().all(|row| row.len() == 2), "{rows:?}");
        }
    }

    #[test]
    fn cells_are_one_clean_line_and_rows_know_their_line() {
        let (rows, _) = rows("\"GPU\n(index)\",\u{a0}Who \n\n1,ana\n").unwrap();
        assert_eq!(rows[0].cells, ["GPU (index)", "Who"]);
        assert_eq!((rows[0].line, rows[1].line), (1, 4));
    }

    #[test]
    fn nothing_is_said_to_be_nothing() {
        assert_eq!(rows(",,\n,,\n"), Err(Problem::Empty));
    }
}
