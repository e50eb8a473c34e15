//! What would fill the gaps that a stop leaves.

use std::collections::BTreeMap;

use crate::dispatch::order::Candidate;

/// GPUs that waiting jobs of one node ask for, by size.
pub(super) struct Waiting(BTreeMap<u32, u32>);

impl Waiting {
    pub(super) fn of(open: &[Candidate<'_>]) -> Self {
        let mut sizes = BTreeMap::new();
        for candidate in open.iter().filter(|candidate| candidate.job.nodes == 1) {
            *sizes.entry(candidate.job.gpus_per_node).or_default() += candidate.job.gpus_per_node;
        }
        Waiting(sizes)
    }

    pub(super) fn remove(&mut self, nodes: u32, gpus: u32) {
        if nodes == 1
            && let Some(sum) = self.0.get_mut(&gpus)
        {
            *sum = sum.saturating_sub(gpus);
        }
    }

    /// How much of a gap they would fill.
    pub(super) fn fill(&self, gap: u32) -> u32 {
        self.0
            .range(..=gap)
            .map(|(_, sum)| *sum)
            .sum::<u32>()
            .min(gap)
    }
}
