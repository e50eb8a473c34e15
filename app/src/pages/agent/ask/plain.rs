//! What a model writes, as far as it is shown: paragraphs, headings, lists, tables, code, and jobs by number.
//! All else stays the text that it is.

/// A part of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    Paragraph(Vec<Span>),
    Heading(Vec<Span>),
    Bullets(Vec<Vec<Span>>),
    /// With the number of the first.
    Numbered(u32, Vec<Vec<Span>>),
    /// Rows of cells; the first row is the head.
    Table(Vec<Vec<Cell>>),
    /// Lines as they stand.
    Lines(String),
}

pub type Cell = Vec<Span>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Span {
    Text(String),
    Code(String),
    Strong(Vec<Span>),
    /// A job, as it is called there: `job 17`.
    Job {
        id: u64,
        words: String,
    },
}

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line<'a> {
    Blank,
    Fence,
    Heading(&'a str),
    Bullet(&'a str),
    Number(u32, &'a str),
    Row(&'a str),
    Text(&'a str),
}

impl<'a> Line<'a> {
    fn of(line: &'a str) -> Self {
        let text = line.trim();
        if text.is_empty() {
            return Line::Blank;
        }
        if text.starts_with("```") {
            return Line::Fence;
        }
        if text.starts_with('|') {
            return Line::Row(text);
        }
        let heading = text.trim_start_matches('#').strip_prefix(' ');
        if let Some(heading) = heading.filter(|_| text.starts_with('#')) {
            return Line::Heading(heading.trim());
        }
        if let Some(item) = text.strip_prefix("- ").or_else(|| text.strip_prefix("* ")) {
            return Line::Bullet(item.trim());
        }
        let numbered = text.split_once(". ").and_then(|(number, item)| {
            let short = number.len() <= 3 && number.bytes().all(|byte| byte.is_ascii_digit());
            let number = number.parse().ok().filter(|_| short)?;
            Some(Line::Number(number, item.trim()))
        });
        numbered.unwrap_or(Line::Text(text))
    }
}

/// Without what no page can show: there a text of nothing else would be no text.
pub fn harmless(text: &str) -> String {
    let shown = |ch: &char| matches!(ch, '\n' | '\t') || !ch.is_control();
    text.chars().filter(shown).collect()
}

/// Reads a whole answer, or what there is of it.
pub fn blocks(text: &str) -> Vec<Block> {
    let text = harmless(text);
    let mut all: Vec<Block> = Vec::new();
    let mut lines = text.lines();
    // What the last line was: lines of one kind belong together.
    let mut before = Line::Blank;
    while let Some(line) = lines.next() {
        let now = Line::of(line);
        let goes_on = before != Line::Blank;
        match (now, all.last_mut()) {
            (Line::Blank, _) => {}
            (Line::Fence, _) => {
                let inside = fenced(&mut lines);
                if !inside.is_empty() {
                    all.push(Block::Lines(inside));
                }
            }
            (Line::Heading(words), _) => all.push(Block::Heading(spans(words))),
            (Line::Bullet(item), Some(Block::Bullets(items))) => items.push(spans(item)),
            (Line::Bullet(item), _) => all.push(Block::Bullets(vec![spans(item)])),
            (Line::Number(_, item), Some(Block::Numbered(_, items))) => items.push(spans(item)),
            (Line::Number(first, item), _) => {
                all.push(Block::Numbered(first, vec![spans(item)]));
            }
            (Line::Row(row), Some(Block::Table(rows))) if matches!(before, Line::Row(_)) => {
                let below_head = rows.len() == 1;
                if !(below_head && is_rule(row)) {
                    rows.push(cells(row));
                }
            }
            (Line::Row(row), _) => all.push(Block::Table(vec![cells(row)])),
            (Line::Text(words), Some(Block::Paragraph(known))) if goes_on => {
                known.push(Span::Text("\n".to_owned()));
                known.extend(spans(words));
            }
            (Line::Text(words), Some(Block::Bullets(items) | Block::Numbered(_, items)))
                if goes_on && line.starts_with(' ') =>
            {
                if let Some(item) = items.last_mut() {
                    item.push(Span::Text("\n".to_owned()));
                    item.extend(spans(words));
                }
            }
            (Line::Text(words), _) => all.push(Block::Paragraph(spans(words))),
        }
        before = if now == Line::Fence { Line::Blank } else { now };
    }
    all
}

/// The cells of a row; `\|` is no border.
fn cells(row: &str) -> Vec<Cell> {
    let mut all = vec![String::new()];
    let inside = row.strip_prefix('|').unwrap_or(row);
    let mut chars = inside.chars().peekable();
    while let Some(ch) = chars.next() {
        match (ch, all.last_mut()) {
            ('|', _) if chars.peek().is_some() => all.push(String::new()),
            ('|', _) => {}
            ('\\', Some(cell)) if chars.peek() == Some(&'|') => cell.extend(chars.next()),
            (ch, Some(cell)) => cell.push(ch),
            (_, None) => {}
        }
    }
    all.iter().map(|cell| spans(cell.trim())).collect()
}

/// Whether a row only says how its columns are aligned.
fn is_rule(row: &str) -> bool {
    row.contains('-') && row.chars().all(|ch| matches!(ch, '|' | '-' | ':' | ' '))
}

/// The lines up to the closing fence, or to the end, without empty ones around them.
fn fenced<'a>(lines: &mut impl Iterator<Item = &'a str>) -> String {
    let inside = lines.take_while(|line| Line::of(line) != Line::Fence);
    let inside: Vec<&str> = inside.collect();
    inside.join("\n").trim_matches('\n').to_owned()
}

/// Code, what is stressed, and jobs within a line.
pub fn spans(text: &str) -> Vec<Span> {
    let mut all = Vec::new();
    let (mut begun, mut at) = (0, 0);
    while at < text.len() {
        let rest = &text[at..];
        let word_begins = !text[..at].ends_with(char::is_alphanumeric);
        let found = enclosed(rest, "`")
            .map(|(inner, long)| (Span::Code(inner.to_owned()), long))
            .or_else(|| {
                enclosed(rest, "**").map(|(inner, long)| (Span::Strong(spans(inner)), long))
            })
            .or_else(|| job(rest).filter(|_| word_begins));
        match found {
            Some((span, long)) => {
                push(&mut all, &text[begun..at]);
                all.push(span);
                at += long;
                begun = at;
            }
            None => at += rest.chars().next().map_or(1, char::len_utf8),
        }
    }
    push(&mut all, &text[begun..]);
    all
}

fn push(all: &mut Vec<Span>, text: &str) {
    if !text.is_empty() {
        all.push(Span::Text(text.to_owned()));
    }
}

/// What stands between two of this mark, and how long it is with both.
fn enclosed<'a>(text: &'a str, mark: &str) -> Option<(&'a str, usize)> {
    let inside = text.strip_prefix(mark)?;
    let end = inside.find(mark).filter(|end| *end > 0)?;
    Some((&inside[..end], end + 2 * mark.len()))
}

/// `job 17`, and how long that is.
fn job(text: &str) -> Option<(Span, usize)> {
    const WORD: &str = "job ";
    let rest = text.get(WORD.len()..)?;
    if !text[..WORD.len()].eq_ignore_ascii_case(WORD) {
        return None;
    }
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let id = rest[..digits].parse().ok()?;
    let ends = !rest[digits..].starts_with(char::is_alphanumeric);
    let long = WORD.len() + digits;
    let words = text[..long].to_owned();
    ends.then_some((Span::Job { id, words }, long))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Span {
        Span::Text(text.to_owned())
    }

    fn numbered(id: u64) -> Span {
        let words = format!("job {id}");
        Span::Job { id, words }
    }

    #[test]
    fn lines_of_one_kind_belong_together() {
        let text = "## What waits\nTwo jobs\nwait.\n\n- one\n- `two`\n  and more\n\n3. then\n4. last\n\n| a | b |\n| 1 | 2 |\n\
                    ```sh\n\n- no list\n\n- none\n\n```\nThe end";
        assert_eq!(
            blocks(text),
            [
                Block::Heading(vec![words("What waits")]),
                Block::Paragraph(vec![words("Two jobs"), words("\n"), words("wait.")]),
                Block::Bullets(vec![
                    vec![words("one")],
                    vec![Span::Code("two".into()), words("\n"), words("and more")],
                ]),
                Block::Numbered(3, vec![vec![words("then")], vec![words("last")]]),
                Block::Table(vec![
                    vec![vec![words("a")], vec![words("b")]],
                    vec![vec![words("1")], vec![words("2")]],
                ]),
                Block::Lines("- no list\n\n- none".into()),
                Block::Paragraph(vec![words("The end")]),
            ]
        );
        assert!(blocks("").is_empty());
        assert!(blocks("\u{0}\r\n```\n\n```").is_empty());
        assert_eq!(blocks("```\nhalf"), [Block::Lines("half".into())]);
    }

    #[test]
    fn a_table_has_a_head_and_as_many_cells_as_its_rows_have() {
        let text = "| job | what |\n|:--|--:|\n| job 2 | `a \\| b`|\n||\n| - |";
        let expected = Block::Table(vec![
            vec![vec![words("job")], vec![words("what")]],
            vec![vec![numbered(2)], vec![Span::Code("a | b".into())]],
            vec![vec![]],
            vec![vec![words("-")]],
        ]);
        assert_eq!(blocks(text), [expected]);
        // What has come of one so far.
        assert_eq!(
            blocks("| job"),
            [Block::Table(vec![vec![vec![words("job")]]])]
        );
        assert_eq!(blocks("|"), [Block::Table(vec![vec![vec![]]])]);
    }

    #[test]
    fn jobs_and_code_are_found_within_a_line() {
        assert_eq!(
            spans("So job 17 waits for **job 3**, not `job 4`."),
            [
                words("So "),
                numbered(17),
                words(" waits for "),
                Span::Strong(vec![numbered(3)]),
                words(", not "),
                Span::Code("job 4".into()),
                words("."),
            ]
        );
    }

    #[test]
    fn what_only_looks_like_it_stays_text() {
        for text in [
            "my-subjob 17? no: ajob 17",
            "job x",
            "job 17b",
            "job 99999999999999999999",
            "2 * 3 ** 4",
            "a ` b",
            "``",
            "zwölf ≥ 8",
            "<b>bold</b>",
        ] {
            assert_eq!(spans(text), [words(text)]);
        }
        assert_eq!(blocks("1.5 h"), [Block::Paragraph(vec![words("1.5 h")])]);
        assert_eq!(blocks("#17"), [Block::Paragraph(vec![words("#17")])]);
    }
}
