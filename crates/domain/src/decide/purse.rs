//! What jobs may use together: the one check of a budget, an agent's or a campaign's.

use crate::agent::{Ahead, Bar};
use crate::spec::JobSpec;

/// A budget, and what of it is gone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Purse {
    /// GPU time in all; `None`: no limit.
    pub(super) gpu_seconds: Option<u64>,
    /// Of all its jobs that wait or run, together; `None`: no limit.
    pub(super) gpus_at_once: Option<u32>,
    /// What is used up.
    pub(super) used_s: u64,
}

/// What is asked for on top of what there is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wanted {
    pub(super) jobs: u32,
    pub(super) gpus: u32,
    pub(super) gpu_seconds: u64,
}

impl Wanted {
    /// A further job, with as much as it may use.
    pub(super) fn of(spec: &JobSpec) -> Self {
        let tries = u64::from(spec.max_retries) + 1;
        Wanted {
            jobs: 1,
            gpus: spec.gpus(),
            gpu_seconds: spec.gpu_seconds().saturating_mul(tries),
        }
    }

    pub(super) fn add(&mut self, more: Wanted) {
        self.jobs = self.jobs.saturating_add(more.jobs);
        self.gpus = self.gpus.saturating_add(more.gpus);
        self.gpu_seconds = self.gpu_seconds.saturating_add(more.gpu_seconds);
    }
}

impl Purse {
    /// Whether there is enough beside what is kept already.
    pub(super) fn holds(self, wanted: Wanted, ahead: Ahead) -> Result<(), Bar> {
        let gpus = ahead.gpus.saturating_add(wanted.gpus);
        if let Some(most) = self.gpus_at_once
            && wanted.gpus > 0
            && gpus > most
        {
            return Err(Bar::AtOnce { wanted: gpus, most });
        }
        let Some(of_s) = self.gpu_seconds.filter(|_| wanted.gpu_seconds > 0) else {
            return Ok(());
        };
        let left_s = of_s.saturating_sub(self.used_s.saturating_add(ahead.gpu_seconds));
        if wanted.gpu_seconds > left_s {
            return Err(Bar::Budget {
                wanted_s: wanted.gpu_seconds,
                left_s,
                of_s,
            });
        }
        Ok(())
    }
}
