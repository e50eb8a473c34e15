//! The part of a log that the page holds: lines with their places, bounded, grown at either end.

use std::sync::Arc;

use berth_api::ansi::{self, Reader, Run};
use berth_api::logs::{LinePlace, LogText};

use super::stamp;
use crate::format;
use crate::texts::log as t;

/// The page holds this many lines; what is read beyond drops lines at the other end.
pub const MOST: usize = 3000;
/// Read on at either end, however short they are: what is looked at is not dropped for it.
const READ_ON: usize = 1000;
/// Lines are drawn in blocks of so many: one that is added touches its block only.
const BLOCK: i64 = 100;
/// The server holds back so much at most: a part of a character, or a `\r` of a progress bar.
const HELD_BACK: u64 = 64;
/// Of a line that is longer only the beginning is shown, in bytes.
const LONGEST: u64 = 64 * 1024;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Of its first byte in the log.
    pub offset: u64,
    /// How much of the log it is, so far.
    pub bytes: u64,
    pub attempt: u32,
    /// Counts all lines and notes of the window, from one that may be any.
    row: i64,
    /// Counted from a line of this window: with its [`Window::base`] it is the line's number.
    /// `None` behind a gap.
    pub place: Option<i64>,
    pub runs: Arc<[Run]>,
    /// So many bytes of the text are a time that the job wrote before the line.
    pub stamp: usize,
    /// Said by the page, not by the job.
    pub note: bool,
}

impl Line {
    /// What tells it from every other line, and from itself when it has grown.
    pub fn key(&self) -> (u32, u64, u64, bool) {
        (self.attempt, self.offset, self.bytes, self.note)
    }

    fn note(offset: u64, row: i64, text: String) -> Self {
        let style = ansi::Style::default();
        Line {
            offset,
            bytes: 0,
            attempt: 0,
            row,
            place: None,
            runs: [Run { style, text }].into(),
            stamp: 0,
            note: true,
        }
    }

    pub fn text(&self) -> String {
        ansi::text(&self.runs)
    }

    /// Whether it holds a text that is in small letters.
    pub fn holds(&self, wanted: &str) -> bool {
        match &*self.runs {
            [one] => ansi::holds(&one.text, wanted),
            _ => ansi::holds(&self.text(), wanted),
        }
    }
}

#[derive(Clone, Debug, Default)]
pub struct Window {
    pub lines: Vec<Line>,
    /// Where the first line begins.
    pub start: u64,
    /// The offset to read on from.
    pub next: u64,
    /// Bytes that the log has, as far as is known here.
    pub total: u64,
    /// The attempt ended, and this is its end.
    pub ended: bool,
    /// 0: none has begun.
    pub attempt: u32,
    /// What is before the first line is not kept.
    pub at_gap: bool,
    /// The number of the line at place 0, once it is known.
    pub base: Option<i64>,
    /// Its lines cannot be numbered: they are behind a gap.
    uncounted: bool,
    reader: Reader,
    /// The last line has no line break yet.
    open: bool,
    next_place: Option<i64>,
    next_row: i64,
}

/// A line of a piece.
struct Part<'a> {
    offset: u64,
    bytes: u64,
    text: &'a str,
    closed: bool,
}

fn parts(piece: &LogText) -> Vec<Part<'_>> {
    let mut texts = piece.text.split_inclusive('\n');
    let mut offset = piece.start;
    let part = |bytes: &u32| {
        let text = texts.next().unwrap_or_default();
        let closed = text.ends_with('\n');
        let part = Part {
            offset,
            bytes: u64::from(*bytes),
            text: text.strip_suffix('\n').unwrap_or(text),
            closed,
        };
        offset += u64::from(*bytes);
        part
    };
    piece.lines.iter().map(part).collect()
}

/// Without what is left of a line whose beginning is not in the piece, if there is more.
fn whole<'a>(piece: &LogText, mut parts: Vec<Part<'a>>) -> Vec<Part<'a>> {
    if piece.start > 0 && parts.len() > 1 {
        parts.remove(0);
    }
    parts
}

impl Window {
    /// From a first piece, which may begin in the middle of a line.
    pub fn begin(piece: &LogText) -> Self {
        let parts = whole(piece, parts(piece));
        let start = parts.first().map_or(piece.start, |first| first.offset);
        let mut window = Window {
            start,
            next: start,
            attempt: piece.attempt,
            base: (start == 0).then_some(1),
            next_place: Some(0),
            ..Window::default()
        };
        window.take(&parts);
        window.reached(piece);
        window
    }

    /// Learns the number of one of its lines, or that it has none.
    pub fn number(&mut self, known: LinePlace) {
        self.uncounted = known.line.is_none();
        let line = self
            .lines
            .iter()
            .find(|line| line.offset == known.offset && !line.note);
        let place = line.and_then(|line| line.place);
        let number = known.line.and_then(|line| i64::try_from(line).ok());
        if let (Some(place), Some(number)) = (place, number) {
            self.base = Some(number - place);
        }
    }

    /// A line whose number would tell those of all others, if that is not known: the last, which stays
    /// longest.
    pub fn unnumbered(&self) -> Option<u64> {
        if self.base.is_some() || self.uncounted {
            return None;
        }
        let placed = self.lines.iter().rev().find(|line| line.place.is_some());
        placed.map(|line| line.offset)
    }

    /// Whether nothing of the log is missing here.
    pub fn is_whole(&self) -> bool {
        self.start == 0 && self.is_at_end()
    }

    /// Whether it reaches as far as the log is known.
    pub fn is_at_end(&self) -> bool {
        self.next + HELD_BACK >= self.total
    }

    /// The blocks that its lines are in.
    pub fn blocks(&self) -> Vec<i64> {
        match (self.lines.first(), self.lines.last()) {
            (Some(first), Some(last)) => {
                (first.row.div_euclid(BLOCK)..=last.row.div_euclid(BLOCK)).collect()
            }
            _ => vec![],
        }
    }

    /// The lines of a block.
    pub fn block(&self, block: i64) -> Vec<Line> {
        let before = |row: i64| self.lines.partition_point(|line| line.row < row);
        self.lines[before(block * BLOCK)..before((block + 1) * BLOCK)].to_vec()
    }

    pub fn line(&self, offset: u64) -> Option<&Line> {
        self.lines
            .iter()
            .find(|line| line.offset == offset && !line.note)
    }

    /// Takes in what follows.
    pub fn add(&mut self, piece: &LogText) {
        if piece.attempt != self.attempt {
            let before = std::mem::take(self);
            *self = Window::begin(piece);
            if before.attempt != 0 {
                let note = t::attempt_begins(piece.attempt, before.attempt);
                self.lines.insert(0, Line::note(self.start, -1, note));
            }
            return;
        }
        if piece.next <= self.next && !piece.lines.is_empty() {
            // Already here: it was sent again after a break.
            self.ended |= piece.ended && piece.next == self.next;
            return;
        }
        if piece.start > self.next {
            let gap = format::thousands(piece.start - self.next);
            let note = t::bytes_missing(&gap);
            self.lines
                .push(Line::note(piece.start, self.next_row, note));
            self.next_row += 1;
            self.close();
            self.next_place = None;
        }
        let known = self.next;
        let mut parts = parts(piece);
        parts.retain(|part| part.offset >= known);
        self.take(&parts);
        self.reached(piece);
    }

    /// Takes in the beginning of what follows, and drops as much at the other end.
    pub fn append(&mut self, piece: &LogText) {
        let before = self.lines.len();
        self.add(piece);
        self.keep_first(before + READ_ON);
        self.cut_front();
    }

    /// Takes in what goes before; `asked` is the offset that was asked for.
    pub fn prepend(&mut self, piece: &LogText, asked: u64) {
        if piece.attempt != self.attempt {
            return;
        }
        self.at_gap = piece.start > asked;
        let mut parts = whole(piece, parts(piece));
        parts.retain(|part| part.offset < self.start);
        let too_many = parts.len().saturating_sub(READ_ON);
        if too_many > 0 {
            parts.drain(..too_many);
            self.at_gap = false;
        }
        let Some(first) = parts.first().map(|part| part.offset) else {
            return;
        };
        let count = i64::try_from(parts.len()).unwrap_or(0);
        let top = self.lines.iter().find(|line| !line.note);
        let mut before = Window {
            next: first,
            attempt: self.attempt,
            next_row: self.lines.first().map_or(0, |line| line.row) - count,
            next_place: top.and_then(|line| line.place).map(|place| place - count),
            ..Window::default()
        };
        before.take(&parts);
        self.lines.splice(0..0, before.lines);
        self.start = first;
        self.keep_first(MOST);
    }

    /// Holds the lines around one, or the last ones, if there are too many.
    pub fn keep_around(&mut self, offset: Option<u64>) {
        if let Some(offset) = offset {
            let here = self.lines.iter().position(|line| line.offset >= offset);
            let from = here.unwrap_or(self.lines.len()).saturating_sub(MOST / 2);
            self.keep_first(from + MOST);
        }
        self.cut_front();
    }

    /// Drops the first lines beyond the bound.
    pub fn cut_front(&mut self) {
        if self.lines.len() > MOST {
            self.lines.drain(..self.lines.len() - MOST);
            self.start = self.lines.first().map_or(self.next, |line| line.offset);
            self.at_gap = false;
        }
    }

    /// Drops the lines after so many.
    pub fn keep_first(&mut self, count: usize) {
        if let Some(first) = self.lines.get(count) {
            self.next = first.offset;
            (self.next_place, self.next_row) = (first.place, first.row);
            self.lines.truncate(count);
            self.reader = Reader::default();
            self.open = false;
            self.ended = false;
        }
    }

    fn reached(&mut self, piece: &LogText) {
        self.next = self.next.max(piece.next);
        self.total = piece.total.max(self.next);
        self.ended = piece.ended;
    }

    fn take(&mut self, parts: &[Part]) {
        for part in parts {
            self.push(part);
            self.next = part.offset + part.bytes;
        }
    }

    fn push(&mut self, part: &Part) {
        let last = self.lines.last_mut().filter(|_| self.open);
        let (mut line, mut runs) = match last {
            Some(last) => {
                let runs = last.runs.to_vec();
                let line = last.clone();
                self.lines.pop();
                (line, runs)
            }
            None => {
                let line = Line {
                    offset: part.offset,
                    bytes: 0,
                    attempt: self.attempt,
                    row: self.next_row,
                    place: self.next_place,
                    runs: [].into(),
                    stamp: 0,
                    note: false,
                };
                self.next_place = self.next_place.map(|place| place + 1);
                self.next_row += 1;
                (line, vec![])
            }
        };
        let room = usize::try_from(LONGEST.saturating_sub(line.bytes)).unwrap_or(0);
        // What overwrites the line is shown, however much was written before.
        let room = if part.text.starts_with('\r') {
            usize::MAX
        } else {
            room
        };
        let shown = part.text.floor_char_boundary(room.min(part.text.len()));
        self.reader.read(&part.text[..shown], &mut runs);
        line.stamp = runs.first().map_or(0, |first| stamp::length(&first.text));
        line.bytes += part.bytes;
        line.runs = runs.into();
        self.lines.push(line);
        self.open = !part.closed;
        if part.closed {
            self.close();
        }
    }

    fn close(&mut self) {
        self.open = false;
        self.reader.end_line();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the server sends of a part of a log, cut where it may be cut.
    fn piece(log: &str, start: usize, end: usize) -> LogText {
        let text = &log[start..end];
        let bytes = |line: &str| u32::try_from(line.len()).unwrap();
        LogText {
            job: 1,
            attempt: 1,
            start: start as u64,
            next: end as u64,
            total: log.len() as u64,
            text: text.to_owned(),
            lines: text.split_inclusive('\n').map(bytes).collect(),
            ..LogText::default()
        }
    }

    fn texts(window: &Window) -> Vec<String> {
        window.lines.iter().map(Line::text).collect()
    }

    fn numbers(window: &Window) -> Vec<Option<i64>> {
        let number = |line: &Line| Some(window.base? + line.place?);
        window.lines.iter().map(number).collect()
    }

    #[test]
    fn lines_grow_over_pieces() {
        let log = "one\ntwo\nthree\n";
        let mut window = Window::begin(&piece(log, 0, 6));
        window.add(&piece(log, 6, 14));
        assert_eq!(texts(&window), ["one", "two", "three"]);
        assert_eq!(numbers(&window), [Some(1), Some(2), Some(3)]);
        assert!(window.is_whole());
        assert_eq!(window.line(4).map(Line::text).as_deref(), Some("two"));
    }

    #[test]
    fn what_was_sent_twice_is_shown_once() {
        let mut window = Window::begin(&piece("one\n", 0, 4));
        window.add(&piece("one\n", 0, 4));
        assert_eq!(texts(&window), ["one"]);
    }

    #[test]
    fn a_gap_is_told_and_numbers_end_there() {
        let log = format!("one\n{}\ntwo\n", "x".repeat(1000));
        let mut window = Window::begin(&piece(&log, 0, 4));
        window.add(&piece(&log, 1005, log.len()));
        assert!(window.lines[1].note && window.lines[1].text().starts_with("1,001 bytes"));
        assert_eq!(texts(&window)[2], "two");
        assert_eq!(numbers(&window), [Some(1), None, None]);
    }

    #[test]
    fn what_is_before_is_put_before() {
        let log = "first\nsecond\nthird\nfourth\n";
        let mut window = Window::begin(&piece(log, 15, 26));
        assert_eq!(texts(&window), ["fourth"], "half a line is dropped");
        assert_eq!(window.unnumbered(), Some(19));
        window.number(LinePlace {
            offset: 19,
            line: Some(4),
        });
        window.prepend(&piece(log, 3, 19), 3);
        assert_eq!(texts(&window), ["second", "third", "fourth"]);
        window.prepend(&piece(log, 0, 6), 0);
        assert_eq!(numbers(&window), [Some(1), Some(2), Some(3), Some(4)]);
        assert!(window.is_whole() && !window.at_gap);
    }

    #[test]
    fn before_a_gap_there_is_no_more() {
        let log = "first\nsecond\nthird\nfourth\n";
        let mut window = Window::begin(&piece(log, 15, 26));
        // The server skips to what it keeps.
        window.prepend(&piece(log, 13, 19), 3);
        assert_eq!(texts(&window), ["third", "fourth"]);
        assert!(window.at_gap);
    }

    #[test]
    fn both_ends_are_bounded() {
        let log = "x\n".repeat(MOST + 10);
        let mut window = Window::begin(&piece(&log, 0, log.len()));
        window.cut_front();
        assert_eq!((window.lines.len(), window.start), (MOST, 20));
        assert_eq!(numbers(&window)[0], Some(11));
        let mut window = Window::begin(&piece(&log, 0, log.len()));
        window.keep_around(Some(0));
        assert_eq!(window.next, 2 * MOST as u64);
        window.append(&piece(&log, 2 * MOST, log.len()));
        assert_eq!(numbers(&window).last(), Some(&Some(MOST as i64 + 10)));
        assert_eq!(window.lines.len(), MOST);
    }

    #[test]
    fn of_many_short_lines_those_looked_at_stay() {
        let log = "x\n".repeat(20_000);
        let mut window = Window::begin(&piece(&log, 10_000, 40_000));
        window.keep_around(Some(20_000));
        assert!(window.line(20_000).is_some());
        assert_eq!(window.lines.len(), MOST);
        let middle = window.lines[MOST / 2].offset;
        window.prepend(&piece(&log, 0, usize::try_from(window.start).unwrap()), 0);
        assert!(window.line(middle).is_some(), "after what was before");
        assert_eq!(window.lines.len(), MOST);
        window.append(&piece(
            &log,
            usize::try_from(window.next).unwrap(),
            log.len(),
        ));
        assert!(window.line(middle).is_some(), "after what was behind");
        let starts: Vec<u64> = window.lines.iter().map(|line| line.offset).collect();
        assert!(
            starts.windows(2).all(|pair| pair[1] == pair[0] + 2),
            "none is left out"
        );
    }

    #[test]
    fn the_next_attempt_begins_anew() {
        let mut window = Window::begin(&piece("old\n", 0, 4));
        let next = LogText {
            attempt: 2,
            ..piece("new\n", 0, 4)
        };
        window.add(&next);
        assert!(window.lines[0].note);
        assert_eq!(texts(&window)[1], "new");
        let old = Window::begin(&piece("old\n", 0, 4));
        assert_ne!(
            window.lines[1].key(),
            old.lines[0].key(),
            "as long, and another"
        );
    }

    proptest! {
        /// However a log is cut into pieces, at whatever characters, it shows the same lines.
        #[test]
        fn cuts_change_nothing(
            parts in prop::collection::vec(prop::sample::select(vec![
                "a", "€", "\n", "\n", "\r", "\u{1b}[31m", "\u{1b}[0m", "\u{1b}[1;38;5;208m", "12:00:00 ", "b c",
            ]), 0..40),
            cuts in prop::collection::vec(0_usize..200, 0..6),
        ) {
            let log = parts.concat();
            let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| log.is_char_boundary(*cut)).collect();
            cuts.extend([0, log.len()]);
            cuts.sort_unstable();
            cuts.dedup();
            let whole = Window::begin(&piece(&log, 0, log.len()));
            let mut pieces = Window::begin(&piece(&log, 0, 0));
            for ends in cuts.windows(2) {
                pieces.add(&piece(&log, ends[0], ends[1]));
            }
            prop_assert_eq!(&whole.lines, &pieces.lines);
            prop_assert_eq!(numbers(&whole), numbers(&pieces));
            let blocks = whole.blocks().into_iter().flat_map(|block| whole.block(block));
            prop_assert_eq!(&blocks.collect::<Vec<_>>(), &whole.lines);
        }
    }
}
