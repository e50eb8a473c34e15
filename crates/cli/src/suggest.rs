//! "Did you mean": the closest of the names that there are.

/// Names that are less alike are not meant.
const ALIKE: f64 = 0.75;

/// The one that is most like what was written, if any is.
pub fn closest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = written.to_lowercase();
    let alike = |name: &&'a str| {
        let name = name.to_lowercase();
        // A name that begins so is meant, however long it is.
        let begins = lower.len() >= 2 && name.starts_with(&lower);
        // One letter that is wrong, missing, too much or at its neighbour's place.
        let slip = lower.len() >= 3 && strsim::damerau_levenshtein(&lower, &name) <= 1;
        let alike = strsim::jaro_winkler(&lower, &name);
        match (begins, slip) {
            (true, _) => alike.max(0.99),
            (_, true) => alike.max(0.9),
            _ => alike,
        }
    };
    let known = known.into_iter().filter(|name| *name != written);
    let known = known
        .map(|name| (alike(&name), name))
        .filter(|(alike, _)| *alike >= ALIKE);
    known
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, name)| name)
}

/// ` Did you mean ana?`, or nothing.
pub fn sentence<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    closest(written, known)
        .map(|name| format!(" Did you mean {name}?"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_keyboard_is_seen() {
        let names = ["ana", "ben", "node-1", "node-2", "pretraining"];
        for (written, meant) in [
            ("anna", Some("ana")),
            ("bne", Some("ben")),
            ("Node-1", Some("node-1")),
            ("node1", Some("node-1")),
            ("pre", Some("pretraining")),
            ("zoe", None),
            ("", None),
        ] {
            assert_eq!(closest(written, names), meant, "{written}");
        }
        assert_eq!(sentence("anna", names), " Did you mean ana?");
        assert_eq!(sentence("zoe", names), "");
    }
}
