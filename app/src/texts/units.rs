//! Times, sizes and counts in words.

use crate::format;

pub fn utc(clock: &str) -> String {
    format!("{clock} UTC")
}

pub fn utc_on(day: &str, month: &str, clock: &str) -> String {
    format!("{day} {month} {clock} UTC")
}

pub const JUST_NOW: &str = "just now";
pub const NOW: &str = "now";

pub fn ago(long: &str) -> String {
    format!("{long} ago")
}

pub fn ahead(long: &str) -> String {
    format!("in {long}")
}

pub fn seconds(seconds: i64) -> String {
    format!("{seconds} s")
}

pub fn minutes(minutes: i64) -> String {
    format!("{minutes} min")
}

pub const H: &str = "h";
pub const MIN: &str = "min";
pub const D: &str = "d";
pub const BYTE: &str = "byte";

pub fn many(count: &str, one: &str) -> String {
    format!("{count} {one}s")
}

pub const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
pub const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
pub const WEEKDAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

// so many of them
pub fn gpus(n: impl Into<u64>) -> String {
    format::count(n, "GPU")
}

pub fn jobs(n: impl Into<u64>) -> String {
    format::count(n, "job")
}

pub fn gib(size: &str) -> String {
    format!("{size} GiB")
}

pub fn gpu_seconds(seconds: f64) -> String {
    format!("{seconds:.0} GPU-s")
}

pub fn gpu_hours(value: f64) -> String {
    format!("{value:.1} GPU-h")
}

pub fn from_to(from: &str, to: &str) -> String {
    format!("{from} to {to}")
}

pub fn from_to_for(from: &str, to: &str, long: &str) -> String {
    format!("{from} to {to}, {long}")
}
