//! What is kept on an agent's account for what is still to come.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::ids::UserName;
use crate::job::{Given, Job};
use crate::state::State;

/// What jobs that wait or run, and reservations, may use together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ahead {
    /// Those that it submitted.
    pub jobs: u32,
    /// Of jobs.
    pub gpus: u32,
    /// As long as jobs may run, as often as they may be tried; and what is reserved.
    pub gpu_seconds: u64,
}

impl Ahead {
    /// All that these jobs may use.
    pub(crate) fn of<'a>(jobs: impl Iterator<Item = &'a Job>) -> Self {
        let mut all = Ahead::default();
        for job in jobs {
            all.jobs += 1;
            all.add(Given {
                gpus: job.spec.gpus(),
                gpu_seconds: job.gpu_seconds_ahead(),
            });
        }
        all
    }

    fn add(&mut self, part: Given) {
        self.gpus = self.gpus.saturating_add(part.gpus);
        self.gpu_seconds = self.gpu_seconds.saturating_add(part.gpu_seconds);
    }
}

impl State {
    /// By agent, what is kept on its account: of its own jobs all that they may use, of others' jobs what
    /// it gave them, and what it reserved.
    #[must_use]
    pub fn agents_ahead(&self, now: Timestamp) -> BTreeMap<UserName, Ahead> {
        let mut all: BTreeMap<UserName, Ahead> = BTreeMap::new();
        for job in self.live() {
            if let Some(by) = &job.agent {
                all.entry(by.clone()).or_default().jobs += 1;
            }
            for (by, part) in job.kept() {
                all.entry(by.clone()).or_default().add(part);
            }
        }
        for reservation in self.reservations() {
            if let Some(by) = &reservation.agent {
                all.entry(by.clone()).or_default().add(Given {
                    gpus: 0,
                    gpu_seconds: reservation.gpu_seconds_ahead(now),
                });
            }
        }
        all
    }
}
