//! A key: read from the environment or a file that only its owner can read, never shown.

use std::fmt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Put where a key was.
const HIDDEN: &str = "[key]";

/// What an endpoint wants to be shown. Neither `Debug` nor `Display` tells it, and it cannot be
/// written as JSON.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// # Errors
    /// A sentence, when it cannot be one.
    pub fn new(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err("The key is empty.".to_owned());
        }
        if !text.chars().all(|ch| ch.is_ascii_graphic()) {
            return Err("The key holds characters that no key has.".to_owned());
        }
        Ok(Key(text.to_owned()))
    }

    /// From a file that nobody but its owner can read.
    ///
    /// # Errors
    /// A sentence, when it cannot be read, or others can read it too.
    pub fn read(file: &Path) -> Result<Self, String> {
        let shown = file.display();
        let about = std::fs::metadata(file)
            .map_err(|error| format!("The key file {shown} cannot be read: {error}."))?;
        let mode = about.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(format!(
                "The key file {shown} can be read by others (mode {mode:03o}). Make it yours alone: chmod 600 \
                 {shown}"
            ));
        }
        let text = std::fs::read_to_string(file)
            .map_err(|error| format!("The key file {shown} cannot be read: {error}."))?;
        Key::new(&text).map_err(|why| format!("{why} It was read from {shown}."))
    }

    /// For the one who sends it, and nobody else.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The text without this key, as it is or as it stands in an address.
    #[must_use]
    pub fn scrub(&self, text: &str) -> String {
        let escaped: String = self.0.bytes().map(in_address).collect();
        text.replace(&self.0, HIDDEN).replace(&escaped, HIDDEN)
    }
}

/// As a byte is written in an address.
fn in_address(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key([key])")
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

/// Whatever looks like a key, also where it is none of ours: `sk-…` and what stands behind `Bearer`.
pub(crate) fn scrub_alike(text: &str) -> String {
    let mut after_bearer = false;
    let words = text.split_inclusive(|ch: char| ch.is_whitespace() || "\"',;()<>".contains(ch));
    words
        .map(|piece| {
            let word =
                piece.trim_end_matches(|ch: char| ch.is_whitespace() || "\"',;()<>".contains(ch));
            let end = &piece[word.len()..];
            let hide =
                !word.is_empty() && (after_bearer || (word.starts_with("sk-") && word.len() > 8));
            after_bearer = word.eq_ignore_ascii_case("bearer") || (after_bearer && word.is_empty());
            if hide {
                format!("{HIDDEN}{end}")
            } else {
                piece.to_owned()
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "sk-proj/4711+geheim==";

    #[test]
    fn a_key_is_not_shown() {
        let key = Key::new(&format!("{SECRET}\n")).unwrap();
        for text in [
            format!("{key}"),
            format!("{key:?}"),
            format!("{:#?}", Some(&key)),
        ] {
            assert!(!text.contains("4711") && text.contains("[key]"), "{text}");
        }
        assert_eq!(key.reveal(), SECRET);
        let said = format!("Wrong key {SECRET}, see /v1?key=sk-proj%2F4711%2Bgeheim%3D%3D");
        assert_eq!(key.scrub(&said), "Wrong key [key], see /v1?key=[key]");
        assert!(Key::new(" ").is_err() && Key::new("a b").is_err());
    }

    #[test]
    fn what_looks_like_a_key_is_not_shown_either() {
        let said = r#"{"error": "Incorrect API key: sk-abcdef123456, sent as Bearer xyz. See our sk-faq."}"#;
        let shown = scrub_alike(said);
        assert!(
            !shown.contains("abcdef") && !shown.contains("xyz"),
            "{shown}"
        );
        assert!(shown.contains("See our sk-faq."), "{shown}");
        assert_eq!(scrub_alike("nothing  to hide"), "nothing  to hide");
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        std::fs::write(&file, format!("{SECRET}\n")).unwrap();
        let mode = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode));
        for open in [0o644, 0o640, 0o604, 0o620] {
            mode(open).unwrap();
            let why = Key::read(&file).unwrap_err();
            assert!(why.contains("chmod 600") && !why.contains("4711"), "{why}");
        }
        for closed in [0o600, 0o400] {
            mode(closed).unwrap();
            assert_eq!(Key::read(&file).unwrap().reveal(), SECRET);
        }
        let none = Key::read(&folder.path().join("none")).unwrap_err();
        assert!(none.contains("cannot be read"), "{none}");
    }
}
