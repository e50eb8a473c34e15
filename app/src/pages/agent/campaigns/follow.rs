//! Asks again when what is shown of campaigns may have changed: jobs began or ended, agents were stopped or
//! let go on, or a break was not resumed; and now and then, since what a trial tells is in no picture. Of what
//! has ended nothing changes.

use leptos::prelude::*;

use crate::clock::Clock;
use crate::live::Live;
use crate::pages::agent::pace::Pace;

/// So often at least while a campaign goes on, in seconds.
const NOW_AND_THEN_S: i64 = 10;

pub fn follow(goes_on: impl Fn() -> bool + Send + Sync + 'static, ask: impl Fn() + Copy + 'static) {
    let (live, clock) = (Live::here(), Clock::here());
    let turn = Memo::new(move |_| goes_on().then(|| clock.now() / NOW_AND_THEN_S));
    let pace = Pace::new();
    Effect::new(move |before: Option<()>| {
        live.active.track();
        live.recent.track();
        live.agents.track();
        live.resynced.track();
        let goes_on = turn.with(Option::is_some);
        if before.is_some() && goes_on {
            pace.soon(ask);
        }
    });
}
