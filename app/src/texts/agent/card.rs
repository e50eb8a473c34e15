//! A card: its states, what was seen, would be done and was, and what that changes.

use crate::texts::common;

// a card
pub const SHADOW: &str = "shadow";
pub const ASKS: &str = "asks";
pub const DONE: &str = "done";
pub const REFUSED: &str = "refused";
pub const DECLINED: &str = "declined";
pub const EXPIRED: &str = "expired";
pub const UNDONE: &str = "taken back";

pub fn of_rule(title: &str) -> String {
    format!("{}, {title}", common::BERTH)
}

pub const ASKED: &str = " · asks ";
pub const UNTIL: &str = " until ";
pub const FOR: &str = " · for ";
pub const SAW: &str = "Seen";
pub const CONSIDERED: &str = "Not chosen";
pub const WOULD: &str = "Would";
pub const DID: &str = "Did";
pub const TRIED: &str = "Tried to";
pub const ABOUT: &str = "About";
pub const ONLY_TELLS: &str = "There is nothing to do but to know it.";
pub const EXPECTED: &str = "Expected";
pub const EFFECT: &str = "Effect";
pub const BECAUSE: &str = "Why not";
pub const SETTLED: &str = "Settled";
pub const NOBODY_ANSWERED: &str = "Nobody answered in time, or what it was about is over.";
pub const APPROVED_BY: &str = "Approved by ";
pub const DECLINED_BY: &str = "Declined by ";
pub const UNDONE_BY: &str = "Taken back by ";
pub const CAN_BE_UNDONE_UNTIL: &str = "Can be taken back until ";
pub const SHADOW_TOLD: &str = "It was only written down: the rule is in shadow.";

pub fn not_because(option: &str, why_not: &str) -> String {
    format!("{option}: {why_not}")
}

pub fn job(job: u64) -> String {
    format!("job {job}")
}

// what an act asks for
pub fn asks_for(gpus: &str, nodes: Option<i64>, limit: Option<&str>) -> String {
    let nodes = match nodes {
        Some(nodes) if nodes > 1 => format!(" on each of {nodes} nodes"),
        _ => String::new(),
    };
    let limit = limit.unwrap_or("24h");
    format!("Asks for {gpus}{nodes}, for {limit} at most.")
}

pub fn sweeps(params: &str) -> String {
    format!("One job for each of {params}.")
}

pub fn sets(what: &str) -> String {
    format!("Sets {what}.")
}

pub fn sets_to(what: &str, to: &str) -> String {
    format!("{what} to {to}")
}

pub const SET_NAME: &str = "the name";
pub const SET_LIMIT: &str = "the time limit";
pub const SET_CLASS: &str = "the class";
pub const SET_RETRIES: &str = "retries";
pub const SET_PREEMPTIBLE: &str = "preemptible";
pub const SET_NODES: &str = "nodes";
pub const SET_GPUS: &str = "GPUs";
pub const SET_BEGIN: &str = "when it may begin";
pub const SET_DEADLINE: &str = "the deadline";
pub const SET_AFTER: &str = "what it waits for";
pub const SET_CONSTRAINTS: &str = "what it asks of nodes";
pub const YES: &str = "yes";
pub const NO: &str = "no";

pub fn reserves(gpus: &str, start: Option<&str>, how_long: Option<&str>) -> String {
    let start = start.unwrap_or("now");
    let how_long = how_long.map_or(String::new(), |long| format!(", {long}"));
    format!("{gpus} from {start}{how_long}.")
}

pub fn reserves_for(length: &str) -> String {
    format!("for {length}")
}

pub fn reserves_until(end: &str) -> String {
    format!("until {end}")
}

// what it changes
pub const MEAN_WAIT: &str = "Mean wait";
pub const OWN_WAIT: &str = "Its own wait";
pub const WORST_DELAY: &str = "Worst delay";
pub const WASTED: &str = "GPU time wasted";
pub const PREDICTED: &str = "Predicted";
pub const MEASURED: &str = "Measured";
pub const EFFECT_OF: &str = "What it changes, as predicted and as measured";
pub const NOT_MEASURED_YET: &str = "not yet";
pub const NOT_FORETOLD: &str = "—";
pub const NO_CHANGE: &str = "no change";
pub const MEAN_STAYS: &str = "The mean wait stays as it is.";
pub const OWN_STAYS: &str = "The job itself starts when it would anyway.";
pub const NOBODY_LATER: &str = "Nobody else waits longer.";
pub const NONE_LATER: &str = "nobody waits longer";

pub fn sooner(long: &str) -> String {
    format!("{long} sooner")
}

pub fn later(long: &str) -> String {
    format!("{long} later")
}

pub fn mean_changes(change: &str) -> String {
    format!("Jobs start {change} on average.")
}

pub fn own_changes(change: &str) -> String {
    format!("The job itself starts {change}.")
}

pub fn nobody_more_than(long: &str) -> String {
    format!("Nobody else waits more than {long} longer.")
}

pub fn at_most_longer(long: &str) -> String {
    format!("{long} longer at most")
}

pub fn less(much: &str) -> String {
    format!("{much} less")
}

pub fn more(much: &str) -> String {
    format!("{much} more")
}

pub fn wasted_changes(change: &str) -> String {
    format!("{change} is used for nothing.")
}
