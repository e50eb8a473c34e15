//! Values of knobs as people write them.

use std::time::Duration;

use super::{Backfill, Measure, Order, PreemptionMode, RunTimeSource};

pub(super) fn show<T: ToString>(value: &T) -> String {
    value.to_string()
}

pub(super) fn positive(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok();
    number
        .filter(|number| number.is_finite() && *number >= 0.0)
        .ok_or_else(|| "a number, 0 or more".to_owned())
}

pub(super) fn number(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok();
    number
        .filter(|number| number.is_finite())
        .ok_or_else(|| "a number".to_owned())
}

pub(super) fn count(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| "a whole number".to_owned())
}

pub(super) fn cap(text: &str) -> Result<Option<u32>, String> {
    if text == "none" {
        return Ok(None);
    }
    let number = text.parse().map(Some);
    number.map_err(|_| "a whole number or none".to_owned())
}

pub(super) fn show_cap(value: &Option<u32>) -> String {
    value.map_or_else(|| "none".to_owned(), |cap| cap.to_string())
}

pub(super) fn duration(text: &str) -> Result<Duration, String> {
    berth_domain::walltime::parse(text).map_err(|error| error.to_string())
}

pub(super) fn show_duration(value: &Duration) -> String {
    berth_domain::walltime::format(*value)
}

pub(super) fn yes(text: &str) -> Result<bool, String> {
    word(text, &[("yes", true), ("no", false)])
}

pub(super) fn show_yes(value: &bool) -> String {
    if *value { "yes" } else { "no" }.to_owned()
}

const ORDERS: &[(&str, Order)] = &[
    ("submission", Order::Submission),
    ("multifactor", Order::Multifactor),
    ("shortest", Order::Shortest),
];

pub(super) fn order(text: &str) -> Result<Order, String> {
    word(text, ORDERS)
}

pub(super) fn show_order(value: &Order) -> String {
    name_of(value, ORDERS)
}

const BACKFILLS: &[(&str, Backfill)] = &[
    ("none", Backfill::None),
    ("easy", Backfill::Easy),
    ("conservative", Backfill::Conservative),
];

pub(super) fn backfill(text: &str) -> Result<Backfill, String> {
    word(text, BACKFILLS)
}

pub(super) fn show_backfill(value: &Backfill) -> String {
    name_of(value, BACKFILLS)
}

const RUN_TIMES: &[(&str, RunTimeSource)] = &[
    ("limit", RunTimeSource::Limit),
    ("predicted", RunTimeSource::Predicted),
];

pub(super) fn run_time(text: &str) -> Result<RunTimeSource, String> {
    word(text, RUN_TIMES)
}

pub(super) fn show_run_time(value: &RunTimeSource) -> String {
    name_of(value, RUN_TIMES)
}

const MEASURES: &[(&str, Measure)] = &[
    ("mean", Measure::Mean),
    ("gittins", Measure::Gittins),
    ("median", Measure::Median),
];

pub(super) fn measure(text: &str) -> Result<Measure, String> {
    word(text, MEASURES)
}

pub(super) fn show_measure(value: &Measure) -> String {
    name_of(value, MEASURES)
}

const MODES: &[(&str, PreemptionMode)] =
    &[("off", PreemptionMode::Off), ("on", PreemptionMode::On)];

pub(super) fn mode(text: &str) -> Result<PreemptionMode, String> {
    word(text, MODES)
}

pub(super) fn show_mode(value: &PreemptionMode) -> String {
    name_of(value, MODES)
}

fn word<T: Copy>(text: &str, words: &[(&str, T)]) -> Result<T, String> {
    let found = words.iter().find(|(word, _)| *word == text);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        format!("write {}", all.join(" or "))
    })
}

fn name_of<T: PartialEq>(value: &T, words: &[(&str, T)]) -> String {
    let found = words.iter().find(|(_, known)| known == value);
    found.map_or_else(String::new, |(word, _)| (*word).to_owned())
}
