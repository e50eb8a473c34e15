//! The audit log.

pub const AUDIT: &str = "Audit log";
pub const TOLD: &str = "Who did what, by which door, from where, and what was before and after. Nothing in it \
    is ever changed; secrets are never in it.";
pub const OWN_TOLD: &str = "What you did yourself. Only admins see what others did.";
pub const WHO: &str = "Who";
pub const ANYBODY: &str = "anybody";
pub const ACT: &str = "Act";
pub const SUBJECT: &str = "About";
pub const SUBJECT_EXAMPLE: &str = "job 17";
pub const DOOR: &str = "Door";
pub const ANY_DOOR: &str = "any";
pub const SINCE: &str = "Since";
pub const SINCE_EXAMPLE: &str = "7d, 2026-11-01";
pub const CAME_OUT: &str = "Came out";
pub const EITHER: &str = "either way";
pub const DONE: &str = "done";
pub const REFUSED: &str = "refused";
pub const SHOW: &str = "Show";
pub const WHEN: &str = "When";
pub const FROM: &str = "From";
pub const WHAT: &str = "What came of it";
pub const NOTHING: &str = "Nothing fits.";
pub const OLDER: &str = "Older";
pub const NEWEST: &str = "Newest";
pub const AS_CSV: &str = "CSV";
pub const AS_LINES: &str = "JSON Lines";
pub const NOT_THERE: &str = "nothing";
pub const BEFORE: &str = "Before";
pub const AFTER: &str = "After";
pub const VALUE: &str = "Value";

pub fn acts_for(name: &str) -> String {
    format!("for {name}")
}

pub fn changed(count: usize) -> String {
    match count {
        1 => "1 value changed".to_owned(),
        count => format!("{count} values changed"),
    }
}
