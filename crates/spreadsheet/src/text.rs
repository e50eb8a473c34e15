//! Bytes to text: UTF-8, UTF-16, or what Windows wrote before.

/// How the file's bytes were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    Utf16,
    /// Latin-1 with the signs that Windows puts where that has none.
    Latin1,
}

/// What Windows-1252 has in place of Latin-1's controls 0x80 to 0x9f. The dashes matter: `0–3`.
const WINDOWS: [char; 32] = [
    '€', ' ', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', ' ', 'Ž', ' ', ' ', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', ' ', 'ž', 'Ÿ',
];

/// Any bytes are some text.
pub(crate) fn decode(bytes: &[u8]) -> (String, Encoding) {
    if let Some(rest) = bytes.strip_prefix(b"\xff\xfe") {
        return (utf16(rest, u16::from_le_bytes), Encoding::Utf16);
    }
    if let Some(rest) = bytes.strip_prefix(b"\xfe\xff") {
        return (utf16(rest, u16::from_be_bytes), Encoding::Utf16);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    // Without a mark: every second byte of Western text is zero.
    let zeros = |odd: usize| {
        let mut every = bytes.iter().skip(odd).step_by(2).take(64);
        bytes.len() > 3 && every.all(|byte| *byte == 0)
    };
    if zeros(1) {
        return (utf16(bytes, u16::from_le_bytes), Encoding::Utf16);
    }
    if zeros(0) {
        return (utf16(bytes, u16::from_be_bytes), Encoding::Utf16);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => (text.to_owned(), Encoding::Utf8),
        Err(_) => (
            bytes.iter().map(|byte| latin1(*byte)).collect(),
            Encoding::Latin1,
        ),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    char::decode_utf16(units)
        .map(|read| read.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

fn latin1(byte: u8) -> char {
    match byte {
        0x80..=0x9f => WINDOWS[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_spreadsheets_write_is_read() {
        let utf16: Vec<u8> = "Wer;Müller"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let marked: Vec<u8> = [b"\xff\xfe".as_slice(), &utf16].concat();
        let cases: [(&[u8], &str, Encoding); 5] = [
            (b"\xef\xbb\xbfWho,GPU", "Who,GPU", Encoding::Utf8),
            ("Müller".as_bytes(), "Müller", Encoding::Utf8),
            (&utf16, "Wer;Müller", Encoding::Utf16),
            (&marked, "Wer;Müller", Encoding::Utf16),
            (b"M\xfcller;0\x963", "Müller;0–3", Encoding::Latin1),
        ];
        for (bytes, text, encoding) in cases {
            assert_eq!(decode(bytes), (text.to_owned(), encoding));
        }
    }
}
