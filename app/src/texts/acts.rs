//! What can be done to jobs and arrays: the buttons, the questions before, what is said after.

use berth_domain::JobId;

// a job
pub const RUN_AGAIN: &str = "Run again";
pub const REQUEUE: &str = "Requeue";

pub fn cancelled(id: JobId) -> String {
    format!("Job {id} is cancelled.")
}

pub fn held(id: JobId) -> String {
    format!("Job {id} is held: it does not start until it is released.")
}

pub fn queued(id: JobId) -> String {
    format!("Job {id} is queued.")
}

pub fn queued_again(id: JobId) -> String {
    format!("Job {id} is queued again.")
}

pub fn cancel(id: JobId, name: &str) -> String {
    format!("Cancel job {id}, {name}?")
}

pub const PROCESSES_GET_SIGTERM: &str = "Its processes get SIGTERM, a grace to save, then SIGKILL.";
pub const CANCEL_THE_JOB: &str = "Cancel the job";
pub const LEAVES_THE_QUEUE: &str = "It leaves the queue. Its form can be submitted again later.";

pub fn stop_and_queue(id: JobId, name: &str) -> String {
    format!("Stop job {id}, {name}, and queue it again?")
}

pub const UNSAVED_IS_LOST: &str = "What it has not saved is lost. It starts from the beginning.";
pub const REQUEUE_THE_JOB: &str = "Requeue the job";
pub const PERHAPS_NOTHING_WAS_DONE: &str =
    "The server did not answer, so perhaps nothing was done. Look again when the page is live.";

pub fn of_job(act: &str, id: JobId) -> String {
    format!("{act} job {id}")
}

// an array
pub const CANCEL_ALL: &str = "Cancel all";
pub const HOLD_ALL: &str = "Hold all";
pub const RELEASE_ALL: &str = "Release all";
pub const RETRY_FAILED: &str = "Retry failed";
pub const ARRAY_CANCELLED: &str = "cancelled";
pub const ARRAY_HELD: &str = "held";
pub const ARRAY_RELEASED: &str = "released";
pub const ARRAY_QUEUED_AGAIN: &str = "queued again";

pub fn array_done(some: usize, total: u32, id: JobId, done: &str) -> String {
    format!("{some} of the {total} tasks of array {id}: {done}.")
}

pub fn cancel_array(count: u32, array: JobId, name: &str) -> String {
    format!("Cancel {count} tasks of array {array}, {name}?")
}

pub const ARRAY_TASKS_GET_SIGTERM: &str =
    "Those that run get SIGTERM, a grace to save, then SIGKILL; the others leave the queue.";

pub fn of_array(act: &str, id: JobId) -> String {
    format!("{act} of array {id}")
}
