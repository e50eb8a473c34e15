//! A job's log: its buttons, its search, its notes.

pub const LOG: &str = "Log";
pub const LOG_ENDED: &str = "ended";
pub const NOT_BEGUN: &str = "not begun";
pub const BEING_WRITTEN: &str = "being written";
pub const FOLLOW: &str = "Follow";
pub const WRAP: &str = "Wrap";
pub const TIMES: &str = "Times";
pub const TO_START: &str = "To the start of the log";
pub const TO_END: &str = "To the end of the log";
pub const DOWNLOAD: &str = "Download the log";
pub const WHAT_IT_WROTE: &str = "What the job wrote";
pub const NOTHING_YET: &str = "Nothing was written yet.";
pub const NOTHING: &str = "Nothing was written.";

pub fn all_here(size: &str) -> String {
    format!("All {size} are here")
}

pub fn part(from: &str, to: &str, of: &str) -> String {
    format!("{from} to {to} of {of}")
}

pub const PLACE: &str = "Place in the log";
pub const LINE: &str = "Line";
pub const LINE_TOLD: &str = "A line or a range; it is in the address then, to be sent to others";

// its search
pub const SEARCH: &str = "Search";
pub const SEARCH_TOLD: &str = "Search the log";
pub const PREVIOUS_HIT: &str = "Previous hit";
pub const NEXT_HIT: &str = "Next hit";
pub const OR_MORE: &str = " or more";

pub fn searched(percent: u64) -> String {
    format!("{percent}% searched")
}

pub const NO_HIT: &str = "none";

pub fn so_far(place: usize, count: usize) -> String {
    format!("{place} of {count} so far")
}

pub fn hit(place: usize, count: &str, more: &str) -> String {
    format!("{place} of {count}{more}")
}

// its notes
pub fn attempt_begins(attempt: u32, before: u32) -> String {
    format!("Attempt {attempt} begins here. What attempt {before} wrote is kept.")
}

pub fn bytes_missing(gap: &str) -> String {
    format!("{gap} bytes are missing here: of a long log only the beginning and the end are kept.")
}
