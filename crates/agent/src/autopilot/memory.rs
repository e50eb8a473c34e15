//! What the journal tells and the state does not keep: what time a job was submitted with, and whether a
//! person changed that.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use berth_domain::agent::{Card, CardBy, CardState};
use berth_domain::{Act, Actor, Event, JobId, Record, State};

/// Follows the journal, event by event.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    asked: BTreeMap<JobId, Asked>,
    /// So many are known when it is next looked who can be forgotten.
    full: usize,
}

/// The time limits that a job had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// When it was submitted.
    pub first: Duration,
    pub now: Duration,
    /// What a person or an agent changed it to last, if one did.
    pub by_person: Option<Duration>,
}

impl Memory {
    /// Takes in an event; `state` is the state after it.
    pub fn apply(&mut self, record: &Record, state: &State) {
        self.read(record);
        if self.asked.len() > self.full {
            self.forget(state);
        }
    }

    /// Who has ended may be queued again as long as it is at hand, and has then what was remembered.
    fn forget(&mut self, state: &State) {
        let at_hand = state.live().chain(state.recent()).map(|job| job.id);
        let at_hand: HashSet<JobId> = at_hand.collect();
        self.asked.retain(|id, _| at_hand.contains(id));
        self.full = self.asked.len() * 2 + 100;
    }

    /// Takes in what happened before to a job that is at hand.
    pub fn read(&mut self, record: &Record) {
        match &record.event {
            Event::JobSubmitted { job, spec, .. } => {
                let asked = Asked {
                    first: spec.time_limit,
                    now: spec.time_limit,
                    by_person: None,
                };
                self.asked.insert(*job, asked);
            }
            Event::JobUpdated { job, spec } => {
                if let Some(asked) = self.asked.get_mut(job)
                    && asked.now != spec.time_limit
                {
                    asked.now = spec.time_limit;
                    if record.actor != Actor::Berth {
                        asked.by_person = Some(spec.time_limit);
                    }
                }
            }
            _ => {}
        }
    }

    #[must_use]
    pub fn asked(&self, job: JobId) -> Option<Asked> {
        self.asked.get(&job).copied()
    }

    /// Whether a person gave this job the time limit that it has, other than by saying yes to ours.
    #[must_use]
    pub fn by_hand(&self, job: JobId, state: &State) -> bool {
        let Some(limit) = self.asked(job).and_then(|asked| asked.by_person) else {
            return false;
        };
        !state.cards().any(|card| is_ours(card, job, limit))
    }
}

fn is_ours(card: &Card, job: JobId, limit: Duration) -> bool {
    let Some(Act::Update { job: of, patch }) = &card.act else {
        return false;
    };
    // The one about deadlines shortens limits too.
    let rule = matches!(card.by, CardBy::Rule { .. });
    rule && card.state == CardState::Acted && *of == job && patch.time_limit == Some(limit)
}
