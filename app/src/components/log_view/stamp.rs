//! Times that a job writes before its lines: found, so that they can be hidden.

/// How many bytes a text begins with that are a time and the space after it; 0 if there is none.
/// Known are `2026-11-24 12:00:00`, with `T`, brackets, fractions, a zone, and `12:00:00` alone.
pub fn length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    let bracket = bytes.first() == Some(&b'[');
    at += usize::from(bracket);
    if let Some(end) = shape(bytes, at, b"dddd-dd-dd") {
        match bytes.get(end) {
            Some(b'T' | b' ') => at = end + 1,
            _ => return 0,
        }
    }
    let Some(end) = shape(bytes, at, b"dd:dd:dd") else {
        return 0;
    };
    at = end;
    if matches!(bytes.get(at), Some(b'.' | b',')) {
        at += 1 + digits(&bytes[at + 1..]);
    }
    match bytes.get(at) {
        Some(b'Z') => at += 1,
        Some(b'+' | b'-') => {
            let zone = shape(bytes, at + 1, b"dd:dd").or_else(|| shape(bytes, at + 1, b"dddd"));
            at = zone.unwrap_or(at);
        }
        _ => {}
    }
    if bracket {
        if bytes.get(at) != Some(&b']') {
            return 0;
        }
        at += 1;
    }
    match bytes.get(at) {
        Some(b' ' | b'\t') => at + 1,
        None => at,
        Some(_) => 0,
    }
}

/// Where a pattern ends that begins at `at`; `d` is a digit.
fn shape(bytes: &[u8], at: usize, pattern: &[u8]) -> Option<usize> {
    let end = at + pattern.len();
    let part = bytes.get(at..end)?;
    let fits = |(byte, wanted): (&u8, &u8)| match wanted {
        b'd' => byte.is_ascii_digit(),
        other => byte == other,
    };
    part.iter().zip(pattern).all(fits).then_some(end)
}

fn digits(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_from_other_beginnings() {
        for (text, rest) in [
            ("2026-11-24 12:00:00 loss 1", "loss 1"),
            ("2026-11-24T12:00:00.123Z loss", "loss"),
            ("2026-11-24 12:00:00,123 INFO", "INFO"),
            ("[12:00:00] go", "go"),
            ("[2026-11-24T12:00:00+01:00] go", "go"),
            ("12:00:00", ""),
            ("12:00:000 go", "12:00:000 go"),
            ("2026-11-24: a day", "2026-11-24: a day"),
            ("step 12:00:00", "step 12:00:00"),
            ("[12:00:00 go", "[12:00:00 go"),
            ("", ""),
            ("€", "€"),
        ] {
            assert_eq!(&text[length(text)..], rest, "{text}");
        }
    }
}
