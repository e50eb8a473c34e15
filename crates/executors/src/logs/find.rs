//! Finding one's way in a log: where a line begins, which number it has, where a text stands.
//!
//! A log is read piece by piece, and never more of it than was asked for.

use std::io;
use std::path::Path;

use super::{LogChunk, read, readable};

/// Read at once.
const PIECE: usize = 1024 * 1024;
/// Of a line that is longer only so much is looked at.
const LONGEST_LINE: usize = 256 * 1024;

/// Where a line begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinePlace {
    /// Of its first byte.
    pub offset: u64,
    /// Counted from 1. Not known behind the gap of a log of which the middle is not kept.
    pub line: Option<u64>,
}

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Where the lines begin that hold the text, rising.
    pub lines: Vec<u64>,
    /// Where to go on: everything before it was looked at.
    pub next: u64,
    /// Bytes written so far.
    pub total: u64,
}

/// Follows lines from the log's beginning.
#[derive(Debug)]
struct Walk {
    at: LinePlace,
    next: u64,
}

impl Walk {
    fn begin() -> Self {
        Walk {
            at: LinePlace {
                offset: 0,
                line: Some(1),
            },
            next: 0,
        }
    }

    /// Reads the next piece. A gap before it ends the count.
    fn piece(&mut self, rank_dir: &Path) -> io::Result<LogChunk> {
        let chunk = read(rank_dir, self.next, PIECE)?;
        if chunk.start > self.next {
            self.at = LinePlace {
                offset: chunk.start,
                line: None,
            };
        }
        self.next = chunk.next;
        Ok(chunk)
    }

    /// The next line begins here.
    fn line_at(&mut self, offset: u64) {
        self.at = LinePlace {
            offset,
            line: self.at.line.map(|line| line + 1),
        };
    }
}

fn breaks(bytes: &[u8]) -> impl Iterator<Item = usize> {
    let places = bytes.iter().enumerate();
    places.filter_map(|(place, byte)| (*byte == b'\n').then_some(place))
}

/// Where a line begins, counted from 1; the last one that can be counted, when there are fewer.
///
/// # Errors
/// When the log cannot be read; `NotFound` when nothing ran there.
pub fn line(rank_dir: &Path, number: u64) -> io::Result<LinePlace> {
    let mut walk = Walk::begin();
    while walk.at.line.is_some_and(|line| line < number) {
        let before = walk.at;
        let chunk = walk.piece(rank_dir)?;
        if chunk.bytes.is_empty() || walk.at.line.is_none() {
            return Ok(before);
        }
        for place in breaks(&chunk.bytes) {
            let offset = chunk.start + place as u64 + 1;
            if offset >= chunk.total || walk.at.line == Some(number) {
                break;
            }
            walk.line_at(offset);
        }
    }
    Ok(walk.at)
}

/// The beginning of the line that an offset is in, and its number.
///
/// # Errors
/// When the log cannot be read; `NotFound` when nothing ran there.
pub fn line_of(rank_dir: &Path, offset: u64) -> io::Result<LinePlace> {
    let mut walk = Walk::begin();
    while walk.next <= offset {
        let before = walk.at;
        let chunk = walk.piece(rank_dir)?;
        if chunk.bytes.is_empty() || chunk.start > offset {
            // In the gap: the line before it is the nearest.
            return Ok(if chunk.bytes.is_empty() {
                walk.at
            } else {
                before
            });
        }
        let within = usize::try_from(offset - chunk.start).unwrap_or(usize::MAX);
        let looked = &chunk.bytes[..within.min(chunk.bytes.len())];
        // Counted first, which is quick; only the last break is needed by its place.
        let count = looked.iter().filter(|byte| **byte == b'\n').count() as u64;
        if let Some(last) = looked.iter().rposition(|byte| *byte == b'\n') {
            walk.at.offset = chunk.start + last as u64 + 1;
            walk.at.line = walk.at.line.map(|line| line + count);
        }
    }
    Ok(walk.at)
}

/// Looks through a log from `from`, which is the beginning of a line, until `most` lines were found
/// or about `budget` bytes were looked at. `holds` is asked about each line as it is shown.
///
/// # Errors
/// When the log cannot be read; `NotFound` when nothing ran there.
pub fn search(
    rank_dir: &Path,
    from: u64,
    budget: u64,
    most: usize,
    holds: impl Fn(&str) -> bool,
) -> io::Result<Found> {
    let mut found = Found {
        next: from,
        ..Found::default()
    };
    // The line that is not complete: where it begins, and what there is of it.
    let (mut begins, mut open) = (from, Vec::new());
    let (mut next, end) = (from, from.saturating_add(budget));
    let look = |begins: u64, line: &[u8], found: &mut Found| {
        if holds(readable(line, false).trim_end_matches('\n')) {
            found.lines.push(begins);
        }
    };
    loop {
        let chunk = read(rank_dir, next, PIECE)?;
        found.total = chunk.total;
        if chunk.start > next || chunk.bytes.is_empty() {
            // What is before a gap, or at the end, has no line break.
            if !open.is_empty() {
                look(begins, &open, &mut found);
                open.clear();
            }
            begins = chunk.start;
        }
        if chunk.bytes.is_empty() {
            found.next = chunk.next;
            return Ok(found);
        }
        let mut place = chunk.start;
        for part in chunk.bytes.split_inclusive(|byte| *byte == b'\n') {
            let room = LONGEST_LINE.saturating_sub(open.len());
            place += part.len() as u64;
            if part.ends_with(b"\n") {
                if open.is_empty() {
                    look(begins, &part[..part.len().min(room)], &mut found);
                } else {
                    open.extend_from_slice(&part[..part.len().min(room)]);
                    look(begins, &open, &mut found);
                    open.clear();
                }
                begins = place;
                if found.lines.len() >= most || begins >= end {
                    found.next = begins;
                    return Ok(found);
                }
            } else {
                open.extend_from_slice(&part[..part.len().min(room)]);
            }
        }
        next = chunk.next;
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::super::{LogWriter, read};
    use super::*;

    fn written(text: &[u8], limit: u64) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let mut log = LogWriter::create(dir.path(), limit).unwrap();
        log.write(text).unwrap();
        dir
    }

    fn place(offset: u64, line: u64) -> LinePlace {
        LinePlace {
            offset,
            line: Some(line),
        }
    }

    fn search_all(dir: &Path, wanted: &str, budget: u64) -> Vec<u64> {
        let (mut all, mut from) = (vec![], 0);
        loop {
            let found = search(dir, from, budget, 3, |line| line.contains(wanted)).unwrap();
            all.extend(&found.lines);
            if found.next >= found.total {
                return all;
            }
            assert!(found.next > from, "it gets on");
            from = found.next;
        }
    }

    #[test]
    fn lines_by_number_and_by_offset() {
        let dir = written(b"one\ntwo\n\nfour", 1 << 20);
        assert_eq!(line(dir.path(), 1).unwrap(), place(0, 1));
        assert_eq!(line(dir.path(), 2).unwrap(), place(4, 2));
        assert_eq!(line(dir.path(), 4).unwrap(), place(9, 4));
        assert_eq!(line(dir.path(), 99).unwrap(), place(9, 4), "the last");
        assert_eq!(line_of(dir.path(), 6).unwrap(), place(4, 2));
        assert_eq!(line_of(dir.path(), 8).unwrap(), place(8, 3));
        assert_eq!(line_of(dir.path(), 999).unwrap(), place(9, 4));
    }

    #[test]
    fn behind_a_gap_lines_have_no_number() {
        let text: String = (0..4000).map(|n| format!("line {n:05}\n")).collect();
        let dir = written(text.as_bytes(), 8 * 1024);
        let tail = line_of(dir.path(), text.len() as u64 - 5).unwrap();
        assert_eq!((tail.offset, tail.line), (text.len() as u64 - 11, None));
        let head = line(dir.path(), 3000).unwrap();
        assert!(head.line.is_some_and(|line| line < 600), "{head:?}");
        let found = search_all(dir.path(), "line 03999", 2000);
        assert_eq!(found, [3999 * 11]);
        assert!(search_all(dir.path(), "line 02000", 2000).is_empty());
    }

    #[test]
    fn a_search_is_bounded_and_goes_on() {
        let dir = written("a hit\nno\n".repeat(10).as_bytes(), 1 << 20);
        let found = search(dir.path(), 0, 1 << 20, 4, |line| line.contains("hit")).unwrap();
        assert_eq!((found.lines.len(), found.next), (4, 33));
        let found = search(dir.path(), 0, 20, 99, |line| line.contains("hit")).unwrap();
        assert_eq!((found.lines, found.next), (vec![0, 9, 18], 24));
    }

    proptest! {
        /// Whatever the log and the bounds are: each line that holds the text is found once, and
        /// every line's number leads to it and back.
        #[test]
        fn everything_is_found(lines in prop::collection::vec("[ab\r]{0,9}", 0..60), budget in 1_u64..99) {
            let text = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
            let dir = written(text.as_bytes(), 1 << 20);
            let mut offset = 0_u64;
            let mut expected = vec![];
            for (number, line) in (1..).zip(&lines) {
                prop_assert_eq!(line_of(dir.path(), offset).unwrap(), place(offset, number));
                prop_assert_eq!(super::line(dir.path(), number).unwrap(), place(offset, number));
                if readable(line.as_bytes(), false).contains("ab") {
                    expected.push(offset);
                }
                offset += line.len() as u64 + 1;
            }
            prop_assert_eq!(search_all(dir.path(), "ab", budget), expected);
            prop_assert_eq!(read(dir.path(), 0, 1 << 20).unwrap().total, offset);
        }
    }
}
