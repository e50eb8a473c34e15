//! A command as people write it on one line, and back.

/// What only a shell understands.
const SHELL: &[char] = &[
    '|', '&', ';', '<', '>', '(', ')', '$', '`', '*', '?', '[', '#', '~', '\n',
];

/// The program and its arguments. A line that holds anything only a shell understands, outside of
/// quotes, or that sets variables, is given to `sh -c` as it is.
///
/// # Errors
/// When a quote is not closed.
pub fn parse(text: &str) -> Result<Vec<String>, String> {
    let text = text.trim();
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut shell = false;
    let mut chars = text.chars();
    while let Some(ch) = chars.next() {
        match (quote, ch) {
            (Some(open), _) if ch == open => quote = None,
            (Some('"'), '\\') => match chars.next() {
                Some(next @ ('"' | '\\' | '$' | '`')) => word.get_or_insert_default().push(next),
                Some(next) => word.get_or_insert_default().extend(['\\', next]),
                None => {}
            },
            // In double quotes a shell still replaces these.
            (Some('"'), '$' | '`') => shell = true,
            (Some(_), _) => word.get_or_insert_default().push(ch),
            (None, '\'' | '"') => {
                quote = Some(ch);
                word.get_or_insert_default();
            }
            (None, '\\') => word.get_or_insert_default().extend(chars.next()),
            (None, ' ' | '\t' | '\r') => words.extend(word.take()),
            (None, _) => {
                shell |= SHELL.contains(&ch) || (ch == '=' && words.is_empty());
                word.get_or_insert_default().push(ch);
            }
        }
    }
    if let Some(open) = quote {
        return Err(format!("The quote {open} is not closed."));
    }
    words.extend(word);
    if shell {
        return Ok(["sh", "-c", text].map(str::to_owned).to_vec());
    }
    Ok(words)
}

/// The line that a shell reads as these words.
#[must_use]
pub fn format(words: &[String]) -> String {
    let words = words.iter().map(|word| quote(word));
    words.collect::<Vec<_>>().join(" ")
}

/// A word as a shell takes it for itself. Zsh looks for a program where a word begins with `=`.
#[must_use]
pub fn quote(word: &str) -> String {
    let plain = |ch: char| ch.is_ascii_alphanumeric() || "_-./:=,@%+".contains(ch);
    if !word.is_empty() && !word.starts_with('=') && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(text: &str) -> Vec<String> {
        parse(text).unwrap()
    }

    #[test]
    fn plain_words_need_no_shell() {
        assert_eq!(
            words("python train.py --lr 1e-3"),
            ["python", "train.py", "--lr", "1e-3"]
        );
        assert_eq!(
            words(r#"echo "a b" 'c  d' e\ f ''"#),
            ["echo", "a b", "c  d", "e f", ""]
        );
        assert_eq!(words(r#"echo "\"q\"" 'x;y'"#), ["echo", "\"q\"", "x;y"]);
        assert_eq!(
            words("python train.py lr=3"),
            ["python", "train.py", "lr=3"]
        );
        assert_eq!(words("  "), Vec::<String>::new());
    }

    #[test]
    fn what_only_a_shell_understands_goes_to_one() {
        for line in [
            "make && ./run",
            "echo $HOME",
            "A=1 ./run",
            "ls *.py",
            "a\nb",
            "x \"$Y\"",
        ] {
            assert_eq!(words(line), ["sh", "-c", line], "{line}");
        }
    }

    #[test]
    fn an_open_quote_is_said() {
        assert_eq!(parse("echo 'a").unwrap_err(), "The quote ' is not closed.");
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(words in prop::collection::vec("[ -~]{0,8}", 1..5)) {
            // An assignment in front, even quoted, is the one thing that format leaves bare.
            prop_assume!(!words[0].contains('='));
            prop_assert_eq!(parse(&format(&words)).unwrap(), words);
        }

        #[test]
        fn never_panics(text in "\\PC{0,40}") {
            let _ = parse(&text);
        }
    }
}
