//! The queue: its rows, moving them, what a move would change, acting on several.

use berth_domain::{JobId, PriorityClass, UserName};

use super::units;

// the page
pub const QUEUE_OF: &str = "Queue ";
pub const WAITING_NEXT_FIRST: &str = "Waiting, next first";
pub const ALL_AS_A_LIST: &str = "All that wait, as a list";
pub const GROUP_BY: &str = "Group by";
pub const PLANNED_ORDER: &str = "Planned order";
pub const BY_USER: &str = "By user";
pub const BY_PROJECT: &str = "By project";
pub const BY_SWEEP: &str = "By sweep";
pub const NO_PROJECT: &str = "No project";

pub fn of_array(name: &str, array: JobId) -> String {
    format!("{name}, array {array}")
}

pub const SINGLE_JOBS: &str = "Single jobs";

// what runs
pub const RUNNING_FIRST_TO_END: &str = "Running, first to end first ";

pub fn until(at: &str) -> String {
    format!("until {at}")
}

pub const STARTS: &str = "starts";
pub const LIMIT_ENDS_IT: &str = "When its time limit ends it, at the latest";

// several at once
pub const CHOSEN_JOBS: &str = "Chosen jobs";
pub const COUNT_CHOSEN: &str = " chosen";
pub const BULK_HELD: &str = "held";
pub const BULK_QUEUED: &str = "queued";
pub const BULK_CANCELLED: &str = "cancelled";
pub const CLASS_CHOICE: &str = "class…";
pub const LIMIT_PLACEHOLDER: &str = "limit, 6h";
pub const BULK_CHANGED: &str = "changed";
pub const NONE: &str = "None";
pub const THEY_LEAVE: &str = "They leave the queue. Their forms can be submitted again later.";
pub const CANCEL_THEM: &str = "Cancel them";

pub fn bulk_done(jobs: u64, done: &str) -> String {
    format!("{} {done}.", units::jobs(jobs))
}

pub fn cancel_jobs(jobs: u64) -> String {
    format!("Cancel {}?", units::jobs(jobs))
}

// a row
pub fn choose_job(id: JobId) -> String {
    format!("Choose job {id}")
}

pub fn move_job(id: JobId) -> String {
    format!("Move job {id}")
}

pub fn only_owner_moves(owner: &UserName) -> String {
    format!("Only {owner}, a lead or an admin can move it")
}

pub const IN_PLANNED_ORDER: &str = "Rows can be moved in the planned order";
pub const DRAG_IT: &str = "Drag it, or press Space and the arrow keys";

pub fn waits_no_more(state: &str) -> String {
    format!("It does not wait any more: it is {state}.")
}

pub const NOBODY_CAN_TELL: &str = "Nobody can tell what it waits for";

pub fn why_job_waits(id: JobId) -> String {
    format!("Why job {id} waits")
}

pub const WHY_IT_WAITS: &str = "Why it waits, and what would help";
pub const BEFORE_IT: &str = "Before it";
pub const AHEAD_OF: &str = " of ";

// what a move would change
pub const HOW_TO_DRAG: &str = "Drag a row by its grip, or press Space there and move it with the \
    arrow keys: every start that would change is shown before the drop.";
pub const WHERE_IT_IS: &str = "This is where it is.";
pub const NO_START_CHANGES: &str = "No start changes.";

pub fn toll(count: u32, user: &str, by: &str, later: &str) -> String {
    let (starts, most) = if count == 1 {
        ("starts", "")
    } else {
        ("start", "up to ")
    };
    format!(
        "{} of {user} {starts} {most}{by} {later}.",
        units::jobs(count)
    )
}

#[cfg(feature = "hydrate")]
pub fn cannot_be_told(why: &str) -> String {
    format!("What a move would change cannot be told: {why}. It can be made all the same.")
}

// the rules of a move
pub fn does_not_wait(job: JobId) -> String {
    format!("Job {job} does not wait any more.")
}

pub fn other_class(other: JobId, others: PriorityClass, job: JobId, own: PriorityClass) -> String {
    format!(
        "Job {other} is of class {others} and job {job} of class {own}: a job moves within its \
         class. Change its class instead."
    )
}

// what is spoken
pub fn picked_up(job: JobId, place: usize, of: usize) -> String {
    format!(
        "Job {job} picked up, place {place} of {of}. Arrow keys move it, Space drops it, Escape \
         puts it back."
    )
}

pub fn place(place: usize) -> String {
    format!("Place {place}.")
}

pub fn place_and_start(place: usize, when: &str) -> String {
    format!("Place {place}. It would start {when}.")
}

pub fn dropped(job: JobId, place: usize) -> String {
    format!("Job {job} dropped at place {place}.")
}

pub fn stays(job: JobId) -> String {
    format!("Job {job} stays where it was.")
}

pub fn back_for(job: JobId, rule: &str) -> String {
    format!("Job {job} is back where it was. {rule}")
}

pub fn back(job: JobId) -> String {
    format!("Job {job} is back where it was.")
}

// after a move
pub fn moved(job: JobId) -> String {
    format!("Job {job} was moved.")
}

pub const UNDO: &str = "Undo";

pub fn moved_back(job: JobId) -> String {
    format!("Job {job} is where it was before.")
}

pub fn starts_otherwise(job: JobId, at: &str, expected: &str) -> String {
    format!("The queue changed while job {job} was moved: it starts about {at}, not {expected}.")
}

pub fn stays_because(job: JobId, error: &str) -> String {
    format!("The queue changed while job {job} was moved, so it stays where it was. {error}")
}

// starts that something else would change
pub const NOBODY_WAITS: &str = "Nobody waits, so nobody's start changes.";
pub const START_DOES_NOT_CHANGE: &str = "The start of the waiting job does not change.";

pub fn no_start_changes(all: usize) -> String {
    format!("No start of the {all} waiting jobs changes.")
}
