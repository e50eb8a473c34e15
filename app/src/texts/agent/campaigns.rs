//! Campaigns: the list, how one is started, the report, and what can be done to one.

use berth_domain::{UserName, dollars};

use crate::format;
use crate::texts::units;

pub const CAMPAIGNS: &str = "Campaigns";
pub const CAMPAIGN: &str = "Campaign";

// the list
pub const GOING: &str = "Going on";
pub const ENDED_BEFORE: &str = "Ended";
pub const ENDED_TOO: &str = "Those that ended too";
pub const ONLY_GOING: &str = "Only those that go on";
pub const NONE_GOES_ON: &str = "No campaign goes on. Give Berth a goal, a budget and a job with \
    parameters: it plans trials, reads their results and decides the next ones.";
pub const NONE_ENDED: &str = "None has ended yet.";
pub const START_ANOTHER: &str = "Start another";
pub const BEGIN_TOLD: &str =
    "A campaign is a file. With --dry-run the command says what it would come to.";
pub const COPY_FILE: &str = "file";

// how one stands
pub const RUNNING: &str = "running";
pub const PAUSED: &str = "paused";
pub const ENDED: &str = "ended";
pub const STARTED: &str = "started ";
pub const ENDED_AT: &str = " · ended ";
pub const WHY_SO: &str = "Why:";
pub const WAITS_FOR: &str = "Waits:";

pub fn by_agent(agent: &UserName) -> String {
    format!("by agent {agent}")
}

pub fn no_number(text: &str) -> String {
    format!("'{}' is no campaign's number.", text.escape_debug())
}

// its figures
pub const BEST: &str = "best";
pub const BEST_SO_FAR: &str = "Best so far";
pub const NO_RESULT: &str = "No trial has a result yet.";
pub const BUDGET: &str = "Budget";
pub const STRATEGY: &str = "Strategy";
pub const SEARCH: &str = "What is searched";
pub const NARROWER: &str = "A part of what was asked for:";
pub const UNTIL: &str = "Ends at the latest: ";

pub fn best(metric: &str) -> String {
    format!("Best {metric}")
}

pub fn better(metric: &str, better: &str) -> String {
    format!("{metric}: {better} is better.")
}

pub fn by_trial(trial: u32) -> String {
    format!("by trial {trial}, ")
}

pub fn job(job: u64) -> String {
    format!("job {job}")
}

/// `1.5 GPU-hours used + 1 kept, of 12`.
pub fn spent(used: &str, kept: Option<&str>, of: &str) -> String {
    let kept = kept.map_or(String::new(), |kept| format!(" + {kept} kept"));
    format!("{used} GPU-hours used{kept}, of {of}")
}

/// `$0.12 for language models, of $2.00`.
pub fn model_money(used: u64, of: u64) -> String {
    format!("{} for language models, of {}", dollars(used), dollars(of))
}

pub fn gpus_at_once(gpus: u32) -> String {
    format!("At most {} at once.", units::gpus(gpus))
}

pub fn trials_at_once(trials: u32) -> String {
    format!("At most {} at once.", format::count(trials, "trial"))
}

pub fn trials_in_all(trials: u32) -> String {
    format!("At most {} in all.", format::count(trials, "trial"))
}

pub fn grid(points: u32) -> String {
    format!("Grid, {} of each range", format::count(points, "point"))
}

pub fn random(trials: u32, seed: u32) -> String {
    format!("Random, {}, seed {seed}", format::count(trials, "trial"))
}

pub fn asha(trials: u32, eta: u32, param: &str, min: u64, max: u64) -> String {
    let trials = format::count(trials, "configuration");
    format!("ASHA, {trials}, the best of {eta} go on, {param} {min} to {max}")
}

pub fn model(trials: u32, per_round: u32) -> String {
    let trials = format::count(trials, "trial");
    format!("A language model proposes {trials}, {per_round} a round")
}

pub fn range(from: &str, to: &str, log: bool) -> String {
    let log = if log { " (log)" } else { "" };
    format!("{from} to {to}{log}")
}

pub fn at_target(target: &str) -> String {
    format!("Ends with a result as good as {target}.")
}

pub fn after_patience(trials: u32) -> String {
    let trials = format::count(trials, "trial");
    format!("Ends after {trials} without a better one.")
}

// its chart
pub const PROGRESS: &str = "Progress";
pub const PROGRESS_TOLD: &str = "Each trial's result as a dot, in the order in which they ended; the best so \
    far as a line. The best is of those that went furthest.";

pub fn progress(metric: &str, trials: usize, first: &str, now: &str) -> String {
    format!("The best {metric} over {trials} trials: {first} at first, {now} now.")
}

// its trials
pub const TRIALS: &str = "Trials";
pub const TRIAL: &str = "Trial";
pub const VALUES: &str = "Values";
pub const RUNG: &str = "Rung";
pub const WHY: &str = "Why";
pub const NO_TRIAL: &str = "none yet";
pub const NO_TRIAL_YET: &str = "No trial has begun yet.";
pub const SUBMITTED: &str = "waiting or running";
pub const DONE: &str = "done";
pub const FAILED: &str = "failed";
pub const STOPPED: &str = "stopped";

pub fn goes_on_from(parent: u32) -> String {
    format!("goes on from trial {parent}:")
}

pub fn so_far(result: &str) -> String {
    format!("{result} so far")
}

// what people said
pub const NOTES: &str = "Notes";

// what can be done to it
pub const PAUSE: &str = "Pause";
pub const PAUSE_IT: &str = "Pause it";
pub const WHY_PAUSE: &str = "Why it is paused";
pub const IS_PAUSED: &str = "It is paused. What runs goes on.";
pub const RESUME: &str = "Resume";
pub const GOES_ON: &str = "It goes on.";
pub const END: &str = "End";
pub const END_IT: &str = "End it";
pub const WHY_END: &str = "Why it ends";
pub const WHY_TOLD: &str = "Why, for whoever wonders";
pub const JOBS_TOO: &str = "cancel what of it waits or runs";
pub const END_TOLD: &str = "No further trial begins. What runs gets SIGTERM, a grace to save, then SIGKILL; \
    what waits leaves the queue.";
pub const END_KEEPS_TOLD: &str =
    "No further trial begins. What waits or runs goes on, and its results are read.";
pub const IS_ENDED: &str = "It has ended.";

pub fn end_asked(name: &str) -> String {
    format!("End campaign {name}?")
}

pub const STEER: &str = "Steer";
pub const STEER_IT: &str = "Steer it";
pub const STEER_TOLD: &str = "It changes what follows, not what was. A parameter can be any part of what was \
    asked for.";
pub const IS_STEERED: &str = "It is steered.";
pub const GPU_HOURS: &str = "GPU-hours in all";
pub const NOTE: &str = "Note, for whoever reads it later";

pub fn within(name: &str, asked: &str) -> String {
    format!("{name}, of {asked}")
}

pub fn from_of(name: &str) -> String {
    format!("{name} from")
}

pub fn to_of(name: &str) -> String {
    format!("{name} to")
}
