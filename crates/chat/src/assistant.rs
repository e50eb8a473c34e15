//! The agent that talks with a person: each has one of their own, made when it is first needed.

use berth_domain::UserName;
use berth_domain::agent::{Action, Approval, Mandate};

const SUFFIX: &str = ".assistant";
/// No agent's name is longer.
const LONGEST: usize = 64;
/// Five dollars.
const MODEL_MICROS: u64 = 5_000_000;
/// Whatever could use more than eight GPU-hours is asked for first.
const ABOVE_GPU_SECONDS: u64 = 8 * 3600;

/// `ana.assistant`.
#[must_use]
pub fn name(person: &UserName) -> UserName {
    let whole = person.as_str();
    // Names of people are ASCII.
    let end = whole.len().min(LONGEST - SUFFIX.len());
    let kept = whole.get(..end).unwrap_or_default();
    UserName(format!("{kept}{SUFFIX}"))
}

/// What it may do at first; its person may change that as with any agent.
#[must_use]
pub fn mandate() -> Mandate {
    let first = [
        Action::Cancel,
        Action::Move,
        Action::Requeue,
        Action::Update,
        Action::Reserve,
    ];
    Mandate {
        all_jobs: true,
        model_micros: Some(MODEL_MICROS),
        approval: Approval {
            actions: first.into(),
            above_gpu_seconds: Some(ABOVE_GPU_SECONDS),
        },
        ..Mandate::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_name_is_its_persons_and_never_too_long() {
        assert_eq!(name(&"ana".into()).as_str(), "ana.assistant");
        let long = name(&UserName("x".repeat(64)));
        assert_eq!(long.as_str().len(), 64);
        assert!(long.as_str().ends_with("x.assistant"));
    }

    #[test]
    fn its_mandate_is_careful() {
        let mandate = mandate();
        mandate.check().unwrap();
        assert!(!mandate.may_preempt && !mandate.actions.contains(&Action::Reserve));
        assert!(mandate.approval.actions.contains(&Action::Cancel));
        assert!(!mandate.approval.actions.contains(&Action::Submit));
    }
}
