//! What a campaign's budget still has room for, by what is known of its trials. The check that counts is
//! made where commands are decided, by its jobs as they are; this one never says more than that.

use super::Campaign;
use super::spec::{DEFAULT_AT_ONCE, MOST_TRIALS};

/// What one trial can use at most: its GPUs, and as long as it may run as often as it may be tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    pub gpus: u32,
    pub gpu_seconds: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    pub trials: u32,
    /// Trials beside those that wait or run.
    pub at_once: u32,
    /// GPUs beside those; `None`: no limit.
    pub gpus: Option<u32>,
    pub gpu_seconds: u64,
}

/// What there is too little of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Short {
    Trials,
    /// It may fit once another has ended.
    AtOnce,
    GpuTime,
}

impl Room {
    /// Takes a trial's part.
    ///
    /// # Errors
    /// When there is no room for it; then nothing was taken.
    pub fn take(&mut self, cost: Cost) -> Result<(), Short> {
        if self.trials == 0 {
            return Err(Short::Trials);
        }
        if self.at_once == 0 || self.gpus.is_some_and(|gpus| gpus < cost.gpus) {
            return Err(Short::AtOnce);
        }
        if self.gpu_seconds < cost.gpu_seconds {
            return Err(Short::GpuTime);
        }
        self.trials -= 1;
        self.at_once -= 1;
        self.gpus = self.gpus.map(|gpus| gpus - cost.gpus);
        self.gpu_seconds -= cost.gpu_seconds;
        Ok(())
    }
}

impl Campaign {
    /// What its trials that wait or run can use at most.
    #[must_use]
    pub fn kept(&self) -> Cost {
        self.live().fold(Cost::default(), |sum, trial| {
            let cost = self.spec.cost(trial.fidelity);
            Cost {
                gpus: sum.gpus.saturating_add(cost.gpus),
                gpu_seconds: sum.gpu_seconds.saturating_add(cost.gpu_seconds),
            }
        })
    }

    /// What is left for language models, in millionths of a dollar.
    #[must_use]
    pub fn model_left(&self) -> u64 {
        let of = self.spec.budget.model_micros.unwrap_or_default();
        of.saturating_sub(self.model_micros)
    }

    #[must_use]
    pub fn room(&self) -> Room {
        let budget = &self.spec.budget;
        let live = u32::try_from(self.live().count()).unwrap_or(u32::MAX);
        let begun = u32::try_from(self.trials.len()).unwrap_or(u32::MAX);
        let kept = self.kept();
        let gone = self.gpu_seconds.saturating_add(kept.gpu_seconds);
        let most = budget.trials.unwrap_or(MOST_TRIALS).min(MOST_TRIALS);
        Room {
            trials: most.saturating_sub(begun),
            at_once: budget
                .at_once
                .unwrap_or(DEFAULT_AT_ONCE)
                .saturating_sub(live),
            gpus: budget
                .gpus_at_once
                .map(|most| most.saturating_sub(kept.gpus)),
            gpu_seconds: budget.gpu_seconds.saturating_sub(gone),
        }
    }
}
