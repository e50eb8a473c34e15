//! Lists of jobs: the page, its filter, a row, an array, a state.

use berth_domain::JobId;

// the page
pub const NO_JOBS_OF_YOURS: &str = "You have no jobs yet. Submit one:";
pub const NO_JOBS: &str = "There are no jobs yet. Submit one:";
pub const NO_JOB_FITS: &str = "No job fits this filter.";
pub const LOOK_AMONG_EVERYBODYS: &str = "Look among everybody's jobs";

pub fn array(id: JobId, name: &str) -> String {
    format!("Array {id}, {name}")
}

pub const NEWEST_FIRST: &str = "Jobs, newest first";
pub const PAGES: &str = "Pages";
pub const NEWEST: &str = "Newest";
pub const OLDER: &str = "Older";

// the filter
pub const ANY_STATE: &str = "Any state";
pub const NOT_FINISHED: &str = "Not finished";
pub const QUEUED: &str = "Queued";
pub const WHOSE_JOBS: &str = "Whose jobs";
pub const MINE: &str = "Mine";
pub const ALL: &str = "All";
pub const NAME_OR_NUMBER: &str = "Name or number";
pub const FILTER: &str = "Filter";
pub const FOCUSES_THE_FILTER: &str = "Focuses the filter; ? tells all keys";

// a row
pub const ASKED: &str = "Asked";
pub const SUBMITTED: &str = "Submitted";
pub const RAN: &str = "Ran";
pub const ACTIONS: &str = "Actions";

pub fn job(id: JobId, name: &str) -> String {
    format!("Job {id}, {name}")
}

pub fn exit_code(code: i32) -> String {
    format!("Exit code {code}")
}

// an array
pub fn tasks(count: u32) -> String {
    format!("{count} tasks")
}

pub const TASKS_DONE: &str = "done";
pub const TASKS_FAILED: &str = "failed";
pub const TASKS_RUNNING: &str = "running";
pub const TASKS_WAITING: &str = "waiting";
pub const TASKS_HELD: &str = "held";
pub const TASKS_CANCELLED: &str = "cancelled";

// in a narrow list
pub const LINE_RAN: &str = "ran ";
pub const LINE_THEN_ENDED: &str = ", ended ";
pub const LINE_ENDED: &str = "ended ";

pub fn line_code(code: i32) -> String {
    format!(", code {code}")
}

// a state, an outcome
pub const SUCCEEDED: &str = "Succeeded";
pub const TIMED_OUT: &str = "Timed out";
pub const OUT_OF_MEMORY: &str = "Out of memory";
pub const NOT_LAUNCHED: &str = "Not launched";
pub const LOST: &str = "Lost";
pub const FAILED: &str = "Failed";
pub const PREEMPTED: &str = "Preempted";
pub const QUEUED_AGAIN: &str = "Queued again";
pub const GPU_BROKEN: &str = "GPU broken";
pub const STOPPED_IDLE: &str = "Stopped idle";
