//! A log as lines: bounded, without escape sequences, with notes where something is missing.

use std::sync::Arc;

use berth_api::logs::LogText;

use crate::format;

/// The page keeps this many lines; the download has all.
const MOST: usize = 5000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Counts from the first line that this page saw.
    pub number: u64,
    pub text: Arc<str>,
    /// Said by the page, not by the job.
    pub note: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Lines {
    pub lines: Vec<Line>,
    /// The offset to read on from.
    pub next: u64,
    pub ended: bool,
    attempt: u32,
    count: u64,
    /// The last line has no line break yet.
    open: bool,
}

impl Lines {
    /// From the first piece, which may begin in the middle of the log.
    pub fn begin(first: &LogText) -> Self {
        let mut lines = Lines {
            next: first.start,
            attempt: first.attempt,
            ..Lines::default()
        };
        let mut piece = first.clone();
        if piece.start > 0 {
            let earlier = format::thousands(piece.start);
            lines.note(format!(
                "The {earlier} bytes before this are in the download."
            ));
            // What is left of a line whose beginning is not here.
            if let Some((_, rest)) = piece.text.split_once('\n') {
                piece.text = rest.to_owned();
            }
        }
        lines.add(&piece);
        lines
    }

    /// Takes in what follows.
    pub fn add(&mut self, piece: &LogText) {
        if piece.attempt != self.attempt {
            if self.attempt != 0 {
                self.note(format!("Attempt {}", piece.attempt));
            }
            self.attempt = piece.attempt;
            self.next = piece.start;
        }
        if piece.next <= self.next && !piece.text.is_empty() {
            // Already here: it was sent again after a break.
            self.ended |= piece.ended;
            return;
        }
        if piece.start > self.next {
            let gap = format::thousands(piece.start - self.next);
            self.note(format!(
                "{gap} bytes are missing here: of a long log only the beginning and the end are kept."
            ));
        }
        for part in piece.text.split_inclusive('\n') {
            let (body, closed) = match part.strip_suffix('\n') {
                Some(body) => (body, true),
                None => (part, false),
            };
            self.push(&plain(body));
            self.open = !closed;
        }
        self.next = piece.next;
        self.ended = piece.ended;
        if self.lines.len() > MOST {
            self.lines.drain(..self.lines.len() - MOST);
        }
    }

    fn push(&mut self, text: &str) {
        if self.open
            && let Some(last) = self.lines.last_mut()
        {
            last.text = format!("{}{text}", last.text).into();
            return;
        }
        self.lines.push(Line {
            number: self.count,
            text: text.into(),
            note: false,
        });
        self.count += 1;
    }

    fn note(&mut self, text: String) {
        self.open = false;
        self.lines.push(Line {
            number: self.count,
            text: text.into(),
            note: true,
        });
        self.count += 1;
    }
}

/// The text without escape sequences (ECMA-48): CSI such as colours, and OSC such as titles.
fn plain(text: &str) -> String {
    if !text.contains('\u{1b}') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(ch) = chars.next() {
        if ch != '\u{1b}' {
            out.push(ch);
            continue;
        }
        match chars.next() {
            // Parameters, then one final byte.
            Some('[') => {
                chars.find(|ch| ('@'..='~').contains(ch));
            }
            // Up to BEL or ESC \.
            Some(']') => {
                let end = chars.find(|ch| matches!(ch, '\u{7}' | '\u{1b}'));
                if end == Some('\u{1b}') {
                    chars.next();
                }
            }
            // A character set: one more.
            Some('(' | ')') => {
                chars.next();
            }
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(start: u64, text: &str) -> LogText {
        LogText {
            job: 1,
            attempt: 1,
            start,
            next: start + text.len() as u64,
            total: start + text.len() as u64,
            text: text.to_owned(),
            ..LogText::default()
        }
    }

    fn texts(lines: &Lines) -> Vec<&str> {
        lines.lines.iter().map(|line| &*line.text).collect()
    }

    #[test]
    fn lines_grow_over_pieces() {
        let mut lines = Lines::begin(&piece(0, "one\ntw"));
        lines.add(&piece(6, "o\nthree\n"));
        assert_eq!(texts(&lines), ["one", "two", "three"]);
        assert_eq!(lines.next, 14);
    }

    #[test]
    fn what_was_sent_twice_is_shown_once() {
        let mut lines = Lines::begin(&piece(0, "one\n"));
        lines.add(&piece(0, "one\n"));
        assert_eq!(texts(&lines), ["one"]);
    }

    #[test]
    fn a_gap_is_told() {
        let mut lines = Lines::begin(&piece(0, "one\n"));
        lines.add(&piece(1004, "two\n"));
        assert!(lines.lines[1].note && lines.lines[1].text.starts_with("1,000 bytes"));
        assert_eq!(&*lines.lines[2].text, "two");
    }

    #[test]
    fn the_first_half_line_is_dropped() {
        let lines = Lines::begin(&piece(70, "f a line\nwhole\n"));
        assert!(lines.lines[0].note);
        assert_eq!(&*lines.lines[1].text, "whole");
    }

    #[test]
    fn lines_are_bounded() {
        let lines = Lines::begin(&piece(0, &"x\n".repeat(MOST + 10)));
        assert_eq!(lines.lines.len(), MOST);
        assert_eq!(lines.lines[0].number, 10);
    }

    #[test]
    fn escape_sequences_are_dropped() {
        assert_eq!(plain("\u{1b}[1;31mred\u{1b}[0m"), "red");
        assert_eq!(plain("\u{1b}]0;title\u{7}text"), "text");
        assert_eq!(plain("\u{1b}]0;title\u{1b}\\text\u{1b}(B."), "text.");
        assert_eq!(plain("cut \u{1b}[3"), "cut ");
    }
}
