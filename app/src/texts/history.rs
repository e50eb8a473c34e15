//! History: the range, headlines, the frame of a figure, the scoreboard.

// the page
pub const NOTHING_YET: &str = "Nothing had happened yet in this range. Choose a later one.";
pub const SAME_HOURS: &str = "the same hours of the day before";

pub fn same_days(days: u32) -> String {
    format!("the same days and hours {days} days earlier")
}

pub fn show_in_your_time(zone: &str) -> String {
    format!("Show in your time, {zone}")
}

pub fn range(since: &str, until: &str, zone: &str, before: &str) -> String {
    format!("From {since} to {until} {zone}, compared with {before}.")
}

pub const NO_PRICE_IS_SET: &str = "Costs are — where no price is set. In ";
pub const NO_PRICE_THEN: &str = ", then ";
pub const NO_PRICE_AND: &str = " and ";
pub const NO_PRICE_RESTART: &str = "; then restart the server.";

// the filter
pub const HOURS_24: &str = "24 hours";
pub const DAYS_7: &str = "7 days";
pub const DAYS_28: &str = "28 days";
pub const DAYS_90: &str = "90 days";
pub const WHICH_TIME: &str = "Which time";
pub const DAYS: &str = "Days";
pub const TO: &str = "to";
pub const ALL_USERS: &str = "All users";
pub const ALL_PROJECTS: &str = "All projects";
pub const ALL_NODES: &str = "All nodes";
pub const SHOW: &str = "Show";

// the scoreboard
pub const SCOREBOARD: &str = "Scoreboard";
pub const GOAL: &str = " Goal: ";

// the headlines
pub const IN_SHORT: &str = "In short";
pub const HELD: &str = "Held";
pub const WASTED: &str = "Wasted";
pub const MEDIAN_WAIT: &str = "Median wait";
pub const STARTS: &str = "Starts";
pub const FAILURES: &str = "Failures";
pub const FORECASTS_KEPT: &str = "Forecasts kept by p90";
pub const ENERGY: &str = "Energy";
pub const COST_OF_ENERGY: &str = "Cost of energy";
pub const COST_OF_GPU_HOURS: &str = "Cost of GPU-hours";
pub const BEFORE_NOT_KNOWN: &str = "before: not known";
pub const CHANGE_MORE: &str = "more";
pub const CHANGE_LESS: &str = "less";
pub const AS_BEFORE: &str = "as before";

pub fn points(arrow: &str, points: f64, more: &str) -> String {
    format!("{arrow} {points:.1} points {more}")
}

pub fn before(was: &str) -> String {
    format!("▲ before: {was}")
}

pub fn times_as_much(times: f64) -> String {
    format!("▲ {times:.1} times as much")
}

// the frame of a figure
pub fn as_file(title: &str, what: &str) -> String {
    format!("{title} as {what}")
}

pub const NOTHING_KNOWN: &str = "Nothing is known of this in the range.";

pub fn as_table(title: &str) -> String {
    format!("{title}, as a table")
}

pub const NUMBERS: &str = "Numbers";
