//! Names of months and days, in English and German.

const MONTHS: [&[&str]; 12] = [
    &["january", "januar", "jänner"],
    &["february", "februar", "feber"],
    &["march", "märz", "maerz", "mrz"],
    &["april"],
    &["may", "mai"],
    &["june", "juni"],
    &["july", "juli"],
    &["august"],
    &["september"],
    &["october", "oktober"],
    &["november"],
    &["december", "dezember"],
];

const DAYS: [&str; 14] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "montag",
    "dienstag",
    "mittwoch",
    "donnerstag",
    "freitag",
    "samstag",
    "sonntag",
];

/// 1 to 12, from three letters on. In small letters.
pub(crate) fn month(word: &str) -> Option<i8> {
    if word.chars().count() < 3 {
        return None;
    }
    let named = |names: &&[&str]| names.iter().any(|name| name.starts_with(word));
    let place = MONTHS.iter().position(named);
    place.and_then(|place| i8::try_from(place + 1).ok())
}

/// `mon`, `Monday`, `Mo`. In small letters.
pub(crate) fn is_day(word: &str) -> bool {
    let letters = word.chars().count();
    letters >= 2 && DAYS.iter().any(|name| name.starts_with(word))
}
