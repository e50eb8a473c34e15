//! What stands in the rows: who held or holds which GPUs from when to when.

use std::collections::{BTreeMap, HashMap};

use berth_api::timeline::{ActiveView, PastView, TimelineAnswer};
use berth_api::views::{JobRow, LeasePart};
use berth_domain::{JobId, NodeName, StateName, Timestamp, UserName};
use leptos::prelude::*;

use super::pack::runs;
use crate::clock::Clock;
use crate::live::Live;
use crate::texts::jobs as t;

/// An attempt that held GPUs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub job: JobId,
    pub name: String,
    pub user: UserName,
    /// In all.
    pub gpus: u32,
    pub lease: Vec<LeasePart>,
    pub from: i64,
    /// Its end, or its limit while it runs.
    pub to: i64,
    pub how: How,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum How {
    /// The outcome's token, and how it ended in words.
    Ended { outcome: String, end: String },
    /// When it is expected to end, where that can be told.
    Runs {
        state: StateName,
        expected: Option<i64>,
    },
}

impl Held {
    pub fn runs(&self) -> bool {
        matches!(self.how, How::Runs { .. })
    }

    /// Its number among the others that are drawn: a job has one attempt at a time.
    pub fn key(&self) -> String {
        format!("{}@{}", self.job, self.from)
    }

    /// Which rows of a node it covers: where each run begins, and how many there are.
    pub fn rows_on(&self, node: &NodeName) -> Vec<(u32, u32)> {
        let here = self.lease.iter().filter(|part| part.node == *node);
        here.flat_map(|part| runs(&part.gpus)).collect()
    }

    /// How many GPUs of a node it holds.
    pub fn gpus_on(&self, node: &NodeName) -> u32 {
        self.rows_on(node).iter().map(|(_, count)| count).sum()
    }
}

pub fn past(one: PastView) -> Held {
    Held {
        job: one.job,
        name: one.name,
        user: one.user,
        gpus: one.gpus,
        lease: one.lease,
        from: one.from.as_second(),
        to: one.to.as_second(),
        how: How::Ended {
            outcome: one.outcome,
            end: one.end,
        },
    }
}

/// What runs, and what ended since the page was asked for: both follow the live store.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    pub running: Memo<Vec<Held>>,
    pub ended: RwSignal<Vec<Held>>,
}

impl Now {
    /// Of a picture that shows no jobs.
    pub fn none() -> Self {
        Now {
            running: Memo::new(|_| vec![]),
            ended: RwSignal::new(vec![]),
        }
    }

    pub fn of(answer: &TimelineAnswer) -> Self {
        let (live, clock) = (Live::here(), Clock::here());
        let known: HashMap<JobId, ActiveView> = answer
            .active
            .iter()
            .map(|one| (one.job, one.clone()))
            .collect();
        let asked = answer.now.as_second();
        let running = Memo::new(move |before: Option<&Vec<Held>>| {
            let ids = live.active.get();
            let rows = ids.into_iter().filter_map(|id| live.row(id));
            // When those that are just starting were first seen.
            let seen: BTreeMap<JobId, i64> = before
                .into_iter()
                .flatten()
                .map(|one| (one.job, one.from))
                .collect();
            let now = || clock.now_untracked().max(asked);
            rows.filter_map(|row| {
                row.with(|row| {
                    let seen = seen.get(&row.id).copied();
                    running(row, known.get(&row.id), || seen.unwrap_or_else(now))
                })
            })
            .collect()
        });
        let ended = RwSignal::new(vec![]);
        Effect::new(move |before: Option<Vec<Held>>| {
            let runs = running.get();
            for one in before.into_iter().flatten() {
                // Its beginning is known better once it runs.
                let starts = matches!(
                    one.how,
                    How::Runs {
                        state: StateName::Starting,
                        ..
                    }
                );
                let goes_on =
                    |other: &Held| other.job == one.job && (starts || other.from == one.from);
                if !runs.iter().any(goes_on) {
                    let over = over(one, live, clock.now_untracked());
                    ended.update(|all| all.push(over));
                }
            }
            runs
        });
        Now { running, ended }
    }
}

/// A job that holds GPUs; `first_seen` is for one whose beginning nobody told.
fn running(
    row: &JobRow,
    known: Option<&ActiveView>,
    first_seen: impl FnOnce() -> i64,
) -> Option<Held> {
    if !row.is_active() {
        return None;
    }
    // What was asked for may be of an attempt before.
    let known = known.filter(|known| match (known.started_at, row.started_at) {
        (Some(then), Some(now)) => then == now,
        (Some(_), None) => false,
        (None, _) => true,
    });
    let started = row.started_at.map(Timestamp::as_second);
    let granted = known.map(|known| known.from.as_second());
    let from = granted.or(started).unwrap_or_else(first_seen);
    let limit = i64::try_from(row.time_limit_s).unwrap_or(i64::MAX);
    Some(Held {
        job: row.id,
        name: row.name.clone(),
        user: row.user.clone(),
        gpus: row.gpus,
        lease: row.lease.clone().unwrap_or_default(),
        from,
        to: started.unwrap_or(from).saturating_add(limit),
        how: How::Runs {
            state: row.state,
            expected: known.and_then(|known| Some(known.expected_at?.as_second())),
        },
    })
}

/// One that ran and does not any more.
fn over(one: Held, live: Live, now: i64) -> Held {
    let row = live.row(one.job).map(|row| row.get_untracked());
    let finished = row.filter(|row| row.state == StateName::Finished);
    let (to, outcome, end) = match finished {
        Some(row) => (
            row.finished_at.map_or(now, Timestamp::as_second),
            row.outcome.unwrap_or_default(),
            row.outcome_text.unwrap_or_default(),
        ),
        // It waits again.
        None => (now, "Requeued".to_owned(), t::QUEUED_AGAIN.to_owned()),
    };
    Held {
        to,
        how: How::Ended { outcome, end },
        ..one
    }
}
