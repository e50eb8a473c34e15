//! Words that several rooms share.

// the pages
pub const BERTH: &str = "Berth";
pub const DASHBOARD: &str = "Dashboard";
pub const JOBS: &str = "Jobs";
pub const QUEUE: &str = "Queue";
pub const TIMELINE: &str = "Timeline";
pub const CLUSTER: &str = "Cluster";
pub const HISTORY: &str = "History";
pub const AGENTS: &str = "Agents";
pub const ALERTS: &str = "Alerts";
pub const SUBMIT: &str = "Submit";
pub const ADMIN: &str = "Admin";
pub const WHAT_I_AM_TOLD: &str = "What I am told";
pub const SETTINGS: &str = "Settings";
pub const EVERYBODYS_JOBS: &str = "Everybody's jobs";

// a job and what it asks for
pub const JOB: &str = "Job";
pub const NAME: &str = "Name";
pub const OWNER: &str = "Owner";
pub const USER: &str = "User";
pub const STATE: &str = "State";
pub const CLASS: &str = "Class";
pub const GPU: &str = "GPU";
pub const GPUS: &str = "GPUs";
pub const NODES: &str = "Nodes";
pub const TIME_LIMIT: &str = "Time limit";
pub const COMMAND: &str = "Command";
pub const PROJECT: &str = "Project";
pub const FOLDER: &str = "Folder";
pub const RUN_FOLDER: &str = "Run folder";
pub const ENVIRONMENT: &str = "Environment";
pub const PROCESSES: &str = "Processes";
pub const RETRIES: &str = "Retries";
pub const PREEMPTIBLE: &str = "Preemptible";
pub const AFTER: &str = "After";
pub const NOT_BEFORE: &str = "Not before";
pub const DEADLINE: &str = "Deadline";

// its states
pub const HELD: &str = "Held";
pub const WAITING: &str = "Waiting";
pub const STARTING: &str = "Starting";
pub const RUNNING: &str = "Running";
pub const STOPPING: &str = "Stopping";
pub const FINISHED: &str = "Finished";
pub const CANCELLED: &str = "Cancelled";
pub const WAITS_TO_BE_PLANNED: &str = "Waits to be planned.";
pub const NOTHING_WAITS: &str = "Nothing waits. A new job starts at once if it fits.";

// what GPUs do
pub const ALLOCATED: &str = "Allocated";
pub const BUSY: &str = "Busy";
pub const WORKING: &str = "Working";
pub const MEMORY: &str = "Memory";
pub const POWER: &str = "Power";
pub const NOT_OBSERVED: &str = "Not observed";

// buttons and keys
pub const SUBMIT_A_JOB: &str = "Submit a job";
pub const HOLD: &str = "Hold";
pub const RELEASE: &str = "Release";
pub const CANCEL: &str = "Cancel";
pub const CHANGE: &str = "Change";
pub const PREVIEW: &str = "Preview";
pub const LOOK_AGAIN: &str = "Look again";
pub const CLOSE: &str = "Close";
pub const COPY_COMMAND: &str = "command";
pub const KEY_ENTER: &str = "Enter";
pub const KEY_ESC: &str = "Esc";

// small words
pub const FROM: &str = "From";
pub const TO: &str = "To";
pub const AND: &str = "and ";
pub const MORE: &str = " more";
pub const EARLIER: &str = "earlier";
pub const LATER: &str = "later";
pub const MET: &str = "met";
pub const NOT_MET: &str = "not met";
pub const NOT_KNOWN: &str = "not known";

pub fn project(project: &str) -> String {
    format!("project {project}")
}
