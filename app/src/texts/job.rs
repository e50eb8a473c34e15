//! A job's page: its head, what it was submitted with, its attempts and processes, why it waits.

use berth_domain::JobId;

// the page
pub fn no_number(id: &str) -> String {
    format!("'{id}' is not a job's number.")
}

pub const JOB_NUMBER: &str = "Job ";
pub const TASK: &str = ", task ";
pub const TASK_OF: &str = " of ";
pub const OF_ARRAY: &str = "array ";
pub const SUBMIT_AGAIN: &str = "Submit again";
pub const COPY_AS_COMMAND: &str = "as a command";
pub const RANKS: &str = "Ranks";
pub const RANK: &str = "Rank ";
pub const HOLDS: &str = "Holds";
pub const HELD: &str = "Held";
pub const TERMINAL: &str = "Terminal";
pub const TERMINAL_TOLD: &str = "On the node, to look at it while it runs. Ctrl-b d leaves it.";
pub const SUBMITTED_WITH: &str = "Submitted with";
pub const SAME_FROM_A_SHELL: &str = "The same from a shell";

// what happened
pub fn by(who: &str) -> String {
    format!(" by {who}")
}

pub const LOOKING_BACK: &str = "Looking back…";
pub const WHY_IT_WAITED: &str = "Why it waited";
pub const WAITED_FOR_NOTHING: &str = "It waited for nothing longer than a few seconds.";
pub const BY_THE_PLANNER: &str = "By the planner, which looked back at eight moments of each wait.";
pub const WAITED_FOR: &str = " for ";

// its attempts
pub const ATTEMPTS: &str = "Attempts";
pub const ATTEMPTS_BESIDE: &str = "Attempts beside each other";
pub const ATTEMPT: &str = "Attempt";
pub const BEGAN: &str = "Began";
pub const LASTED: &str = "Lasted";
pub const ENDED: &str = "Ended";
pub const EXIT: &str = "Exit";
pub const PEAK_MEMORY: &str = "Peak memory";
pub const ATTEMPT_NUMBER: &str = "Attempt ";
pub const UNDER_WAY: &str = "under way";

// processes on its GPUs
pub const NO_PROCESS_KNOWN: &str =
    "— None is known: its nodes do not tell, or nothing runs there yet.";
pub const PROCESSES_ON_GPUS: &str = "Processes on its GPUs";
pub const PROCESS: &str = "Process";
pub const NODE_DOES_NOT_TELL: &str = "— the node does not tell its processes";
pub const OF_ANOTHER_JOB: &str = " of another job";

// what it was submitted with
pub fn copy_of_upload(sha256: &str) -> String {
    format!("a copy of the upload {sha256}")
}

pub const ITS_RUN_FOLDER: &str = "its run folder";
pub const COPY_RUN_FOLDER: &str = "run folder";
pub const YES: &str = "yes";
pub const NO: &str = "no";
pub const TOLD_TO_SAVE: &str = "Told to save";
pub const ONE_FOR_EACH_GPU: &str = "one for each GPU";
pub const ASKS_FOR_GPUS: &str = "Asks for GPUs";
pub const AFTER_JOB: &str = "job ";
pub const AFTER_FAILED: &str = " failed";
pub const AFTER_ENDED: &str = " ended";
pub const AFTER_SUCCEEDED: &str = " succeeded";

// changing it
pub fn changed(id: JobId) -> String {
    format!("Job {id} is changed.")
}

pub const CHANGE_IT: &str = "Change it";
pub const LIMITS_WAITING: &str =
    "Limits as 90m, 6h or 1-12:00:00. The queue is planned anew at once.";
pub const LIMITS_RUNNING: &str = "Limits as 90m, 6h or 1-12:00:00, from its start on.";

// what it waits for
pub const WHAT_IT_WAITS_FOR: &str = "What it waits for";
pub const HOLDER_OF: &str = " of ";
pub const HOLDER_HOLDS: &str = " holds ";
pub const HOLDER_ON: &str = " on ";
pub const UNTIL_ABOUT: &str = " until about ";
pub const AFTER_DEADLINE: &str = "after";
pub const BEFORE_DEADLINE: &str = "before";

pub fn expected_to_end(at: &str, apart: &str, side: &str) -> String {
    format!("Expected to end {at}, {apart} {side} its deadline.")
}

pub const IT_STARTS: &str = " it starts ";
pub const START_RANGE_TOLD: &str =
    "As likely before the first time as after; nine times of ten by the second";
pub const STARTS: &str = "Starts ";
