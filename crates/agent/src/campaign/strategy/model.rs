//! What a language model proposes: in rounds, each once all of the one before has ended, so that it knows what
//! came of that.

use berth_domain::campaign::Campaign;

use super::{Proposal, begun};

pub(super) fn propose(campaign: &Campaign, trials: u32, per_round: u32) -> Proposal {
    let begun = begun(campaign);
    if begun >= trials {
        return Proposal::Over(format!("All {trials} trials were run"));
    }
    if campaign.live().next().is_some() {
        return Proposal::Wait;
    }
    Proposal::Ask(per_round.min(trials - begun))
}
