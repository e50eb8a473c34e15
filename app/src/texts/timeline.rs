//! The timeline: what is shown, its bars and what is told of them, the table, the past.

use berth_domain::{JobId, UserName};

use crate::format;

// the page
pub const WHAT_IS_SHOWN: &str = "What is shown";
pub const HOW_MUCH_TIME: &str = "How much time";
pub const CALENDAR_TOLD: &str = "What is reserved in a week";
pub const CALENDAR: &str = "Calendar";
pub const WHICH_TIME: &str = "Which time";
pub const EARLIER: &str = "Earlier";
pub const WEEK_BEFORE: &str = "The week before";
pub const FOLLOWS_THE_TIME: &str = "Follows the time";
pub const NOW: &str = "Now";
pub const TODAY: &str = "Today";
pub const LATER: &str = "Later";
pub const WEEK_AFTER: &str = "The week after";
pub const RESERVE: &str = "Reserve";
pub const HOUR: &str = "Hour";
pub const SIX_HOURS: &str = "6 h";
pub const DAY: &str = "Day";
pub const WEEK: &str = "Week";
pub const MONTH: &str = "Month";

// the chart
pub const CHART_TOLD: &str =
    "Timeline. Left and right move in time, plus and minus zoom, down goes to the bars.";
pub const DRAG_TO_RESERVE: &str = "Drag to reserve";
pub const THEN: &str = "then";
pub const PATTERNS: &str = "What the patterns mean";
pub const ENDED_WELL: &str = "ended well";
pub const FAILED: &str = "failed";
pub const TIME_RAN_OUT: &str = "time ran out";
pub const CANCELLED: &str = "cancelled";
pub const MANY_TOGETHER: &str = "many, drawn together";
pub const RUNS: &str = "runs";
pub const UP_TO_LIMIT: &str = "up to its limit";
pub const EXPECTED_END: &str = "expected end";
pub const LIKELY_TO_START: &str = "likely to start";
pub const RESERVED: &str = "reserved";

// a node
pub const GONE: &str = "gone";
pub const ONE_LANE: &str = "one lane";
pub const ROW_FOR_EACH_GPU: &str = "a row for each GPU";

pub fn held_now(held: u32, gpus: u32) -> String {
    format!("{held} of {gpus} GPUs held now")
}

// a bar
pub const IS_RUNNING: &str = "running";

pub fn bar(job: JobId, name: &str, user: &UserName, gpus: &str, how: &str) -> String {
    format!("Job {job}, {name}, {user}, {gpus}, {how}")
}

pub fn many(attempts: u64) -> String {
    format!("{} that ended", format::count(attempts, "short attempt"))
}

// what waits
pub const WAITING_TOLD: &str = "Waiting jobs and when they are likely to start";
pub const REST_MORE: &str = "more";
pub const REST_UNKNOWN: &str = "unknown";
pub const REST_TOLD: &str = "More than fit here, later than what is in view, and those whose \
    start nobody can foretell: held, or waiting for something else than GPUs";

pub fn waiting_bar(job: JobId, name: &str, user: &UserName, gpus: &str) -> String {
    format!("Job {job}, {name}, {user}, {gpus}, waiting")
}

// what is told of a bar
pub fn since(word: &str, from: &str, long: &str) -> String {
    format!("{word} since {from}, {long}")
}

pub fn limit_ends_it(at: &str) -> String {
    format!("Its limit ends it at {at}")
}

pub fn expected_to_end(at: &str) -> String {
    format!("Expected to end about {at}")
}

pub const EXPECTED_BY_NOW: &str = "Expected to have ended by now";
pub const NO_SUCH_JOB_KNOWN: &str = "— no such job is known that tells when it ends";

pub fn gpus_on(gpus: &str, nodes: &str) -> String {
    format!("{gpus} on {nodes}")
}

pub fn starts(words: &str) -> String {
    format!("Starts {words}")
}

pub fn at_most(gpus: &str, long: &str) -> String {
    format!("{gpus}, {long} at most")
}

pub fn reserved_for(what: &str, who: &str) -> String {
    format!("{what} for {who}")
}

pub fn over_at(how: &str, at: &str) -> String {
    format!("{how} at {at}")
}

pub fn nobody_came_yet(how: &str) -> String {
    format!("{how}; nobody of its holder's came yet")
}

pub fn comes(again: &str) -> String {
    format!("Comes {again}")
}

// as a table
pub const SAME_AS_A_TABLE: &str = "The same as a table";
pub const TABLE_TOLD: &str =
    "Attempts that held GPUs in this time, those that do, and waiting jobs";
pub const WHAT: &str = "What";
pub const RUNNING_TO_LIMIT: &str = "Running, up to its limit";
pub const WAITING_AS_FORECAST: &str = "Waiting, as forecast";
pub const ENDED_BEFORE: &str = " that ended before are left out here.";

// the past
pub const THEN_AT: &str = "Then, ";
pub const WHO_HELD_GPUS: &str = "Who held GPUs ";
pub const NOBODY_HELD: &str = "Nobody held a GPU.";
