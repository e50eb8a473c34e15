//! What the assistant says, read from server-sent events as they come: the pieces end anywhere, also within
//! a letter.

use berth_api::talks::Said;

/// No event is longer.
const LONGEST: usize = 1024 * 1024;

/// What came and is no whole event yet.
#[derive(Debug, Default)]
pub struct Events {
    line: Vec<u8>,
    data: String,
}

impl Events {
    /// What is whole with this piece, in order. Kinds that a newer server has are left out.
    pub fn take(&mut self, piece: &[u8]) -> Vec<Said> {
        let mut all = Vec::new();
        let mut lines = piece.split(|byte| *byte == b'\n');
        // What follows the last end of a line begins the next one.
        let begun = lines.next_back().unwrap_or_default();
        for end in lines {
            self.line.extend_from_slice(end);
            let line = std::mem::take(&mut self.line);
            all.extend(self.read(&line));
        }
        self.line.extend_from_slice(begun);
        all
    }

    /// It does not end.
    pub fn is_too_long(&self) -> bool {
        self.line.len() + self.data.len() > LONGEST
    }

    /// An empty line ends an event; a line with a colon first is a sign of life.
    fn read(&mut self, line: &[u8]) -> Option<Said> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            let data = std::mem::take(&mut self.data);
            return serde_json::from_str(&data).ok();
        }
        let data = std::str::from_utf8(line).ok()?.strip_prefix("data:")?;
        if !self.data.is_empty() {
            self.data.push('\n');
        }
        self.data.push_str(data.strip_prefix(' ').unwrap_or(data));
        None
    }
}

#[cfg(test)]
mod tests {
    use berth_domain::TalkId;

    use super::*;

    fn text(text: &str) -> Said {
        Said::Text { text: text.into() }
    }

    #[test]
    fn pieces_may_end_anywhere() {
        let whole = "data: {\"said\":\"talk\",\"talk\":3}\n\n: still here\n\ndata: {\"said\":\"text\",\"text\":\"zwölf ≥ 8\"}\n\n";
        let expected = [Said::Talk { talk: TalkId(3) }, text("zwölf ≥ 8")];
        for size in 1..=whole.len() {
            let mut events = Events::default();
            let pieces = whole.as_bytes().chunks(size);
            let all: Vec<Said> = pieces.flat_map(|piece| events.take(piece)).collect();
            assert_eq!(all, expected, "in pieces of {size}");
        }
    }

    #[test]
    fn data_may_be_on_several_lines() {
        let mut events = Events::default();
        let all = events.take(b"data: {\"said\":\"text\",\r\ndata:\"text\":\"a\"}\r\n\r\n");
        assert_eq!(all, [text("a")]);
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let mut events = Events::default();
        let odd = b"event: x\ndata: {\"said\":\"sung\"}\n\ndata: no json\n\ndata: \xff\n\n\n";
        assert!(events.take(odd).is_empty());
        let good = b"data: {\"said\":\"text\",\"text\":\"b\"}\n\n";
        assert_eq!(events.take(good), [text("b")]);
    }

    #[test]
    fn what_does_not_end_is_noticed() {
        let mut events = Events::default();
        assert!(!events.is_too_long());
        events.take(&vec![b'x'; LONGEST + 1]);
        assert!(events.is_too_long());
    }
}
