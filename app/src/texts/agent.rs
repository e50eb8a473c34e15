//! Agents: the switch, what waits for an answer, rules, the ledger; cards and mandates in files of their own.

pub mod ask;
pub mod campaigns;
mod card;
mod mandate;

use berth_domain::agent::Mode;
use berth_domain::{CardId, UserName};

pub use self::card::*;
pub use self::mandate::*;

// the parts of the place
pub const PARTS: &str = "Agents";
pub const OVERVIEW: &str = "Overview";
pub const ASK: &str = "Ask";
pub const CAMPAIGNS: &str = "Campaigns";

// the page
/// What the address says was done.
pub fn done(word: &str) -> Option<&'static str> {
    Some(match word {
        "stopped" => "Stopped.",
        "resumed" => "It goes on.",
        "approved" => "Approved.",
        "declined" => "Declined.",
        "undone" => "Taken back.",
        "rule" => MODE_IS_SET,
        "set" => "The mandate is set.",
        "removed" => "The agent is removed. Its jobs stay.",
        _ => return None,
    })
}

// the switch
pub const SWITCH: &str = "The switch";
pub const ACTING: &str = "acting";
pub const STOPPED: &str = "stopped";
pub const ALL_MAY_ACT: &str = "Agents and Berth's own rules may act.";
pub const ALL_ARE_STOPPED: &str = "All agents and rules are stopped";
pub const IS_STOPPED: &str = "Stopped";
pub const STOPPED_BY: &str = ", by ";
pub const STOPPED_AT: &str = ", ";
pub const STOPPED_WHY: &str = ": ";

/// `2 agents act, 1 is stopped; 3 rules act, 1 asks.`
pub fn standing(acting: usize, stopped: usize, acts: usize, asks: usize) -> String {
    let agents = match acting {
        0 => "No agent acts".to_owned(),
        1 => "1 agent acts".to_owned(),
        many => format!("{many} agents act"),
    };
    let stopped = match stopped {
        0 => String::new(),
        1 => ", 1 is stopped".to_owned(),
        many => format!(", {many} are stopped"),
    };
    let rules = match acts {
        0 => "no rule acts".to_owned(),
        1 => "1 rule acts".to_owned(),
        many => format!("{many} rules act"),
    };
    let asks = match asks {
        0 => String::new(),
        1 => ", 1 asks first".to_owned(),
        many => format!(", {many} ask first"),
    };
    format!("{agents}{stopped}; {rules}{asks}.")
}

pub const STOP_ALL: &str = "Stop all";
pub const WHY: &str = "Why, for whoever wonders";
pub const WHY_STOP_ALL: &str = "Why all are stopped";
pub const JOBS_TOO: &str = "cancel their jobs too";
pub const ITS_JOBS_TOO: &str = "cancel its jobs too";
pub const LET_THEM_GO_ON: &str = "Let them go on";
pub const LET_IT_GO_ON: &str = "Let it go on";
pub const STOP: &str = "Stop";
pub const ONLY_ADMINS_STOP_ALL: &str =
    "Only an admin stops all of them. You can stop those that act for you.";
pub const ONLY_ADMINS_RESUME: &str = "Only an admin lets them go on.";
pub const CANCEL_ALL_ASKED: &str = "Stop all agents and cancel their jobs?";
pub const CANCEL_TOLD: &str =
    "What runs gets SIGTERM, a grace to save, then SIGKILL; what waits leaves the queue.";
pub const STOP_AND_CANCEL: &str = "Stop and cancel";
pub const ALL_STOPPED: &str = "All agents and rules are stopped.";
pub const ALL_GO_ON: &str = "Agents and rules may act again.";

pub fn why_stop(agent: &UserName) -> String {
    format!("Why {agent} is stopped")
}

pub fn stop(agent: &UserName) -> String {
    format!("Stop {agent}")
}

pub fn let_go_on(agent: &UserName) -> String {
    format!("Let {agent} go on")
}

pub fn cancel_asked(agent: &UserName) -> String {
    format!("Stop {agent} and cancel its jobs?")
}

pub fn is_stopped(agent: &UserName) -> String {
    format!("{agent} is stopped.")
}

pub fn goes_on(agent: &UserName) -> String {
    format!("{agent} goes on.")
}

// what waits for an answer
pub const OPEN: &str = "Waits for an answer ";
pub const NOTHING_TO_ANSWER: &str = "Nothing waits for an answer. What an agent or a rule may not do \
    by itself is asked here.";
pub const APPROVE: &str = "Approve";
pub const DECLINE: &str = "Decline";
pub const SEEN: &str = "I have seen it";
pub const THE_ADMINS: &str = "the admins";
pub const ONLY_ADMINS_ANSWER: &str = "Only an admin can answer.";

pub fn only_who_is_asked(asks: &UserName) -> String {
    format!("Only {asks}, a lead or an admin can answer.")
}

pub fn approve(card: CardId, title: &str) -> String {
    format!("Approve card {card}, {title}")
}

pub fn decline(card: CardId, title: &str) -> String {
    format!("Decline card {card}, {title}")
}

pub fn seen(card: CardId, title: &str) -> String {
    format!("I have seen card {card}, {title}")
}

pub fn approved(card: CardId) -> String {
    format!("Card {card} is approved.")
}

pub fn declined(card: CardId) -> String {
    format!("Card {card} is declined.")
}

// rules
pub const RULES: &str = "Berth's own rules";
pub const RULE: &str = "Rule";
pub const LOOKS_FOR: &str = "What it looks for";
pub const MODE: &str = "Mode";
pub const SET: &str = "Set";
pub const AS_FOR_ALL: &str = "as for all";
pub const BACK_TO_ALL: &str = "As for all";
pub const MODE_IS_SET: &str = "The mode is set.";
pub const OWN_MODE: &str = "Another mode for a project";
pub const RULES_ARE_STOPPED: &str = "Stopped with all agents: none looks or acts now.";
pub const ONLY_ADMINS_SET: &str = "Admins say how far each goes.";

/// What a mode means, in a few words.
pub fn mode_told(mode: Mode) -> &'static str {
    match mode {
        Mode::Off => "does not look",
        Mode::Shadow => "writes down what it would do, and tells nobody",
        Mode::Suggest => "asks who may do it",
        Mode::Act => "does it, and can be taken back",
    }
}

pub fn mode_of(rule: &str) -> String {
    format!("Mode of {rule}")
}

pub fn set_mode_of(rule: &str) -> String {
    format!("Set the mode of {rule}")
}

pub fn project_mode(project: &str, mode: &str) -> String {
    format!("{project}: {mode}")
}

pub fn rule_as_for_all(rule: &str, project: &str) -> String {
    format!("{rule} in {project} as for all")
}

// the ledger
pub const LEDGER: &str = "Ledger";
pub const NOTHING_DECIDED: &str = "Nothing was decided yet. Whatever an agent or a rule does, suggests or is \
    refused stands here, with what it saw and what came of it.";
pub const NOTHING_FITS: &str = "Nothing fits this filter.";
pub const WHOSE: &str = "Whose decisions";
pub const ALL: &str = "All";
pub const FOR_ME: &str = "For me";
pub const BY_ANYBODY: &str = "Agents and rules";
pub const BY: &str = "By whom";
pub const GROUP_AGENTS: &str = "Agents";
pub const GROUP_RULES: &str = "Rules";
pub const ANY_STATE: &str = "Any state";
pub const FILTER: &str = "Filter";
pub const PAGES: &str = "Pages of the ledger";
pub const NEWEST: &str = "Newest";
pub const OLDER: &str = "Older";
pub const UNDO: &str = "Undo";

pub fn undo(card: CardId, title: &str) -> String {
    format!("Undo card {card}, {title}")
}

pub fn undone(card: CardId) -> String {
    format!("Card {card} is taken back.")
}
