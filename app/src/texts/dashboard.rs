//! The dashboard: its figures, what waits next, when GPUs are free, and looking back.

// looking back
pub const NOW: &str = "Now";
pub const TIME_MACHINE: &str = "Time machine";
pub const ANY_MINUTE: &str = "The cluster at any minute of the last month";
pub const LOOK_BACK: &str = "Look back";
pub const HOUR_EARLIER: &str = "An hour earlier";
pub const MINUTES_BEFORE_NOW: &str = "Minutes before now";
pub const HOUR_LATER: &str = "An hour later";
pub const BACK_TO_NOW: &str = "Back to now";
pub const PUTS_TOGETHER: &str = "Puts that time together.";

// the figures
pub const NO_GPU_TELLS_IT: &str = "No GPU tells it";
pub const GPUS_FREE: &str = "GPUs free";
pub const GPUS_FREE_TOLD: &str = "Neither held, nor cordoned, nor used by others";
pub const ALLOCATED: &str = "allocated";
pub const ALLOCATED_TOLD: &str = "GPUs that jobs hold";
pub const BUSY: &str = "busy";
pub const BUSY_TOLD: &str = "The share of time in which any kernel ran, over all GPUs";
pub const WORKING: &str = "working";
pub const WORKING_TOLD: &str =
    "The share of multiprocessors that had work, over the GPUs that tell it";
pub const RUNNING: &str = "running";
pub const RUNNING_TOLD: &str = "Jobs that hold GPUs";
pub const QUEUED: &str = "queued";
pub const QUEUED_TOLD: &str = "Jobs that wait for their turn";
pub const HELD: &str = "held";
pub const HELD_TOLD: &str = "Jobs that somebody holds back";

// what is wrong
pub fn and_more(more: usize) -> String {
    format!("and {more} more")
}

pub const ANSWER: &str = "Answer";
pub const ANSWER_IT_THERE: &str = "Answer it on the page Alerts";

// the nodes
pub const NO_NODE_YET: &str = "No node has reported yet. The page Cluster says what Berth runs on.";

// the scores of the week
pub const LAST_7_DAYS: &str = "Last 7 days ";

pub fn score_told(definition: &str, goal: &str) -> String {
    format!("{definition} Goal: {goal}.")
}

// what waits next, what ended
pub const NO_JOB_YET: &str = "No job yet. Submit the first one:";
pub const NEXT_UP: &str = "Next up ";
pub const FINISHED: &str = "Finished";
pub const ALL_FINISHED_JOBS: &str = "All finished jobs";

// when GPUs are free
pub const NEVER: &str = "never: the cluster has fewer";
pub const FREE: &str = "Free";
pub const FREE_IF: &str = "If every running job used its whole time limit and nobody was before \
    you. Usually it is sooner.";

/// `in 25 min` stands by itself; a clock time wants a word before it.
pub fn at_the_latest(when: &str) -> String {
    let by = if when.starts_with("in ") { "" } else { "by " };
    format!("{by}{when}{AT_THE_LATEST}")
}

pub const AT_THE_LATEST: &str = " at the latest";

pub fn by_at_the_latest(when: &str) -> String {
    format!("by {when}{AT_THE_LATEST}")
}
