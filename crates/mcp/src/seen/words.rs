//! Small things that everything told is made of: times, counts, GPUs of nodes.

use berth_domain::{PriorityClass, StateName, Timestamp};
use rmcp::schemars::{self, JsonSchema};
use serde::{Deserialize, Serialize};

/// Where a job is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(inline)]
pub enum State {
    Held,
    Queued,
    Starting,
    Running,
    Stopping,
    Finished,
}

impl From<StateName> for State {
    fn from(state: StateName) -> Self {
        match state {
            StateName::Held => State::Held,
            StateName::Queued => State::Queued,
            StateName::Starting => State::Starting,
            StateName::Running => State::Running,
            StateName::Stopping => State::Stopping,
            StateName::Finished => State::Finished,
        }
    }
}

/// Which of two waiting jobs goes first, whatever their order in the queue. Only a lead or an admin can use
/// `critical`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Class {
    Low,
    Normal,
    High,
    Critical,
}

impl From<PriorityClass> for Class {
    fn from(class: PriorityClass) -> Self {
        match class {
            PriorityClass::Low => Class::Low,
            PriorityClass::Normal => Class::Normal,
            PriorityClass::High => Class::High,
            PriorityClass::Critical => Class::Critical,
        }
    }
}

impl Class {
    pub fn as_str(self) -> &'static str {
        match self {
            Class::Low => "low",
            Class::Normal => "normal",
            Class::High => "high",
            Class::Critical => "critical",
        }
    }
}

/// `2026-11-30T18:00:00Z`.
pub fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `2026-11-30 18:00`, for sentences.
pub fn at(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

/// `1 GPU`, `4 GPUs`, `no GPU`.
pub fn gpus(count: u32) -> String {
    match count {
        0 => "no GPU".to_owned(),
        1 => "1 GPU".to_owned(),
        count => format!("{count} GPUs"),
    }
}

/// `1 job`, `3 jobs`.
pub fn counted(count: usize, what: &str) -> String {
    if count == 1 {
        format!("1 {what}")
    } else {
        format!("{count} {what}s")
    }
}

/// When something starts that is as likely before `p50` as after, and nine times of ten by `p90`.
pub fn start(p50: Option<Timestamp>, p90: Option<Timestamp>) -> Option<String> {
    let p50 = p50?;
    Some(match p90.filter(|p90| *p90 > p50) {
        Some(p90) => format!(
            "about {} UTC, nine times of ten by {} UTC",
            at(p50),
            at(p90)
        ),
        None => format!("about {} UTC", at(p50)),
    })
}

/// A figure that is not known is left out, and one that is no number too.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
pub fn unknown(figure: &Option<f32>) -> bool {
    figure.is_none_or(|figure| !figure.is_finite())
}

/// Lines one below the other; nothing for none.
pub fn lines(lines: impl IntoIterator<Item = String>) -> String {
    let lines: Vec<String> = lines.into_iter().collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_one_and_many() {
        assert_eq!((gpus(0), gpus(1)), ("no GPU".into(), "1 GPU".into()));
    }

    #[test]
    fn a_start_is_a_range_where_it_is_not_certain() {
        let at = |text: &str| Some(text.parse().unwrap());
        let (early, late) = (at("2026-11-24T12:00:00Z"), at("2026-11-24T13:30:00Z"));
        let certain = start(early, early).unwrap();
        assert_eq!(certain, "about 2026-11-24 12:00 UTC");
        let range = start(early, late).unwrap();
        assert_eq!(
            range,
            format!("{certain}, nine times of ten by 2026-11-24 13:30 UTC")
        );
        assert_eq!(start(None, late), None);
    }
}
