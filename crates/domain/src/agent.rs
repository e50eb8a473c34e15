//! Agents: programs that act for a person within a mandate, and the ledger of what they and Berth's own
//! rules did, suggested, or were refused. A mandate is checked where commands are decided, never by
//! the agent itself.

mod account;
mod act;
mod ahead;
mod bar;
mod card;
mod mandate;
mod rules;
mod template;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::account::Account;
pub use self::act::{Act, Action};
pub use self::ahead::Ahead;
pub use self::bar::Bar;
pub use self::card::{Card, CardBy, CardEnd, CardId, CardState, Considered, Draft, Effect};
pub use self::mandate::{Approval, Hours, Mandate};
pub use self::rules::{AgentRule, Mode, RuleModes};
pub use self::template::Template;
pub(crate) use self::template::allow as allow_command;
use crate::ids::UserName;

/// So many cards are kept at hand; the store has all.
pub const CARDS: usize = 1000;

/// A program with a token of its own. It has no right that the person has not for whom it acts, and
/// never those of an admin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Agent {
    pub name: UserName,
    pub acts_for: UserName,
    pub mandate: Mandate,
    pub made_at: Timestamp,
    /// It does nothing until somebody lets it go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Stopped>,
    #[serde(default)]
    pub account: Account,
}

/// Who stopped it, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Stopped {
    pub by: UserName,
    pub at: Timestamp,
    pub why: String,
}

/// All agents, the rules that Berth follows by itself, and whether everything is stopped.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Agents {
    pub all: BTreeMap<UserName, Agent>,
    /// The switch for all of them, and for Berth's own rules.
    pub stopped: Option<Stopped>,
    pub rules: RuleModes,
}

impl Agents {
    /// Why this agent does nothing now: all are stopped, or it is.
    #[must_use]
    pub fn stopped(&self, agent: &UserName) -> Option<&Stopped> {
        let own = self.all.get(agent).and_then(|agent| agent.stopped.as_ref());
        self.stopped.as_ref().or(own)
    }

    /// Counts a job that an agent submitted.
    pub(crate) fn submitted(&mut self, agent: &UserName, at: Timestamp) {
        if let Some(agent) = self.all.get_mut(agent) {
            agent.account.submitted(at);
        }
    }

    /// Counts GPU time that is used up on an agent's account.
    pub(crate) fn used(&mut self, agent: &UserName, gpu_seconds: u64) {
        if let Some(agent) = self.all.get_mut(agent) {
            agent.account.gpu_seconds += gpu_seconds;
        }
    }

    /// Counts what a language model cost an agent, in millionths of a dollar.
    pub(crate) fn used_model(&mut self, agent: &UserName, micros: u64) {
        if let Some(agent) = self.all.get_mut(agent) {
            let spent = &mut agent.account.model_micros;
            *spent = spent.saturating_add(micros);
        }
    }

    /// What an agent has left for language models, in millionths of a dollar; `None`: as much as it
    /// likes.
    ///
    /// # Errors
    /// Why it may not ask one now: it is stopped, or has nothing left.
    pub fn may_ask_model(&self, agent: &UserName) -> Result<Option<u64>, Bar> {
        let known = self.all.get(agent).ok_or(Bar::Unknown)?;
        if let Some(stopped) = self.stopped(agent) {
            return Err(Bar::Stopped {
                by: stopped.by.clone(),
                why: stopped.why.clone(),
            });
        }
        let Some(of_micros) = known.mandate.model_micros else {
            return Ok(None);
        };
        let used_micros = known.account.model_micros;
        match of_micros.checked_sub(used_micros) {
            None | Some(0) => Err(Bar::ModelBudget {
                used_micros,
                of_micros,
            }),
            left => Ok(left),
        }
    }

    pub(crate) fn refused(&mut self, agent: &UserName, at: Timestamp) {
        if let Some(agent) = self.all.get_mut(agent) {
            agent.account.refused(at);
        }
    }

    /// Stops one agent, or all.
    pub(crate) fn stop(&mut self, agent: Option<&UserName>, stopped: &Stopped) {
        match agent {
            None => self.stopped = Some(stopped.clone()),
            Some(name) => {
                if let Some(agent) = self.all.get_mut(name) {
                    agent.stopped = Some(stopped.clone());
                }
            }
        }
    }

    /// Lets one agent go on, or all; who was stopped alone stays so.
    pub(crate) fn resume(&mut self, agent: Option<&UserName>) {
        match agent {
            None => self.stopped = None,
            Some(name) => {
                if let Some(agent) = self.all.get_mut(name) {
                    agent.stopped = None;
                }
            }
        }
    }
}

/// The cards that are at hand, by number.
pub type Cards = BTreeMap<CardId, Card>;
