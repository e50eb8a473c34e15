//! Which trials come next: a pure function of what is known of a campaign. The same campaign leads to the
//! same trials, so that a server that was killed goes on as if it had not been.
//!
//! Each strategy says what it would do next, one trial at a time ([`Proposal`]); how many of them there is
//! room for, and when it is over, is the same for all of them and is here. With a language model it says
//! only that it is to be asked, and for how many; who asks is the runner.

mod asha;
mod draw;
mod expected;
mod grid;
mod model;
mod random;
mod stop;

use std::cmp::Ordering;
use std::collections::BTreeMap;

use berth_domain::campaign::{Better, Campaign, Short, Strategy, Trial, TrialDraft};
use berth_domain::{JobId, Timestamp};

pub(super) use self::draw::written;
pub use self::expected::{Expected, expected};

/// What is to be done now.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    Run(TrialDraft),
    /// A language model proposes so many, or fewer.
    Ask {
        trials: u32,
    },
    /// A person has to look at it.
    Pause {
        why: String,
    },
    /// It is over; what still waits or runs is not needed.
    End {
        why: String,
    },
}

/// What a strategy would do next.
#[derive(Clone, Debug, PartialEq)]
enum Proposal {
    Trial(TrialDraft),
    /// A language model is asked for so many.
    Ask(u32),
    /// It depends on trials that wait or run.
    Wait,
    Over(String),
}

/// What is to be done now, in this order. Nothing: wait until something of it changes.
#[must_use]
pub fn next(campaign: &Campaign, now: Timestamp) -> Vec<Step> {
    if !campaign.is_running() {
        return vec![];
    }
    if let Some(why) = stop::reached(campaign, now) {
        return vec![Step::End { why }];
    }
    if let Some(why) = stop::only_failures(campaign) {
        return vec![Step::Pause { why }];
    }
    let mut steps = Vec::new();
    let mut room = campaign.room();
    // With what is planned as if it were submitted.
    let mut planned = campaign.clone();
    loop {
        let waits = planned.live().next().is_some();
        let draft = match propose(&planned) {
            Proposal::Trial(draft) => draft,
            Proposal::Ask(most) => {
                steps.push(ask(campaign, most));
                return steps;
            }
            Proposal::Over(why) if !waits => {
                steps.push(Step::End { why });
                return steps;
            }
            Proposal::Over(_) | Proposal::Wait => return steps,
        };
        match room.take(campaign.spec.cost(draft.fidelity)) {
            Ok(()) => {
                let trial = draft.clone().submitted(JobId(0), now);
                planned.trials.push(trial);
                steps.push(Step::Run(draft));
            }
            // What runs may leave more than it was kept.
            Err(_) if waits => return steps,
            Err(short) => {
                steps.push(too_little(campaign, short));
                return steps;
            }
        }
    }
}

fn propose(campaign: &Campaign) -> Proposal {
    match &campaign.spec.strategy {
        Strategy::Grid { points } => grid::propose(campaign, *points),
        Strategy::Random { trials, seed } => random::propose(campaign, *trials, *seed),
        Strategy::Asha(asha) => asha::propose(campaign, asha),
        Strategy::Model { trials, per_round } => model::propose(campaign, *trials, *per_round),
    }
}

/// For as many as there is room for.
fn ask(campaign: &Campaign, most: u32) -> Step {
    let (mut room, cost) = (campaign.room(), campaign.spec.cost(None));
    for trials in 0..most {
        match room.take(cost) {
            Ok(()) => {}
            Err(short) if trials == 0 => return too_little(campaign, short),
            Err(_) => return Step::Ask { trials },
        }
    }
    Step::Ask { trials: most }
}

/// Nothing waits or runs, and there is no room for the next trial.
fn too_little(campaign: &Campaign, short: Short) -> Step {
    let budget = &campaign.spec.budget;
    match short {
        Short::Trials => Step::End {
            why: format!(
                "It has had the {} trials of its budget",
                campaign.trials.len()
            ),
        },
        Short::GpuTime => Step::End {
            why: format!(
                "Its budget is used: {} of {} GPU-hours, and the next trial may need more than is left",
                hours(campaign.gpu_seconds),
                hours(budget.gpu_seconds)
            ),
        },
        Short::AtOnce => Step::Pause {
            why: "A trial needs more GPUs than it may have at once".to_owned(),
        },
    }
}

pub(super) fn hours(gpu_seconds: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    let hours = gpu_seconds as f64 / 3600.0;
    format!("{hours:.2}")
}

/// A trial of a new configuration.
fn begin(
    campaign: &Campaign,
    values: BTreeMap<String, String>,
    fidelity: Option<u64>,
    why: String,
) -> Proposal {
    Proposal::Trial(TrialDraft {
        number: campaign.next_trial(),
        parent: None,
        values,
        rung: 0,
        fidelity,
        why,
    })
}

/// How many configurations have begun.
fn begun(campaign: &Campaign) -> u32 {
    let roots = campaign
        .trials
        .iter()
        .filter(|trial| trial.parent.is_none());
    u32::try_from(roots.count()).unwrap_or(u32::MAX)
}

/// The better one first; of two as good the earlier one.
pub(super) fn order(better: Better, one: &Trial, other: &Trial) -> Ordering {
    let results = one
        .result
        .unwrap_or_default()
        .total_cmp(&other.result.unwrap_or_default());
    let results = match better {
        Better::Lower => results,
        Better::Higher => results.reverse(),
    };
    results.then(one.number.cmp(&other.number))
}
