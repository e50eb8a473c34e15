//! The palette: what can be found, and what it says about finding.

use berth_domain::{CampaignId, JobId};

use crate::format;

// the field, and the button that opens it
pub const FIND_ANYTHING: &str = "Find anything";
pub const FIND_WHAT: &str = "Find pages, jobs, nodes and actions";
pub const PLACEHOLDER: &str = "A page, a job, a node or an action";
pub const NOT_LOADED: &str =
    "What finds could not be loaded. Open this again when the server answers.";
pub const KEYS_APPLE: &str = "⌘ K";
pub const KEYS: &str = "Ctrl K";

// what was found
pub const FOUND: &str = "What was found";
pub const CHOOSE: &str = " choose ";
pub const GO: &str = " go";
pub const NOTHING_FITS: &str = "Nothing fits “";
pub const NOTHING_FITS_END: &str = "”. ";
pub const FOUND_ARE: &str = "Found are pages, jobs by number, name or owner, nodes, campaigns that go on, and \
    actions such as cancel 17.";
pub const LOOKING: &str = "Looking among all jobs…";
pub const ONLY_KNOWN: &str = "The server does not answer: only what the page knows was searched.";

// its groups
pub const RECENT: &str = "Recent";
pub const THIS_JOB: &str = "This job";
pub const PAGES: &str = "Pages";
pub const NODES: &str = "Nodes";
pub const ACTIONS: &str = "Actions";
pub const MORE_JOBS: &str = "More jobs";

// what people type
pub const TYPED_JOB: &str = "job";
pub const TYPED_CANCEL: &str = "cancel";
pub const TYPED_STOP: &str = "stop";
pub const TYPED_HOLD: &str = "hold";
pub const TYPED_RELEASE: &str = "release";
pub const TYPED_REQUEUE: &str = "requeue";
pub const TYPED_RERUN: &str = "rerun";
pub const TYPED_NODE: &str = "node";
pub const TYPED_CAMPAIGN: &str = "campaign";

// its options
pub fn job(id: JobId) -> String {
    format!("Job {id}")
}

pub fn campaign(id: CampaignId, name: &str) -> String {
    format!("Campaign {id} {name}")
}

pub const EVERYBODYS_JOBS_ALSO: &str = "all";
pub const RESERVE_GPUS: &str = "Reserve GPUs";
pub const RESERVE_GPUS_ALSO: &str = "reservation calendar";
pub const ASK: &str = "Ask";
pub const ASK_ALSO: &str = "assistant question chat talk";
pub const CAMPAIGNS: &str = "Campaigns";
pub const CAMPAIGNS_ALSO: &str = "sweep search hyperparameters trials tune";
pub const PROJECTS: &str = "Projects";
pub const PROJECTS_ALSO: &str = "quota budget gpu-hours members team";
pub const SETTINGS: &str = "Settings";
pub const SETTINGS_ALSO: &str = "notifications mail slack";
pub const STYLEGUIDE: &str = "Styleguide";
pub const STYLEGUIDE_ALSO: &str = "tokens components design";

pub fn act_on_job(act: &str, id: JobId, name: &str) -> String {
    format!("{act} job {id}, {name}")
}

pub const THEME_OF_SYSTEM: &str = "Theme as the system has it";
pub const LIGHT_THEME: &str = "Light theme";
pub const DARK_THEME: &str = "Dark theme";
pub const THEME_ALSO: &str = "colours mode appearance";
pub const KEYS_AND_HELP: &str = "Keys and help";
pub const KEYS_AND_HELP_ALSO: &str = "shortcuts keyboard";

pub fn typed_cancel(id: JobId) -> String {
    format!("{TYPED_CANCEL} {id}")
}

pub fn found(count: u64) -> String {
    format!("{} found", format::thousands(count))
}
