//! What one may hold and use.

use berth_domain::Period;

pub const HOLDS: &str = "Holds";
pub const SAID_HOLDS: &str = "holds";
pub const MAY_HOLD: &str = "May hold";
pub const AS_EVERYBODY: &str = " as everybody";
pub const NO_LIMIT: &str = "no limit";

pub fn hard_limit(gpus: u32) -> String {
    format!("{gpus}, hard")
}

pub fn soft_limit(gpus: u32) -> String {
    format!("{gpus}, soft")
}

pub const BUDGET: &str = "GPU-hours";
pub const SAID_BUDGET: &str = "GPU-hours";
pub const SHARES_HEAD: &str = "Shares";
pub const SAID_SHARES: &str = "shares";
pub const OF: &str = " of ";
pub const COMMA: &str = ", ";
pub const USED_UP_UNTIL: &str = "used up, until ";
pub const USED_UP_AT: &str = "at this pace used up ";

/// `2,000 a month, soft`.
pub fn budget(gpu_hours: &str, period: Period, hard: bool) -> String {
    let kind = if hard { "hard" } else { "soft" };
    format!("{gpu_hours} {}, {kind}", each(period))
}

pub fn each(period: Period) -> &'static str {
    match period {
        Period::Day => "a day",
        Period::Week => "a week",
        Period::Month => "a month",
    }
}

pub fn used(gpu_hours: f64) -> String {
    format!("{gpu_hours:.1}")
}

pub fn comes_to(gpu_hours: f64) -> String {
    format!("at this pace {gpu_hours:.0} by ")
}
