//! Words that several rooms share.

// the pages
pub const BERTH: &str = "Berth";
pub const DASHBOARD: &str = "Dashboard";
pub const JOBS: &str = "Jobs";
pub const QUEUE: &str = "Queue";
pub const TIMELINE: &str = "Timeline";
pub const CLUSTER: &str = "Cluster";
pub const HISTORY: &str = "History";
pub const ALERTS: &str = "Alerts";
pub const SUBMIT: &str = "Submit";
pub const ADMIN: &str = "Admin";
pub const WHAT_I_AM_TOLD: &str = "What I am told";
pub const EVERYBODYS_JOBS: &str = "Everybody's jobs";

// its states
pub const NOTHING_WAITS: &str = "Nothing waits. A new job starts at once if it fits.";

// buttons and keys
pub const HOLD: &str = "Hold";
pub const RELEASE: &str = "Release";
pub const CANCEL: &str = "Cancel";
pub const CLOSE: &str = "Close";
pub const COPY_COMMAND: &str = "command";
pub const KEY_ENTER: &str = "Enter";
pub const KEY_ESC: &str = "Esc";

// small words
pub const AND: &str = "and ";
pub const MORE: &str = " more";
pub const MET: &str = "met";
pub const NOT_MET: &str = "not met";
pub const NOT_KNOWN: &str = "not known";
