//! Trials: one job each, with values for the parameters.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::JobId;
use crate::tokens::tokens;

tokens! {
    /// What has become of a trial. There is none without a job.
    TrialState, "a state" {
        /// Its job waits or runs, or its result is not read yet.
        Submitted = "submitted",
        /// It ran, and has a result.
        Done = "done",
        /// It failed, or told no result.
        Failed = "failed",
        /// Somebody ended it: its job was cancelled, or the campaign's end ended it.
        Stopped = "stopped",
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Counts from 1 in each campaign.
    pub number: u32,
    /// The trial that this goes on from, with the same values and more fidelity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<u32>,
    pub values: BTreeMap<String, String>,
    /// How often it was promoted.
    #[serde(default)]
    pub rung: u32,
    /// The value of the fidelity's parameter, where the strategy has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fidelity: Option<u64>,
    pub job: JobId,
    /// Only of one that is done; finite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<f64>,
    pub state: TrialState,
    /// Why it was chosen, a sentence.
    pub why: String,
    /// Why it has no result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    pub submitted_at: Timestamp,
    /// When its result was read, or it was given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
}

/// A trial that is to be run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrialDraft {
    /// The campaign's next. One that is known already is not run again.
    pub number: u32,
    pub parent: Option<u32>,
    pub values: BTreeMap<String, String>,
    pub rung: u32,
    pub fidelity: Option<u64>,
    pub why: String,
}

/// How a trial ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "end", rename_all = "snake_case")]
pub enum TrialEnd {
    Done { result: f64 },
    Failed { why: String },
    Stopped { why: String },
}

impl TrialDraft {
    /// The trial, once it has its job.
    #[must_use]
    pub fn submitted(self, job: JobId, at: Timestamp) -> Trial {
        Trial {
            number: self.number,
            parent: self.parent,
            values: self.values,
            rung: self.rung,
            fidelity: self.fidelity,
            job,
            result: None,
            state: TrialState::Submitted,
            why: self.why,
            problem: None,
            submitted_at: at,
            ended_at: None,
        }
    }
}

impl Trial {
    /// The trial once it has ended. What is no number is no result.
    #[must_use]
    pub fn ended(&self, end: TrialEnd, at: Timestamp) -> Trial {
        let (state, result, problem) = match end {
            TrialEnd::Done { result } if result.is_finite() => {
                (TrialState::Done, Some(result), None)
            }
            TrialEnd::Done { .. } => {
                let why = "Its result is not a finite number.".to_owned();
                (TrialState::Failed, None, Some(why))
            }
            TrialEnd::Failed { why } => (TrialState::Failed, None, Some(why)),
            TrialEnd::Stopped { why } => (TrialState::Stopped, None, Some(why)),
        };
        Trial {
            state,
            result,
            problem,
            ended_at: Some(at),
            ..self.clone()
        }
    }
}
