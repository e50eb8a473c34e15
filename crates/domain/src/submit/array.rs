//! Arrays: one job for each number of a list.

use super::MAX_ARRAY_TASKS;
use crate::refusal::Refusal;

/// The tasks of an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArrayRequest {
    /// Rising, without repeats, not empty.
    pub indices: Vec<u32>,
    pub limit: Option<u32>,
}

pub(super) fn array(text: &str) -> Result<ArrayRequest, Refusal> {
    let refuse = || {
        Refusal::invalid(
            "array",
            format!(
                "'{}' is not an array: write 0-9, 1,3,5 or 0-9:2, and %4 for four at once.",
                text.escape_debug()
            ),
        )
    };
    let (list, limit) = match text.split_once('%') {
        None => (text, None),
        Some((list, limit)) => {
            let limit: u32 = limit.parse().ok().filter(|n| *n > 0).ok_or_else(refuse)?;
            (list, Some(limit))
        }
    };
    let mut indices = std::collections::BTreeSet::new();
    for part in list.split(',') {
        let (range, step) = match part.split_once(':') {
            None => (part, 1),
            Some((range, step)) => (range, step.parse::<usize>().map_err(|_| refuse())?),
        };
        let (from, to) = range.split_once('-').unwrap_or((range, range));
        let from: u32 = from.trim().parse().map_err(|_| refuse())?;
        let to: u32 = to.trim().parse().map_err(|_| refuse())?;
        if to < from || step == 0 {
            return Err(refuse());
        }
        indices.extend((from..=to).step_by(step).take(MAX_ARRAY_TASKS + 1));
        if indices.len() > MAX_ARRAY_TASKS {
            return Err(Refusal::invalid(
                "array",
                format!("An array has at most {MAX_ARRAY_TASKS} tasks; split this one."),
            ));
        }
    }
    Ok(ArrayRequest {
        indices: indices.into_iter().collect(),
        limit,
    })
}
