//! Campaigns: a goal, a budget, a template of a job and a space of parameters. Berth plans trials, reads
//! their results and decides the next ones until the goal is met or the budget is used.
//!
//! What a campaign is and how events change it is here; its budget is checked where commands are
//! decided. Which trial comes next is not: that is the crate `agent`'s.

mod change;
mod check;
mod fill;
mod metric;
mod room;
mod space;
mod spec;
mod strategy;
mod trial;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::change::{BudgetPatch, CampaignChange, Steering};
pub(crate) use self::fill::as_written;
pub use self::metric::{Better, Metric, Source};
pub use self::room::{Cost, Room, Short};
pub use self::space::{Dimension, Narrow, Range, Scale, Space};
pub use self::spec::{Budget, CampaignSpec, DEFAULT_AT_ONCE, MOST_AT_ONCE, MOST_TRIALS, StopRule};
pub use self::strategy::{Asha, Fidelity, Strategy};
pub use self::trial::{Trial, TrialDraft, TrialEnd, TrialState};
use crate::event::Event;
use crate::ids::{JobId, UserName};

/// Of campaigns that ended so many are kept at hand; the store has all.
pub const ENDED: usize = 100;
/// So many may go on at a time.
pub const MOST_GOING: usize = 200;
/// No campaign remembers more that people said to it.
const MOST_NOTES: usize = 100;

/// A campaign's number: given once, never reused.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct CampaignId(pub u64);

impl fmt::Display for CampaignId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for CampaignId {
    type Err = std::num::ParseIntError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(CampaignId)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum CampaignState {
    Running {
        /// It was started, or let go on.
        since: Timestamp,
    },
    /// No trial begins; those that run go on, and their results are read.
    Paused {
        by: UserName,
        why: String,
        at: Timestamp,
    },
    Ended {
        by: UserName,
        why: String,
        at: Timestamp,
    },
}

impl CampaignState {
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            CampaignState::Running { .. } => "running",
            CampaignState::Paused { .. } => "paused",
            CampaignState::Ended { .. } => "ended",
        }
    }
}

/// What somebody said to it in the middle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Note {
    pub by: UserName,
    pub at: Timestamp,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Campaign {
    pub id: CampaignId,
    /// Whose the jobs are.
    pub owner: UserName,
    /// The agent that started it, if one did: its mandate holds for the trials too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<UserName>,
    /// As it was asked for, but for budget, stop rule and strategy where those were changed since.
    pub spec: CampaignSpec,
    /// What is searched now: the space that was asked for, or less.
    pub space: Space,
    pub state: CampaignState,
    /// By number, from 1. Stored apart.
    #[serde(skip)]
    pub trials: Vec<Trial>,
    /// What attempts of its jobs used that have ended.
    #[serde(default)]
    pub gpu_seconds: u64,
    /// What language models cost that were asked for trials, in millionths of a dollar.
    #[serde(default)]
    pub model_micros: u64,
    /// The last ones, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
    pub started_at: Timestamp,
}

impl Campaign {
    #[must_use]
    pub fn is_running(&self) -> bool {
        matches!(self.state, CampaignState::Running { .. })
    }

    #[must_use]
    pub fn ended_at(&self) -> Option<Timestamp> {
        match self.state {
            CampaignState::Ended { at, .. } => Some(at),
            _ => None,
        }
    }

    /// Trials that wait or run.
    pub fn live(&self) -> impl Iterator<Item = &Trial> {
        let live = |trial: &&Trial| trial.state == TrialState::Submitted;
        self.trials.iter().filter(live)
    }

    #[must_use]
    pub fn trial(&self, number: u32) -> Option<&Trial> {
        let place = usize::try_from(number).ok()?.checked_sub(1)?;
        self.trials.get(place)
    }

    /// The number that the next trial gets.
    #[must_use]
    pub fn next_trial(&self) -> u32 {
        u32::try_from(self.trials.len()).unwrap_or(u32::MAX) + 1
    }

    /// The best result so far: of the trials that ran with the most fidelity, since others are not
    /// comparable. Of two as good the first.
    #[must_use]
    pub fn best(&self) -> Option<&Trial> {
        let done = self.trials.iter().filter(|trial| trial.result.is_some());
        done.reduce(|best, trial| {
            let better = self.spec.metric.better;
            let beats = match (trial.result, best.result) {
                (Some(one), Some(other)) => better.is_better(one, other),
                _ => false,
            };
            match trial.rung.cmp(&best.rung) {
                std::cmp::Ordering::Greater => trial,
                std::cmp::Ordering::Equal if beats => trial,
                _ => best,
            }
        })
    }

    /// Takes one step; an event about something else changes nothing.
    pub(crate) fn apply(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::TrialSet { trial, .. } => {
                let next = self.next_trial();
                if trial.number == next {
                    self.trials.push((**trial).clone());
                } else if let Some(place) = (trial.number as usize).checked_sub(1)
                    && let Some(known) = self.trials.get_mut(place)
                {
                    known.clone_from(trial);
                }
            }
            Event::CampaignChanged { change, by, .. } => self.change(change, by, at),
            Event::CampaignAsked { micros, .. } => {
                self.model_micros = self.model_micros.saturating_add(*micros);
            }
            _ => {}
        }
    }
}

/// The campaigns that are at hand, by number. Each is copied only when it changes.
pub type Campaigns = BTreeMap<CampaignId, Arc<Campaign>>;

/// Takes an event about a campaign; any other changes none.
pub(crate) fn take(campaigns: &mut Campaigns, event: &Event, at: Timestamp) {
    if let Event::CampaignStarted {
        campaign,
        owner,
        agent,
        spec,
    } = event
    {
        let started = Campaign {
            id: *campaign,
            owner: owner.clone(),
            agent: agent.clone(),
            spec: (**spec).clone(),
            space: spec.space.clone(),
            state: CampaignState::Running { since: at },
            trials: Vec::new(),
            gpu_seconds: 0,
            model_micros: 0,
            notes: Vec::new(),
            started_at: at,
        };
        campaigns.insert(*campaign, Arc::new(started));
    } else if let Some(campaign) = event.campaign().and_then(|id| campaigns.get_mut(&id)) {
        Arc::make_mut(campaign).apply(event, at);
    }
}

/// Counts what an attempt used that ended.
pub(crate) fn use_up(campaigns: &mut Campaigns, campaign: CampaignId, gpu_seconds: u64) {
    if let Some(campaign) = campaigns.get_mut(&campaign) {
        Arc::make_mut(campaign).gpu_seconds += gpu_seconds;
    }
}

/// Keeps those that go on and the last that ended.
pub(crate) fn forget(campaigns: &mut Campaigns) {
    let ended = campaigns.values().rev();
    let ended = ended.filter(|campaign| campaign.ended_at().is_some());
    let old: Vec<CampaignId> = ended.skip(ENDED).map(|campaign| campaign.id).collect();
    for id in old {
        campaigns.remove(&id);
    }
}

/// A trial whose job has ended and whose result nobody has read yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unread {
    pub campaign: CampaignId,
    pub trial: u32,
    pub job: JobId,
}
