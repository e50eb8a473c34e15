//! Amounts of memory as people write them: `80G` and `80GB` are 80 × 10⁹ bytes, as GPUs are sold;
//! `40GiB` is 40 × 2³⁰.

/// A text that is no amount of memory.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not an amount of memory: write 80G, 40GiB or 24000M")]
pub struct NotMemory(String);

const UNITS: [(&str, u64); 9] = [
    ("MIB", 1 << 20),
    ("GIB", 1 << 30),
    ("TIB", 1 << 40),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("M", 1_000_000),
    ("G", 1_000_000_000),
    ("T", 1_000_000_000_000),
];

/// Reads an amount, in bytes. It has a unit and is not 0.
///
/// # Errors
/// When it is not of that form, or beyond all memory.
pub fn parse(text: &str) -> Result<u64, NotMemory> {
    let refuse = || NotMemory(text.escape_debug().to_string());
    let upper = text.trim().to_ascii_uppercase();
    let (unit, bytes) = UNITS
        .into_iter()
        .find(|(unit, _)| upper.ends_with(unit))
        .ok_or_else(refuse)?;
    let number = upper[..upper.len() - unit.len()].trim_end();
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(refuse());
    }
    let number: u64 = number.parse().map_err(|_| refuse())?;
    let bytes = number.checked_mul(bytes).ok_or_else(refuse)?;
    if bytes == 0 { Err(refuse()) } else { Ok(bytes) }
}

/// As [`parse`] reads it, exactly where the amount is one that people write.
#[must_use]
pub fn format(bytes: u64) -> String {
    let whole = |unit: u64| bytes > 0 && bytes.is_multiple_of(unit);
    if whole(1 << 30) {
        format!("{}GiB", bytes >> 30)
    } else if whole(1_000_000_000) {
        format!("{}G", bytes / 1_000_000_000)
    } else if whole(1 << 20) {
        format!("{}MiB", bytes >> 20)
    } else {
        format!("{}M", bytes.div_ceil(1_000_000))
    }
}

/// For sentences: `80 GiB`, `81559 MiB`.
pub(crate) fn words(bytes: u64) -> String {
    let text = format(bytes);
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit = match unit {
        "G" => "GB",
        "M" => "MB",
        other => other,
    };
    format!("{number} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        for (text, bytes) in [
            ("80G", 80_000_000_000),
            ("80 gb", 80_000_000_000),
            (" 40GiB ", 40 << 30),
            ("24000M", 24_000_000_000),
            ("1T", 1_000_000_000_000),
            ("2tib", 2 << 40),
        ] {
            assert_eq!(parse(text), Ok(bytes), "{text}");
            assert_eq!(parse(&format(bytes)), Ok(bytes), "{text}");
        }
        // An H100 has what its name says.
        assert!(81_559 << 20 >= parse("80G").unwrap());
        for wrong in [
            "",
            "G",
            "80",
            "-1G",
            "+1G",
            "8e9G",
            "0G",
            "1.5G",
            "99999999T",
            "80Gé",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn says_it_in_words() {
        assert_eq!(words(80_000_000_000), "80 GB");
        assert_eq!(words(80 << 30), "80 GiB");
        assert_eq!(words(81_559 << 20), "81559 MiB");
    }
}
