//! When a campaign is over before its strategy or its budget says so.

use berth_domain::Timestamp;
use berth_domain::campaign::{Campaign, CampaignState, Trial, TrialState};

/// So many that fail after each other will not be the last.
const FAILED: usize = 5;

/// Why it is over by its stop rule.
pub(super) fn reached(campaign: &Campaign, now: Timestamp) -> Option<String> {
    let stop = &campaign.spec.stop;
    let metric = &campaign.spec.metric;
    if stop.until.is_some_and(|until| until <= now) {
        return Some("Its time is over".to_owned());
    }
    if let Some(target) = stop.target {
        let good = |trial: &&Trial| {
            let result = trial.result;
            result.is_some_and(|result| !metric.better.is_better(target, result))
        };
        if let Some(trial) = campaign.trials.iter().find(good) {
            let result = trial.result.unwrap_or_default();
            return Some(format!(
                "Trial {} reached the target: {} {result}",
                trial.number, metric.name
            ));
        }
    }
    let patience = stop.patience?;
    (since_best(campaign) >= patience).then(|| format!("{patience} trials brought nothing better"))
}

/// How many trials were done since one was better than all before it. One that went further than all
/// others counts as better, as in [`Campaign::best`].
fn since_best(campaign: &Campaign) -> u32 {
    let better = campaign.spec.metric.better;
    let mut best: Option<(u32, f64)> = None;
    let mut since = 0;
    for trial in ended(campaign) {
        let Some(result) = trial.result else { continue };
        let beats = best.is_none_or(|(rung, of)| {
            trial.rung > rung || trial.rung == rung && better.is_better(result, of)
        });
        if beats {
            best = Some((trial.rung, result));
            since = 0;
        } else {
            since += 1;
        }
    }
    since
}

/// Why somebody has to look, where nothing but failures came since it was started or let go on.
pub(super) fn only_failures(campaign: &Campaign) -> Option<String> {
    let CampaignState::Running { since } = campaign.state else {
        return None;
    };
    let mut last = ended(campaign);
    last.retain(|trial| trial.ended_at.is_some_and(|at| at > since));
    let last: Vec<&Trial> = last.into_iter().rev().take(FAILED).collect();
    let all = last.iter().all(|trial| trial.state == TrialState::Failed);
    if last.len() < FAILED || !all {
        return None;
    }
    let problem = last.first().and_then(|trial| trial.problem.as_deref());
    let problem = problem.unwrap_or_default();
    Some(format!("The last {FAILED} trials failed. {problem}"))
}

/// Trials that ended, in the order in which they did.
fn ended(campaign: &Campaign) -> Vec<&Trial> {
    let ended = campaign
        .trials
        .iter()
        .filter(|trial| trial.ended_at.is_some());
    let mut ended: Vec<&Trial> = ended.collect();
    ended.sort_by_key(|trial| (trial.ended_at, trial.number));
    ended
}
