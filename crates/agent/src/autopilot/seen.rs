//! What the rules look at: one moment of the cluster, and what was proposed before.

use std::collections::HashMap;

use berth_domain::agent::{AgentRule, Card, CardBy, CardState, Mode};
use berth_domain::{JobId, Ladder, State, Timestamp};
use berth_orchestrator::Planning;
use berth_scheduler::{Forecast, Plan};
use jiff::SignedDuration;

use super::memory::Memory;

/// Nobody who did not answer is asked the same again sooner.
const ASKED_AGAIN: SignedDuration = SignedDuration::from_hours(24);

/// A moment. The parts may be a moment apart: what is out of date in a proposal is not done.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    pub state: &'a State,
    /// What the last plan was made by, and what it said.
    pub planning: &'a Planning,
    pub plan: &'a Plan,
    pub forecasts: &'a HashMap<JobId, Forecast>,
    /// What the state does not tell of how things came to be.
    pub memory: &'a Memory,
    /// How far Berth goes by itself with who holds GPUs without work.
    pub ladder: Ladder,
    pub now: Timestamp,
    /// How often was looked before: where not all can be looked at, others are at each turn.
    pub turn: u64,
}

impl Seen<'_> {
    /// Whether a rule does anything for anybody.
    pub(super) fn is_on(&self, rule: AgentRule) -> bool {
        let rules = &self.state.agents().rules;
        let projects = rules.projects.values().filter_map(|modes| modes.get(&rule));
        rules.of(rule, None) != Mode::Off || projects.copied().any(|mode| mode != Mode::Off)
    }

    /// Whether nothing was said of this subject that still holds. A no holds for good.
    pub(super) fn is_news(&self, rule: AgentRule, subject: &str) -> bool {
        let by = CardBy::Rule { rule };
        let about = |card: &&Card| card.by == by && card.subject == subject;
        !self
            .state
            .cards()
            .filter(about)
            .any(|card| self.holds(rule, card))
    }

    fn holds(&self, rule: AgentRule, card: &Card) -> bool {
        let until = card.until.unwrap_or(Timestamp::MAX);
        match card.state {
            CardState::Declined | CardState::Undone => true,
            CardState::Suggested | CardState::Acted | CardState::Refused => self.now < until,
            CardState::Expired => self.now < later(until, ASKED_AGAIN),
            // Once is enough, unless the rule may do more by now.
            CardState::Shadow => {
                let rules = &self.state.agents().rules;
                rules.of(rule, card.project.as_deref()) == Mode::Shadow
            }
        }
    }
}

/// So long after a time, or the end of all times.
pub(super) fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}
