//! When its turn comes: class, the jobs that it waits for, the times that it keeps to.

use jiff::Timestamp;

use super::MAX_DEPENDENCIES;
use crate::refusal::Refusal;
use crate::spec::{Dependency, PriorityClass};

pub(super) fn class(text: Option<&str>) -> Result<PriorityClass, Refusal> {
    text.map_or(Ok(PriorityClass::default()), |text| {
        text.parse()
            .map_err(|message: String| Refusal::invalid("class", format!("{message}.")))
    })
}

pub(super) fn dependencies(texts: &[String]) -> Result<Vec<Dependency>, Refusal> {
    if texts.len() > MAX_DEPENDENCIES {
        return Err(Refusal::invalid(
            "after",
            format!(
                "{} dependencies; at most {MAX_DEPENDENCIES} are accepted.",
                texts.len()
            ),
        ));
    }
    let parse = |text: &String| {
        text.parse()
            .map_err(|message: String| Refusal::invalid("after", format!("{message}.")))
    };
    texts.iter().map(parse).collect()
}

pub(super) fn begin(text: Option<&str>) -> Result<Option<Timestamp>, Refusal> {
    text.map(|text| time("begin", text)).transpose()
}

/// A time of a field.
///
/// # Errors
/// When it is no time.
pub fn time(field: &str, text: &str) -> Result<Timestamp, Refusal> {
    text.trim().parse().map_err(|_| {
        Refusal::invalid(
            field,
            format!(
                "'{}' is not a time such as 2026-11-30T18:00:00Z.",
                text.escape_debug()
            ),
        )
    })
}
