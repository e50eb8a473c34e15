//! Asynchronous successive halving: "A System for Massively Parallel Hyperparameter Tuning" (Li et al.,
//! 2018), algorithm 2.
//!
//! Whenever there is room, the best of a rung that is among the first 1/eta of it and was not promoted goes
//! on, from the highest rung down; otherwise a new configuration begins. Nothing waits for a rung to be full.
//! A trial that failed counts as the worst of its rung and one that somebody stopped does not count; of two
//! as good the earlier one is better.
//!
//! Beyond the paper: when nothing begins any more and nothing is left to promote by that rule, the best of the
//! highest rung goes on alone, so that what is reported was tried with all of the fidelity.

use std::collections::BTreeSet;

use berth_domain::campaign::{Asha, Campaign, Trial, TrialDraft, TrialState};

use super::{Proposal, begin, begun, draw, order};

pub(super) fn propose(campaign: &Campaign, asha: &Asha) -> Proposal {
    let levels = asha.rungs();
    let below_top = 0..levels.len().saturating_sub(1);
    let rungs: Vec<Rung> = (0..levels.len())
        .map(|rung| Rung::of(campaign, rung))
        .collect();
    let promoted = campaign.trials.iter().filter_map(|trial| trial.parent);
    let promoted: BTreeSet<u32> = promoted.collect();
    for rung in below_top.clone().rev() {
        let first = rungs[rung].ended / asha.eta as usize;
        if let Some(place) = rungs[rung].promotable(campaign, &promoted, first) {
            return rungs[rung].promote(campaign, place, &levels);
        }
    }
    let configurations = begun(campaign);
    if configurations < asha.trials
        && let Some(values) = draw::unseen(campaign, asha.seed, configurations)
    {
        let (param, least) = (&asha.fidelity.param, levels.first().copied());
        let why = format!(
            "Drawn from the space, number {} of {}; begins with {param}={}.",
            configurations + 1,
            asha.trials,
            least.unwrap_or_default()
        );
        return begin(campaign, values, least, why);
    }
    if campaign.live().next().is_some() {
        return Proposal::Wait;
    }
    for rung in below_top.rev() {
        if rungs[rung + 1].best.is_empty()
            && let Some(place) = rungs[rung].promotable(campaign, &promoted, usize::MAX)
        {
            return rungs[rung].promote(campaign, place, &levels);
        }
    }
    Proposal::Over(match campaign.best() {
        Some(best) => format!(
            "{configurations} configurations began, and the best has gone on to {}={}",
            asha.fidelity.param,
            best.fidelity.unwrap_or_default()
        ),
        None => format!("None of {configurations} configurations had a result"),
    })
}

/// What is known of a rung.
struct Rung<'a> {
    rung: usize,
    /// Trials that have a result or failed.
    ended: usize,
    /// Those with a result, best first.
    best: Vec<&'a Trial>,
}

impl<'a> Rung<'a> {
    fn of(campaign: &'a Campaign, rung: usize) -> Self {
        let of_it = campaign
            .trials
            .iter()
            .filter(|trial| trial.rung as usize == rung);
        let counts = |trial: &&Trial| matches!(trial.state, TrialState::Done | TrialState::Failed);
        let mut best: Vec<&Trial> = of_it
            .clone()
            .filter(|trial| trial.result.is_some())
            .collect();
        let better = campaign.spec.metric.better;
        best.sort_by(|one, other| order(better, one, other));
        Rung {
            rung,
            ended: of_it.filter(counts).count(),
            best,
        }
    }

    /// The place of the best that was not promoted, among so many first ones. Those outside what is searched
    /// now go on no more.
    fn promotable(
        &self,
        campaign: &Campaign,
        promoted: &BTreeSet<u32>,
        first: usize,
    ) -> Option<usize> {
        let inside = |trial: &Trial| {
            let mut space = campaign.space.iter();
            space.all(|(name, dimension)| {
                trial
                    .values
                    .get(name)
                    .is_some_and(|value| dimension.holds(value))
            })
        };
        let mut candidates = self.best.iter().take(first);
        candidates.position(|trial| !promoted.contains(&trial.number) && inside(trial))
    }

    fn promote(&self, campaign: &Campaign, place: usize, levels: &[u64]) -> Proposal {
        let trial = self.best[place];
        let param = campaign
            .spec
            .strategy
            .fidelity()
            .map(|of| of.param.as_str());
        let param = param.unwrap_or_default();
        let level = levels.get(self.rung + 1).copied();
        let why = format!(
            "Number {} of {} with {param}={}, {} {}; goes on with {param}={}.",
            place + 1,
            self.ended,
            trial.fidelity.unwrap_or_default(),
            campaign.spec.metric.name,
            trial.result.unwrap_or_default(),
            level.unwrap_or_default(),
        );
        Proposal::Trial(TrialDraft {
            number: campaign.next_trial(),
            parent: Some(trial.number),
            values: trial.values.clone(),
            rung: trial.rung + 1,
            fidelity: level,
            why,
        })
    }
}
