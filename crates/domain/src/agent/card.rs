//! Cards: what was seen, what was considered, what was done or suggested about it, what that was to
//! change and what it did change, and who may take it back.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::act::Act;
use super::rules::AgentRule;
use crate::event::Event;
use crate::ids::{JobId, UserName};
use crate::tokens::tokens;

/// A card's number: given once, never reused.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct CardId(pub u64);

impl fmt::Display for CardId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for CardId {
    type Err = std::num::ParseIntError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(CardId)
    }
}

/// Whose decision it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CardBy {
    Rule { rule: AgentRule },
    Agent { agent: UserName },
}

tokens! {
    /// What has become of it.
    CardState, "a state" {
        /// Written down, and neither done nor suggested.
        Shadow = "shadow",
        /// Somebody is asked whether to do it.
        Suggested = "suggested",
        Acted = "acted",
        /// The mandate does not allow it.
        Refused = "refused",
        /// Who was asked said no.
        Declined = "declined",
        /// Nobody answered in time, or what it was about is over.
        Expired = "expired",
        Undone = "undone",
    }
}

/// What was possible, and why it was not chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Considered {
    pub option: String,
    pub why_not: String,
}

/// What a change does to those who wait and run, told by the simulator or seen afterwards. A negative
/// number is a gain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Effect {
    /// Of all that wait, per job.
    pub mean_wait_s: f64,
    /// The same, with those that come, in the worst of the cases that were tried.
    pub worst_mean_s: f64,
    /// Of the job that it is about, until its start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_wait_s: Option<f64>,
    /// The worst that happens to any other job's start.
    pub worst_delay_s: f64,
    /// GPU time that is used for nothing.
    pub wasted_gpu_s: f64,
}

/// A decision that is to be written down, and done as far as the rule's mode allows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    pub rule: AgentRule,
    /// One decision about the same is open at a time.
    pub subject: String,
    pub job: Option<JobId>,
    pub project: Option<String>,
    /// Who is asked; `None`: the admins.
    pub asks: Option<UserName>,
    pub title: String,
    pub saw: Vec<String>,
    pub considered: Vec<Considered>,
    /// `None`: it only tells.
    pub act: Option<Act>,
    pub undo: Option<Act>,
    pub predicted: Option<Effect>,
    /// A suggestion is void afterwards, and what was done stays.
    pub until: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Card {
    pub id: CardId,
    pub at: Timestamp,
    pub by: CardBy,
    pub state: CardState,
    pub subject: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Who may answer it and take it back, beside the admins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks: Option<UserName>,
    pub title: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub saw: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub considered: Vec<Considered>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Act>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<Act>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predicted: Option<Effect>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<Effect>,
    /// Why it was refused, or expired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// When a suggestion is void, or what was done cannot be taken back any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Who answered it or took it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<CardEnd>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CardEnd {
    pub by: UserName,
    pub at: Timestamp,
}

impl Card {
    /// Whether it waits for an answer.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state == CardState::Suggested
    }

    /// Whether it can be taken back at this moment.
    #[must_use]
    pub fn can_be_undone(&self, now: Timestamp) -> bool {
        self.state == CardState::Acted
            && self.undo.is_some()
            && self.until.is_none_or(|until| now < until)
    }

    /// Takes one step; an event about something else changes nothing.
    pub(crate) fn apply(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::CardSettled { state, by, why, .. } => {
                self.state = *state;
                self.settled = by.clone().map(|by| CardEnd { by, at });
                self.why = why.clone().or_else(|| self.why.take());
            }
            Event::CardMeasured { measured, .. } => self.measured = Some(*measured),
            _ => {}
        }
    }
}
