//! Every combination once.

use berth_domain::campaign::Campaign;

use super::draw::{combinations, tried};
use super::{Proposal, begin};

/// The first combination of what is searched now that no trial had.
pub(super) fn propose(campaign: &Campaign, points: u32) -> Proposal {
    let tried = tried(campaign);
    let all = combinations(&campaign.space, points).zip(1..);
    let mut count = 0;
    for (values, number) in all {
        count = number;
        if !tried.contains(&values) {
            let why = format!("Combination {number} of the grid.");
            return begin(campaign, values, None, why);
        }
    }
    Proposal::Over(format!("All {count} combinations of the grid were tried"))
}
