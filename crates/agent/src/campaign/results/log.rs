//! The last match in a log, read from its end block by block, with never more than two of them in memory.

use std::io;
use std::path::Path;

use berth_executors::logs;
use regex::Regex;

use super::{Nothing, number};

const BLOCK: u64 = 256 * 1024;
/// So much of the end of a log is looked through.
const LOOKED_AT: u64 = 64 * 1024 * 1024;
/// A line that is longer is cut.
const LONGEST_LINE: usize = 256 * 1024;

/// The number of the last line that matches and has one.
pub(super) fn last(rank_dir: &Path, pattern: &Regex) -> Result<f64, Nothing> {
    let told = |why: &str| Err(Nothing::Told(why.to_owned()));
    match look(rank_dir, pattern) {
        Ok(Some(number)) => Ok(number),
        Ok(None) => told("no line of its log matches the pattern with a number"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => told("it has no log"),
        Err(_) => Err(Nothing::Unreadable("its log cannot be read".to_owned())),
    }
}

fn look(rank_dir: &Path, pattern: &Regex) -> io::Result<Option<f64>> {
    let total = logs::total(rank_dir)?;
    let (mut end, stop) = (total, total.saturating_sub(LOOKED_AT));
    // The rest of a line that begins in front of what was looked at, and where that rest begins.
    let (mut rest, mut rest_at) = (Vec::new(), total);
    while end > stop {
        let from = end.saturating_sub(BLOCK).max(stop);
        for (start, mut bytes) in pieces(rank_dir, from, end)?.into_iter().rev() {
            if start + bytes.len() as u64 != rest_at {
                // Between them is what is not kept of a long log.
                rest.clear();
            }
            bytes.append(&mut rest);
            let begins = match bytes.iter().position(|byte| *byte == b'\n') {
                // The first line of all is whole.
                _ if start == 0 => 0,
                Some(place) => place + 1,
                None => bytes.len(),
            };
            if let Some(found) = last_of(&bytes[begins..], pattern) {
                return Ok(Some(found));
            }
            bytes.truncate(begins.min(LONGEST_LINE));
            (rest, rest_at) = (bytes, start);
        }
        end = from;
    }
    Ok(None)
}

/// What is kept of a range, and where each piece of it begins.
fn pieces(rank_dir: &Path, from: u64, end: u64) -> io::Result<Vec<(u64, Vec<u8>)>> {
    let mut pieces = Vec::new();
    let mut at = from;
    while at < end {
        let most = usize::try_from(end - at).unwrap_or(usize::MAX);
        let mut chunk = logs::read(rank_dir, at, most)?;
        // What is behind a gap may be behind the end.
        let kept = usize::try_from(end.saturating_sub(chunk.start)).unwrap_or(usize::MAX);
        chunk.bytes.truncate(kept);
        if chunk.bytes.is_empty() {
            break;
        }
        pieces.push((chunk.start, chunk.bytes));
        at = chunk.next;
    }
    Ok(pieces)
}

fn last_of(lines: &[u8], pattern: &Regex) -> Option<f64> {
    let mut lines = lines.rsplit(|byte| *byte == b'\n');
    lines.find_map(|line| {
        let shown = logs::readable(&line[..line.len().min(LONGEST_LINE)], false);
        let text = without_colours(&shown);
        let matches = pattern.captures_iter(&text);
        let numbers = matches.filter_map(|found| number(found.get(1)?.as_str()));
        numbers.last()
    })
}

/// Without sequences of a terminal (CSI of ECMA-48), which may stand between a name and its number.
fn without_colours(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|ch: char| ('@'..='~').contains(&ch));
        plain.push_str(end.map_or("", |end| &part[end + 1..]));
    }
    plain
}

#[cfg(test)]
mod tests {
    use std::fs;

    use berth_executors::layout;
    use proptest::prelude::*;

    use super::*;

    fn pattern() -> Regex {
        Regex::new(r"loss=(\S+)").unwrap()
    }

    /// A log in segments of which each begins where it says.
    fn log(segments: &[(u64, &[u8])]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join(layout::LOG);
        fs::create_dir_all(&folder).unwrap();
        for (offset, bytes) in segments {
            fs::write(folder.join(format!("{offset:020}")), bytes).unwrap();
        }
        dir
    }

    fn of(text: &[u8]) -> Option<f64> {
        look(log(&[(0, text)]).path(), &pattern()).unwrap()
    }

    #[test]
    fn the_last_number_counts() {
        assert_eq!(of(b""), None);
        assert_eq!(of(b"loss=3"), Some(3.0));
        assert_eq!(of(b"loss=3\nloss=2\nthe end\n"), Some(2.0));
        assert_eq!(of(b"loss=3 loss=2\n"), Some(2.0));
        // What is no number is none, however often it is said.
        assert_eq!(of(b"loss=3\nloss=nan\nloss=inf\nloss=$(id)\n"), Some(3.0));
        assert_eq!(of(b"loss=3 loss=nan\n"), Some(3.0));
        assert_eq!(of(b"\x1b[1mloss=\x1b[32m0.5\x1b[0m\n"), Some(0.5));
        assert_eq!(of(b"loss=9\rloss=8\rloss=7\n"), Some(7.0));
        assert_eq!(of(b"\xff\xfe loss=4 \0\n"), Some(4.0));
        let nowhere = last(Path::new("/nowhere"), &pattern());
        assert_eq!(nowhere, Err(Nothing::Told("it has no log".to_owned())));
    }

    #[test]
    fn a_number_far_from_the_end_is_found_and_one_too_far_is_not() {
        let block = usize::try_from(BLOCK).unwrap();
        for before in [0, 1, block - 5, block, 3 * block + 7] {
            let mut text = b"loss=2.5\n".to_vec();
            text.extend(b"x".iter().cycle().take(before));
            assert_eq!(of(&text), Some(2.5), "{before} bytes behind it");
        }
        let dir = log(&[(0, b"loss=1\n"), (LOOKED_AT * 2, b"nothing\n")]);
        assert_eq!(look(dir.path(), &pattern()).unwrap(), None);
    }

    #[test]
    fn a_gap_is_no_line() {
        for far in [100, 600_000] {
            // `lo` before the gap and `ss=1` behind it are not one word.
            let dir = log(&[(0, b"loss=4\nlo"), (far, b"ss=1\nthe end\n")]);
            assert_eq!(look(dir.path(), &pattern()).unwrap(), Some(4.0));
            let dir = log(&[(0, b"loss=4\n"), (far, b"9\nloss=3\n")]);
            assert_eq!(look(dir.path(), &pattern()).unwrap(), Some(3.0));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        /// Block by block it finds what it finds in the whole.
        #[test]
        fn blocks_change_nothing(lines in prop::collection::vec((0usize..300_000, any::<bool>()), 0..6)) {
            let mut text = Vec::new();
            let mut expected = None;
            for (number, (long, tells)) in (0u32..).zip(&lines) {
                text.extend(b"y".iter().cycle().take(*long));
                text.push(b'\n');
                if *tells {
                    text.extend(format!("loss={number}\n").into_bytes());
                    expected = Some(f64::from(number));
                }
            }
            prop_assert_eq!(of(&text), expected);
        }
    }
}
