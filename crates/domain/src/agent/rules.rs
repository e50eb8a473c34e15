//! The rules that Berth follows by itself, and how far each may go.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::tokens::tokens;

tokens! {
    AgentRule, "a rule" {
        /// A job that asks for much more time than its like took is offered less, so that it fits a gap.
        ShortenLimit = "shorten_limit",
        /// What ran out of memory is tried again as its owner allowed it.
        RetryMemory = "retry_memory",
        /// What lost its node is queued again.
        RequeueLost = "requeue_lost",
        /// Room is made for a gang that waits long.
        DrainForGang = "drain_for_gang",
        /// A reservation to which nobody comes is released.
        ReleaseNoShow = "release_no_show",
        /// Who holds GPUs without work is asked, and then gone further with.
        IdleLadder = "idle_ladder",
        /// Tasks of a sweep fill gaps that nothing else fits.
        FillGaps = "fill_gaps",
        /// A deadline that will be missed is told early, with what would meet it.
        Deadline = "deadline",
    }
}

impl AgentRule {
    /// A few words.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            AgentRule::ShortenLimit => "Shorter limits",
            AgentRule::RetryMemory => "Out of memory",
            AgentRule::RequeueLost => "Lost nodes",
            AgentRule::DrainForGang => "Room for gangs",
            AgentRule::ReleaseNoShow => "No-shows",
            AgentRule::IdleLadder => "Idle GPUs",
            AgentRule::FillGaps => "Gaps",
            AgentRule::Deadline => "Deadlines",
        }
    }

    /// What it looks for, and what it does about it.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            AgentRule::ShortenLimit => {
                "A waiting job asks for much more time than its like took, and would start sooner with \
                 less: it is given less."
            }
            AgentRule::RetryMemory => {
                "A job ran out of GPU memory: it is queued again where its owner allowed retries, and its \
                 owner is told what would help."
            }
            AgentRule::RequeueLost => "A job lost its node: it is queued again.",
            AgentRule::DrainForGang => {
                "A job of many GPUs waits long because small ones always fit first: room is made, when \
                 that pays."
            }
            AgentRule::ReleaseNoShow => {
                "Nobody uses what was reserved while others wait: the rest is given back."
            }
            AgentRule::IdleLadder => {
                "A job holds GPUs without work and nobody answers: one step further is gone with it."
            }
            AgentRule::FillGaps => {
                "GPUs idle although tasks of a sweep wait for their turn: more of them run at once."
            }
            AgentRule::Deadline => {
                "A job will miss its deadline: its owner is told early, with what would meet it."
            }
        }
    }
}

tokens! {
    /// How far a rule goes.
    #[derive(Default)]
    Mode, "a mode" {
        Off = "off",
        /// It writes what it would do into the ledger, and nobody is told.
        #[default]
        Shadow = "shadow",
        /// It asks who may do it.
        Suggest = "suggest",
        Act = "act",
    }
}

/// Which mode each rule is in: for all, and where a project has another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RuleModes {
    pub all: BTreeMap<AgentRule, Mode>,
    pub projects: BTreeMap<String, BTreeMap<AgentRule, Mode>>,
}

impl RuleModes {
    #[must_use]
    pub fn of(&self, rule: AgentRule, project: Option<&str>) -> Mode {
        let own = project.and_then(|project| self.projects.get(project)?.get(&rule));
        own.or_else(|| self.all.get(&rule))
            .copied()
            .unwrap_or_default()
    }

    /// As they are after a change; `None`: what holds for all again, or for all the default.
    #[must_use]
    pub fn with(&self, rule: AgentRule, project: Option<&str>, mode: Option<Mode>) -> Self {
        let mut changed = self.clone();
        let modes = match project {
            Some(project) => changed.projects.entry(project.to_owned()).or_default(),
            None => &mut changed.all,
        };
        match mode {
            Some(mode) => modes.insert(rule, mode),
            None => modes.remove(&rule),
        };
        changed.projects.retain(|_, modes| !modes.is_empty());
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_stands_above_what_holds_for_all() {
        let rule = AgentRule::RequeueLost;
        let modes = RuleModes::default().with(rule, None, Some(Mode::Act));
        let modes = modes.with(rule, Some("vision"), Some(Mode::Off));
        assert_eq!(modes.of(rule, None), Mode::Act);
        assert_eq!(modes.of(rule, Some("vision")), Mode::Off);
        assert_eq!(modes.of(AgentRule::Deadline, Some("vision")), Mode::Shadow);
        let modes = modes.with(rule, Some("vision"), None);
        assert_eq!(modes.of(rule, Some("vision")), Mode::Act);
        assert!(modes.projects.is_empty());
    }
}
