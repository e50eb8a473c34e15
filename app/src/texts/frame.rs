//! What is around every page: rail, header, messages, questions, the page of a problem, the login.

// the document
pub const DESCRIPTION: &str = "The GPU queue of a research team";

pub fn titled(title: &str) -> String {
    format!("{title} · Berth")
}

// around the page
pub const SKIP_TO_THE_PAGE: &str = "Skip to the page";
pub const JOBS_CANNOT_START: &str = "Jobs cannot start. ";

// the rail
pub const MAIN: &str = "Main";
pub const BERTH_DASHBOARD: &str = "Berth, dashboard";
pub const COUNT_OPEN: &str = " open";
pub const DASHBOARD_ALSO: &str = "home overview";
pub const JOBS_ALSO: &str = "mine list";
pub const QUEUE_ALSO: &str = "order priority move";
pub const TIMELINE_ALSO: &str = "calendar";
pub const CLUSTER_ALSO: &str = "nodes hardware";
pub const HISTORY_ALSO: &str = "analytics use";
pub const AGENTS_ALSO: &str = "automation rules ledger mandate approve stop claude";
pub const ALERTS_ALSO: &str = "problems wrong";
pub const SUBMIT_ALSO: &str = "a job new run";
pub const ADMIN_ALSO: &str = "policy quotas people users tokens";

// the header
pub const COUNT_ALLOCATED: &str = " allocated";
pub const COUNT_BUSY: &str = " busy";
pub const COUNT_WORKING: &str = " working";
pub const COUNT_QUEUED: &str = " queued";
pub const SIMULATED_TOLD: &str =
    "The GPUs and their figures are made up. Commands run for real on this host.";
pub const SIMULATED: &str = "SIMULATED";
pub const LOG_OUT: &str = "Log out";
pub const LINK_LIVE: &str = "What you see is what is.";
pub const LINK_STALE: &str = "Nothing was heard from the server for a while: figures may be old.";
pub const LINK_OFFLINE: &str = "The server cannot be reached. The page tries again by itself.";

pub fn theme(chosen: &str, next: &str) -> String {
    format!("Theme: {chosen}; switch to {next}")
}

// messages, questions and copies
pub const DISMISS: &str = "Dismiss";
pub const KEEP_IT: &str = "Keep it";

pub fn copy(what: &str) -> String {
    format!("Copy {what}")
}

pub const COPIED: &str = "Copied";
pub const OR: &str = "or ";
pub const FILL_IN_THE_FORM: &str = "fill in the form";

// in the place of a page
pub const NOT_FOUND: &str = "Not found";
pub const NOT_LOGGED_IN: &str = "Not logged in";
pub const NOT_ALLOWED: &str = "Not allowed";
pub const SERVER_DOES_NOT_ANSWER: &str = "The server does not answer";
pub const SOMETHING_IS_WRONG: &str = "Something is wrong";
pub const LOG_IN: &str = "Log in";
pub const ALL_JOBS: &str = "All jobs";
pub const TRY_AGAIN: &str = "Try again";
pub const PAGE_WAS_LEFT: &str = "The page was left.";
pub const PAGE_NOT_LOADED: &str =
    "This page could not be loaded. Load it again when the server answers.";
pub const NOT_LOADED: &str = "Not loaded";
pub const NO_SUCH_PAGE: &str = "No such page.";
pub const NO_PAGE_HERE: &str = "There is no page here";
pub const MISTYPED_OR_GONE: &str = "The address may be mistyped, or what was here is gone.";

// the login
pub const LOG_IN_TO_BERTH: &str = "Log in to Berth";
pub const OPEN_THE_LINK: &str = "Open the one-time link that an admin sent you, or that the \
    server printed when it started. For a new one ask an admin, or run on its host:";
pub const USER_NAME: &str = "User name";
pub const PASSWORD: &str = "Password";
pub const OTHER_WAYS: &str = "Other ways in";

pub fn log_in_with(name: &str) -> String {
    format!("Log in with {name}")
}

pub const USE_TOKEN: &str = "Use the token";
pub const OR_PASTE_A_TOKEN: &str = "Or paste a token";
pub const CLI_TOKEN: &str = "On the server's host the file cli.token in the data folder holds one.";
