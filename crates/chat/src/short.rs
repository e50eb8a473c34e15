//! Long texts made short.

/// As much of a text as so many bytes hold, and a note where something is missing.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = (0..=most).rev().find(|end| text.is_char_boundary(*end));
    let kept = &text[..end.unwrap_or(0)];
    format!(
        "{kept}\n… cut here: {} bytes are left out. Ask for less at once.",
        text.len() - kept.len()
    )
}

/// The beginning of a text on one line, for people.
pub(crate) fn line(text: &str, most: usize) -> String {
    let text = text.replace(char::is_control, " ");
    let whole = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut short: String = whole.chars().take(most).collect();
    if short.len() < whole.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(cut("ääää", 8), "ääää");
        let short = cut("ääää", 5);
        assert!(short.starts_with("ää\n… cut here: 4 bytes"), "{short}");
        assert_eq!(line("a\n  b\u{1b}[0m c", 5), "a b […");
    }
}
