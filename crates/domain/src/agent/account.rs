//! What an agent has used.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// No mandate allows more jobs an hour, so no more are remembered.
pub const MOST_PER_HOUR: usize = 1000;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Account {
    /// Of attempts that ended, and of what it reserved and nobody used.
    pub gpu_seconds: u64,
    /// When it submitted jobs within the last hour, oldest first.
    pub submits: VecDeque<Timestamp>,
    /// What language models cost it, in millionths of a dollar.
    pub model_micros: u64,
    /// When it was refused within the last hour, oldest first.
    pub refusals: VecDeque<Timestamp>,
}

impl Account {
    pub(super) fn submitted(&mut self, at: Timestamp) {
        remember(&mut self.submits, at);
    }

    pub(crate) fn refused(&mut self, at: Timestamp) {
        remember(&mut self.refusals, at);
    }

    /// Jobs within the hour before this moment.
    #[must_use]
    pub fn submits_within_hour(&self, now: Timestamp) -> usize {
        within_hour(&self.submits, now)
    }

    #[must_use]
    pub fn refusals_within_hour(&self, now: Timestamp) -> usize {
        within_hour(&self.refusals, now)
    }
}

fn hour_before(at: Timestamp) -> Timestamp {
    at.checked_sub(SignedDuration::from_hours(1))
        .unwrap_or(Timestamp::MIN)
}

fn remember(times: &mut VecDeque<Timestamp>, at: Timestamp) {
    let since = hour_before(at);
    while times.len() >= MOST_PER_HOUR || times.front().is_some_and(|first| *first <= since) {
        times.pop_front();
    }
    times.push_back(at);
}

fn within_hour(times: &VecDeque<Timestamp>, now: Timestamp) -> usize {
    let since = hour_before(now);
    times.iter().filter(|at| **at > since).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_is_remembered_and_no_more() {
        let at = |minute: i64| Timestamp::from_second(minute * 60).unwrap();
        let mut account = Account::default();
        for minute in 0..90 {
            account.submitted(at(minute));
        }
        assert_eq!(account.submits_within_hour(at(89)), 60);
        assert_eq!(account.submits.len(), 60);
        assert_eq!(account.submits_within_hour(at(300)), 0);
    }
}
