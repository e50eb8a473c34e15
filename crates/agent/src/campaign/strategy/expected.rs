//! What a campaign would come to, before it is started.

use berth_domain::CampaignSpec;
use berth_domain::campaign::{Dimension, MOST_TRIALS, Strategy};

/// By the strategy alone; a stop rule may end it sooner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// Of asha about: what is promoted early may be passed later.
    pub trials: u32,
    /// What they can use at most, by their time limits, within the budget.
    pub most_gpu_seconds: u64,
    /// The budget is smaller than that.
    pub cut: bool,
}

#[must_use]
pub fn expected(spec: &CampaignSpec) -> Expected {
    let mut all = Expected::default();
    let most = spec.budget.trials.unwrap_or(MOST_TRIALS).min(MOST_TRIALS);
    for (trials, fidelity) in levels(spec) {
        let cost = spec.cost(fidelity).gpu_seconds;
        let trials = trials.min(MOST_TRIALS);
        let fits = trials.min(most - all.trials);
        all.cut |= fits < trials;
        all.trials += fits;
        let more = cost.saturating_mul(u64::from(fits));
        all.most_gpu_seconds = all.most_gpu_seconds.saturating_add(more);
    }
    if all.most_gpu_seconds > spec.budget.gpu_seconds {
        all.most_gpu_seconds = spec.budget.gpu_seconds;
        all.cut = true;
    }
    all
}

/// How many trials there are with how much fidelity.
fn levels(spec: &CampaignSpec) -> Vec<(u32, Option<u64>)> {
    match &spec.strategy {
        Strategy::Grid { points } => {
            let sizes = spec.space.values();
            let sizes = sizes.map(|dimension: &Dimension| dimension.points(*points));
            let all = sizes.fold(1u64, u64::saturating_mul);
            vec![(u32::try_from(all).unwrap_or(u32::MAX), None)]
        }
        Strategy::Random { trials, .. } | Strategy::Model { trials, .. } => vec![(*trials, None)],
        Strategy::Asha(asha) => {
            let mut trials = asha.trials;
            let rungs = asha.rungs().into_iter().map(|level| {
                let here = trials;
                trials = (trials / asha.eta).max(1);
                (here, Some(level))
            });
            rungs.collect()
        }
    }
}
