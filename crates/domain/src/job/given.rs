//! On whose account the GPU time of a job is: of the agent that submitted it all of it; of agents that let
//! somebody else's job use more, by a longer time limit or once again, what they gave it.

use serde::{Deserialize, Serialize};

use super::Job;
use crate::ids::UserName;

/// GPUs and GPU time that a job may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    pub gpus: u32,
    pub gpu_seconds: u64,
}

impl Job {
    /// By agent, what is kept on its account as long as this job waits or runs.
    pub(crate) fn kept(&self) -> impl Iterator<Item = (&UserName, Given)> {
        let all = Given {
            gpus: self.spec.gpus(),
            gpu_seconds: self.gpu_seconds_ahead(),
        };
        // It may have been made smaller since.
        let at_most = move |given: &Given| Given {
            gpus: given.gpus.min(all.gpus),
            gpu_seconds: given.gpu_seconds.min(all.gpu_seconds),
        };
        let own = self.agent.iter().map(move |by| (by, all));
        let given = self.given.iter();
        own.chain(given.map(move |(by, given)| (by, at_most(given))))
    }

    /// By agent, what is counted of the GPU seconds that an attempt used.
    pub(crate) fn charged(&self, used: u64) -> impl Iterator<Item = (&UserName, u64)> {
        let own = self.agent.iter().map(move |by| (by, used));
        let given = self.given.iter();
        own.chain(given.map(move |(by, given)| (by, given.gpu_seconds.min(used))))
    }
}
