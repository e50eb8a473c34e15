//! Logs: what a command wrote, in segments named by the offset of their first byte. Of a log that
//! grew beyond its limit head and tail are kept; offsets stay those of what was written.

pub mod find;

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::layout;

/// Head and tail each have this many segments.
const HALF: usize = 4;

/// A range of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogChunk {
    pub bytes: Vec<u8>,
    /// Offset of the first byte; above the one asked for when a gap was skipped.
    pub start: u64,
    /// Where to go on.
    pub next: u64,
    /// Bytes written so far.
    pub total: u64,
}

fn segments(rank_dir: &Path) -> io::Result<Vec<(u64, PathBuf, u64)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(rank_dir.join(layout::LOG))? {
        let entry = entry?;
        let offset = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse::<u64>().ok());
        // A segment may go away between listing and looking.
        if let (Some(offset), Ok(metadata)) = (offset, entry.metadata()) {
            found.push((offset, entry.path(), metadata.len()));
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Bytes written so far.
///
/// # Errors
/// When the folder cannot be read; `NotFound` when nothing ran there.
pub fn total(rank_dir: &Path) -> io::Result<u64> {
    Ok(segments(rank_dir)?
        .last()
        .map_or(0, |(offset, _, length)| offset + length))
}

/// Reads at most `max` bytes from `offset` on, or from the end of the gap that it is in.
///
/// # Errors
/// When the folder or a segment cannot be read; `NotFound` when nothing ran there.
pub fn read(rank_dir: &Path, offset: u64, max: usize) -> io::Result<LogChunk> {
    let segments = segments(rank_dir)?;
    let total = segments
        .last()
        .map_or(0, |(offset, _, length)| offset + length);
    let mut chunk = LogChunk {
        start: offset.min(total),
        next: offset.min(total),
        total,
        ..LogChunk::default()
    };
    for (from, path, length) in segments {
        if from + length <= chunk.next || chunk.bytes.len() >= max {
            continue;
        }
        if from > chunk.next {
            if !chunk.bytes.is_empty() {
                // What follows is beyond a gap: for the next call, which sees the jump.
                break;
            }
            (chunk.start, chunk.next) = (from, from);
        }
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(chunk.next - from))?;
        let room = max - chunk.bytes.len();
        let before = chunk.bytes.len();
        file.take(room as u64).read_to_end(&mut chunk.bytes)?;
        chunk.next += (chunk.bytes.len() - before) as u64;
    }
    chunk.total = chunk.total.max(chunk.next);
    Ok(chunk)
}

/// The text of a piece of a log: bytes that are no UTF-8 become `�`, of a line that was
/// overwritten with `\r` what was written last is kept, and control characters other than tab and
/// escape sequences are dropped. A piece that goes on after another and overwrites the line that
/// the other ended in begins with `\r`.
#[must_use]
pub fn readable(bytes: &[u8], goes_on: bool) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut out = String::with_capacity(text.len());
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let (body, end) = match line.strip_suffix('\n') {
            Some(body) => (body.strip_suffix('\r').unwrap_or(body), "\n"),
            None => (line, ""),
        };
        // A `\r` at the very end waits for what will overwrite the line.
        let body = body.trim_end_matches('\r');
        let shown = body.rsplit('\r').next().unwrap_or(body);
        let overwritten = &body[..body.len() - shown.len()];
        if goes_on && number == 0 && !overwritten.is_empty() {
            out.push('\r');
        }
        colours(overwritten, &mut out);
        out.extend(
            shown
                .chars()
                .filter(|ch| !ch.is_control() || matches!(ch, '\t' | '\u{1b}')),
        );
        out.push_str(end);
    }
    out
}

/// How many bytes each line of a piece has, with its line break: those of its `readable` text, line
/// by line, of which the last may be empty.
#[must_use]
pub fn line_bytes(bytes: &[u8]) -> Vec<u32> {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    lines
        .map(|line| u32::try_from(line.len()).unwrap_or(u32::MAX))
        .collect()
}

/// The colours that an overwritten text leaves behind (SGR of ECMA-48): they hold on after it.
fn colours(overwritten: &str, out: &mut String) {
    let begin = out.len();
    for part in overwritten.split("\u{1b}[").skip(1) {
        let end = part.find(|ch: char| !ch.is_ascii_digit() && !matches!(ch, ';' | ':'));
        if let Some(end) = end.filter(|end| part[*end..].starts_with('m')) {
            if part[..end].trim_matches('0').is_empty() {
                // All before it is undone.
                out.truncate(begin);
            }
            out.push_str("\u{1b}[");
            out.push_str(&part[..=end]);
        }
    }
}

/// The longest part of `bytes` that does not end in the middle of a character.
#[must_use]
pub fn whole_characters(bytes: &[u8]) -> usize {
    let tail = bytes.len().saturating_sub(3);
    let start = bytes[tail..]
        .iter()
        .rposition(|byte| byte & 0xc0 == 0xc0)
        .map(|at| tail + at);
    let Some(start) = start else {
        return bytes.len();
    };
    let needed = match bytes[start] {
        0xf0.. => 4,
        0xe0.. => 3,
        _ => 2,
    };
    if bytes.len() - start < needed {
        start
    } else {
        bytes.len()
    }
}

/// Writes a log; the shim's end.
pub(crate) struct LogWriter {
    folder: PathBuf,
    segment_bytes: u64,
    segments: Vec<PathBuf>,
    file: Option<File>,
    in_segment: u64,
    written: u64,
}

impl LogWriter {
    pub(crate) fn create(rank_dir: &Path, limit_bytes: u64) -> io::Result<Self> {
        let folder = rank_dir.join(layout::LOG);
        fs::create_dir_all(&folder)?;
        let segment_bytes = (limit_bytes / (2 * HALF as u64)).max(1024);
        let (segments, file) = (Vec::new(), None);
        Ok(LogWriter {
            folder,
            segment_bytes,
            segments,
            file,
            in_segment: 0,
            written: 0,
        })
    }

    /// Goes on with what is there.
    pub(crate) fn resume(rank_dir: &Path, limit_bytes: u64) -> io::Result<Self> {
        let mut log = Self::create(rank_dir, limit_bytes)?;
        let found = segments(rank_dir)?;
        if let Some((offset, path, length)) = found.last() {
            log.file = Some(fs::OpenOptions::new().append(true).open(path)?);
            log.in_segment = *length;
            log.written = offset + length;
        }
        log.segments = found.into_iter().map(|(_, path, _)| path).collect();
        Ok(log)
    }

    /// Takes a piece of another log, which begins at `start` there: what is here already is left out,
    /// and where there is a gap it is one here too.
    pub(crate) fn copy(&mut self, start: u64, bytes: &[u8]) -> io::Result<()> {
        if start > self.written {
            self.written = start;
            self.file = None;
        }
        let known = usize::try_from(self.written - start).unwrap_or(usize::MAX);
        self.write(bytes.get(known..).unwrap_or_default())
    }

    pub(crate) fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let full = self.in_segment >= self.segment_bytes;
            let file = match &mut self.file {
                Some(file) if !full => file,
                slot => {
                    let path = self.folder.join(format!("{:020}", self.written));
                    self.segments.push(path.clone());
                    if self.segments.len() > 2 * HALF {
                        fs::remove_file(self.segments.remove(HALF))?;
                    }
                    self.in_segment = 0;
                    slot.insert(File::create(path)?)
                }
            };
            let room = usize::try_from(self.segment_bytes - self.in_segment).unwrap_or(usize::MAX);
            let part = &bytes[..bytes.len().min(room)];
            file.write_all(part)?;
            self.in_segment += part.len() as u64;
            self.written += part.len() as u64;
            bytes = &bytes[part.len()..];
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(dir: &Path) -> (String, Vec<u64>) {
        let (mut text, mut starts, mut offset) = (String::new(), vec![], 0);
        loop {
            let chunk = read(dir, offset, 700).unwrap();
            if chunk.bytes.is_empty() {
                return (text, starts);
            }
            starts.push(chunk.start);
            text.push_str(std::str::from_utf8(&chunk.bytes).unwrap());
            offset = chunk.next;
        }
    }

    #[test]
    fn head_and_tail_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = LogWriter::create(dir.path(), 8 * 1024).unwrap();
        for n in 0..4000 {
            log.write(format!("line {n:05}\n").as_bytes()).unwrap();
        }
        let (text, starts) = all(dir.path());
        assert!(text.starts_with("line 00000\n"));
        assert!(text.ends_with("line 03999\n"));
        assert!(text.len() <= 8 * 1024, "{}", text.len());
        assert_eq!(total(dir.path()).unwrap(), 4000 * 11);
        let jumps = starts
            .windows(2)
            .filter(|pair| pair[1] > pair[0] + 700)
            .count();
        assert_eq!(jumps, 1, "one gap: {starts:?}");
    }

    #[test]
    fn a_small_log_is_whole() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = LogWriter::create(dir.path(), 1 << 20).unwrap();
        log.write(b"ab\xff\0").unwrap();
        log.write(b"c").unwrap();
        let chunk = read(dir.path(), 1, 100).unwrap();
        assert_eq!(
            chunk,
            LogChunk {
                bytes: b"b\xff\0c".to_vec(),
                start: 1,
                next: 5,
                total: 5
            }
        );
        assert_eq!(read(dir.path(), 99, 100).unwrap().next, 5);
    }

    #[test]
    fn a_copy_goes_on_where_it_was_and_has_the_same_gap() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let limit = 16 * 1024;
        let mut log = LogWriter::create(from.path(), limit).unwrap();
        for n in 0..4000 {
            log.write(format!("line {n:05}\n").as_bytes()).unwrap();
        }
        let mut offset = 0;
        loop {
            let chunk = read(from.path(), offset, 700).unwrap();
            if chunk.bytes.is_empty() {
                break;
            }
            // Each time as another server, which heard the piece before once already.
            let mut copy = LogWriter::resume(to.path(), limit).unwrap();
            copy.copy(chunk.start, &chunk.bytes).unwrap();
            copy.copy(chunk.start, &chunk.bytes[..99.min(chunk.bytes.len())])
                .unwrap();
            offset = chunk.next;
        }
        assert_eq!(total(to.path()).unwrap(), 4000 * 11);
        assert_eq!(all(to.path()).0, all(from.path()).0);
    }

    #[test]
    fn text_is_readable() {
        assert_eq!(readable(b"10%\r20%\r100%\ndone\r\n", false), "100%\ndone\n");
        assert_eq!(readable(b"50%\r", false), "50%");
        assert_eq!(
            readable(b"\r60%\n", true),
            "\r60%\n",
            "the line before is overwritten"
        );
        assert_eq!(readable(b" more\nx\ry\n", true), " more\ny\n");
        assert_eq!(
            readable(b"a\x07b\tc\x1b[31md\xff\0", false),
            "ab\tc\x1b[31md\u{fffd}"
        );
    }

    #[test]
    fn colours_of_what_was_overwritten_hold_on() {
        assert_eq!(
            readable(b"\x1b[1m\x1b[31m10%\r20%\x1b[0m\x1b[32m\r30%\n", false),
            "\x1b[0m\x1b[32m30%\n"
        );
        assert_eq!(
            readable(b"\x1b[38;5;9m1\r\x1b[K2", true),
            "\r\x1b[38;5;9m\x1b[K2"
        );
    }

    #[test]
    fn lines_are_measured_as_they_were_written() {
        let bytes = b"10%\r20%\ntwo\xff\n\0";
        assert_eq!(line_bytes(bytes), [8, 5, 1]);
        assert_eq!(line_bytes(b""), Vec::<u32>::new());
    }

    #[test]
    fn characters_are_not_cut() {
        let text = "aé€😀".as_bytes();
        let cuts: Vec<usize> = (0..=text.len())
            .map(|n| whole_characters(&text[..n]))
            .collect();
        assert_eq!(cuts, [0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10]);
        assert_eq!(
            whole_characters(b"\x80\x80\x80\x80"),
            4,
            "no UTF-8 at all is left alone"
        );
    }
}
