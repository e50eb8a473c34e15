//! Texts of others made fit for one line.

use berth_models::is_visible;

/// On one line, without what nobody sees, and no longer than so many characters.
pub(super) fn line(text: &str, most: usize) -> String {
    let plain = |ch: char| if ch.is_control() { ' ' } else { ch };
    let shown = text.chars().map(plain).filter(|ch| is_visible(*ch));
    shown.take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line() {
        assert_eq!(line("a\nb\u{200b}c\u{1b}[0m", 4), "a bc");
    }
}
