//! Values drawn from the space.

use berth_domain::campaign::Campaign;

use super::{Proposal, begin, begun, draw};

pub(super) fn propose(campaign: &Campaign, trials: u32, seed: u32) -> Proposal {
    let begun = begun(campaign);
    if begun >= trials {
        return Proposal::Over(format!("All {trials} trials were run"));
    }
    let Some(values) = draw::unseen(campaign, seed, begun) else {
        return Proposal::Over("Every combination of the space was tried".to_owned());
    };
    let why = format!("Drawn from the space, number {} of {trials}.", begun + 1);
    begin(campaign, values, None, why)
}
