//! Changing a campaign in the middle.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::space::{Narrow, Space};
use super::spec::{CampaignSpec, StopRule};
use super::strategy::Strategy;
use super::{Campaign, CampaignState, MOST_NOTES, Note};
use crate::ids::UserName;
use crate::refusal::Refusal;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum CampaignChange {
    /// No further trial begins. Those that run go on.
    Pause {
        why: String,
    },
    Resume,
    End {
        why: String,
        /// Those of its jobs that wait or run are cancelled.
        jobs: bool,
    },
    Steer(Box<Steering>),
}

/// Where it goes from here on. What is not said stays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Steering {
    /// For whoever reads it later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Parts of the space that was asked for; trials outside are not promoted any more.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub space: BTreeMap<String, Narrow>,
    #[serde(skip_serializing_if = "BudgetPatch::is_empty")]
    pub budget: BudgetPatch,
    #[serde(skip_serializing_if = "StopRule::is_empty")]
    pub stop: StopRule,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy: Option<Strategy>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct BudgetPatch {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpu_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpus_at_once: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_once: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trials: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_micros: Option<u64>,
}

impl BudgetPatch {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == BudgetPatch::default()
    }
}

impl CampaignChange {
    /// What became of it, for a sentence: `paused: …`.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            CampaignChange::Pause { why } => format!("paused: {why}"),
            CampaignChange::Resume => "goes on".to_owned(),
            CampaignChange::End { why, .. } => format!("ended: {why}"),
            CampaignChange::Steer(steering) => match &steering.note {
                Some(note) => format!("steered: {note}"),
                None => "steered".to_owned(),
            },
        }
    }
}

impl Campaign {
    /// What is asked and searched after it was steered.
    ///
    /// # Errors
    /// What of it cannot be.
    pub fn steered(&self, steering: &Steering) -> Result<(CampaignSpec, Space), Refusal> {
        let mut spec = self.spec.clone();
        let mut space = self.space.clone();
        for (name, narrow) in &steering.space {
            let asked = spec.space.get(name).ok_or_else(|| {
                let known: Vec<&str> = spec.space.keys().map(String::as_str).collect();
                Refusal::invalid(
                    "space",
                    format!(
                        "'{}' is not searched; these are: {}.",
                        name.escape_debug(),
                        known.join(", ")
                    ),
                )
            })?;
            let part = asked
                .narrowed(narrow)
                .map_err(|why| Refusal::invalid("space", format!("{name}: {why}.")))?;
            space.insert(name.clone(), part);
        }
        let (budget, patch) = (&mut spec.budget, &steering.budget);
        budget.gpu_seconds = patch.gpu_seconds.unwrap_or(budget.gpu_seconds);
        budget.gpus_at_once = patch.gpus_at_once.or(budget.gpus_at_once);
        budget.at_once = patch.at_once.or(budget.at_once);
        budget.trials = patch.trials.or(budget.trials);
        budget.model_micros = patch.model_micros.or(budget.model_micros);
        budget.check()?;
        let (stop, said) = (&mut spec.stop, &steering.stop);
        stop.target = said.target.or(stop.target);
        stop.patience = said.patience.or(stop.patience);
        stop.until = said.until.or(stop.until);
        if let Some(strategy) = &steering.strategy {
            spec.strategy.may_become(strategy)?;
            strategy.check(&spec.space, &spec.budget)?;
            spec.strategy = strategy.clone();
        }
        Ok((spec, space))
    }

    pub(super) fn change(&mut self, change: &CampaignChange, by: &UserName, at: Timestamp) {
        if self.ended_at().is_some() {
            return;
        }
        let by = by.clone();
        match change {
            CampaignChange::Pause { why } => {
                let why = why.clone();
                self.state = CampaignState::Paused { by, why, at };
            }
            CampaignChange::Resume => self.state = CampaignState::Running { since: at },
            CampaignChange::End { why, .. } => {
                let why = why.clone();
                self.state = CampaignState::Ended { by, why, at };
            }
            CampaignChange::Steer(steering) => {
                if let Ok((spec, space)) = self.steered(steering) {
                    self.spec = spec;
                    self.space = space;
                }
                if let Some(text) = steering.note.clone() {
                    self.notes.push(Note { by, at, text });
                    let over = self.notes.len().saturating_sub(MOST_NOTES);
                    self.notes.drain(..over);
                }
            }
        }
    }
}
