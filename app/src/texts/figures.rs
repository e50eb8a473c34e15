//! The figures of the history: titles, columns, rows and what is said below them.

// use over time
pub const OVER_TIME: &str = "Utilisation over time";

pub fn from_in(zone: &str) -> String {
    format!("From ({zone})")
}

pub const BY_HOUR: &str = "Utilisation by hour of the day";

pub fn hour_in(zone: &str) -> String {
    format!("Hour ({zone})")
}

pub fn whole_hour(hour: usize) -> String {
    format!("{hour:02}:00 to {hour:02}:59")
}

pub const BY_WEEKDAY: &str = "Utilisation by day of the week";

pub fn day_in(zone: &str) -> String {
    format!("Day ({zone})")
}

pub const ALLOCATED: &str = "allocated";
pub const BUSY: &str = "busy";
pub const WORKING: &str = "working";

// use by user and project
pub const WASTED: &str = "wasted";
pub const NOT_SEEN: &str = "not seen";
pub const JOBS: &str = "jobs";
pub const ENERGY: &str = "energy";
pub const COST_OF_ENERGY: &str = "cost of energy";
pub const COST_OF_GPU_HOURS: &str = "cost of GPU-hours";
pub const ONE_OTHER: &str = "1 other";

pub fn others(others: u32) -> String {
    format!("{others} others")
}

// waits
pub const WAIT_BY_SIZE: &str = "Wait by size";
pub const SIZE: &str = "Size";
pub const WAIT_BY_CLASS: &str = "Wait by class";
pub const P50: &str = "p50";
pub const P90: &str = "p90";
pub const P99: &str = "p99";
pub const MEAN: &str = "mean";

// by the hour, the day or the week
pub const HOUR: &str = "Hour";
pub const DAY: &str = "Day";
pub const WEEK: &str = "Week";

pub fn per(title: &str, period: &str) -> String {
    format!("{title} per {period}")
}

pub fn week_from(day: &str) -> String {
    format!("week from {day}")
}

pub const FORECASTS_THAT_HELD: &str = "Forecasts that held";
pub const STARTED_BY_P50: &str = "started by p50";
pub const STARTED_BY_P90: &str = "started by p90";
pub const STARTS_WITH_FORECAST: &str = "starts with a forecast";
pub const MEDIAN_ERROR: &str = "median error";
pub const HOW_ATTEMPTS_ENDED: &str = "How attempts ended";
pub const STARTS: &str = "starts";
pub const ENERGY_TITLE: &str = "Energy";
pub const COST_TITLE: &str = "Cost";

// what they do not say by themselves
pub const UTILISATION_NOTE: &str = "Allocated is held by leases; busy is when a kernel ran, also \
    of processes outside the queue; working is how much of the chip had work. About a user or \
    project: what their jobs did, as a share of all GPUs.";
pub const GPU_HOURS_NOTE: &str =
    "Wasted is held while no kernel ran. What nobody saw is neither busy nor wasted.";
pub const WAITS_NOTE: &str =
    "From when nothing but GPUs was missing to the first lease. The axis widens what is short.";
pub const FORECASTS_NOTE: &str = "Of the jobs that waited and then started: by p50 half of them \
    should have, by p90 nine of ten.";
pub const OUTCOMES_NOTE: &str = "Each attempt counts, so a job that was tried twice counts twice. \
    Jobs that never started do not.";
pub const ENERGY_NOTE: &str =
    "Of all GPUs, also idle ones; about a user or project of the GPUs that they held.";
pub const COST_NOTE: &str =
    "Two ways to price the same: by energy, and by the hour that a GPU is held.";
pub const BY_USER: [&str; 3] = ["GPU-hours by user", "User", "no user"];
pub const BY_PROJECT: [&str; 3] = ["GPU-hours by project", "Project", "no project"];
