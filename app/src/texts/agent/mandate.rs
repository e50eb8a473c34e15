//! Agents: what each has used, what it may do, the form that says so, and its token.

use berth_domain::UserName;
use berth_domain::agent::Action;

// agents
pub const AGENTS: &str = "Agents and their mandates ";
pub const NO_AGENTS: &str = "There is no agent yet. An agent is a program with a token of its own, such as \
    a coding agent, that submits and watches jobs for you: within a budget and a mandate that you give \
    it, with each thing it does written down, and never with more rights than you have.";
pub const MAKE_AN_AGENT: &str = "Make an agent";
pub const FOR_WHOM: &str = "for ";
pub const MADE: &str = "made ";
pub const WITH_ALL: &str = "It is stopped with all others.";
pub const CHANGE_MANDATE: &str = "Change";
pub const NEW_TOKEN: &str = "New token";
pub const REMOVE: &str = "Remove";
pub const WHAT_IT_DID: &str = "What it did";
pub const REMOVE_TOLD: &str = "Its tokens end at once; its jobs and what it did stay.";
pub const REMOVE_THE_AGENT: &str = "Remove the agent";

pub fn change_mandate(agent: &UserName) -> String {
    format!("Change the mandate of {agent}")
}

pub fn new_token(agent: &UserName) -> String {
    format!("New token for {agent}")
}

pub fn remove(agent: &UserName) -> String {
    format!("Remove {agent}")
}

pub fn remove_asked(agent: &UserName) -> String {
    format!("Remove agent {agent}?")
}

pub fn removed(agent: &UserName) -> String {
    format!("{agent} is removed. Its jobs stay.")
}

pub fn what_it_did(agent: &UserName) -> String {
    format!("What {agent} did")
}

// its token
pub const TOKEN_OF: &str = "The token of ";
pub const TOKEN_ONCE: &str = ". It is not shown again.";
pub const COPY_TOKEN: &str = "token";
pub const FOR_CLAUDE: &str = "Give it to a coding agent, here Claude Code:";
pub const FOR_SHELL: &str = "Or to the command line, where the agent runs:";
pub const HIDE: &str = "I have it";

pub fn for_claude(url: &str, token: &str) -> String {
    format!(
        "claude mcp add --transport http berth {url}/mcp --header \"Authorization: Bearer {token}\""
    )
}

pub fn for_shell(url: &str, token: &str) -> String {
    format!("export BERTH_URL={url} BERTH_TOKEN={token}")
}

// what it has used
pub const USED_HOURS: &str = "GPU-hours";
pub const AT_ONCE: &str = "GPUs at once";
pub const JOBS_THIS_HOUR: &str = "Jobs this hour";
pub const REFUSED_THIS_HOUR: &str = "Refused this hour";

pub fn used(used: &str, ahead: Option<&str>, of: Option<&str>) -> String {
    let ahead = ahead.map_or(String::new(), |ahead| format!(" + {ahead} ahead"));
    match of {
        Some(of) => format!("{used} used{ahead}, of {of}"),
        None => format!("{used} used{ahead}, no limit"),
    }
}

pub fn of(now: u32, most: Option<u32>) -> String {
    match most {
        Some(most) => format!("{now} of {most}"),
        None => format!("{now}, no limit"),
    }
}

// a mandate in words
pub const MAY_NOTHING: &str = "May look and do nothing.";

pub fn may_with_own(actions: &str) -> String {
    format!("May {actions}; only jobs that it submitted.")
}

pub fn may_with_all(actions: &str, acts_for: &UserName) -> String {
    format!("May {actions}; all jobs of {acts_for}.")
}

pub fn only_at(hours: &str) -> String {
    format!("Acts only {hours} UTC.")
}

pub fn only_in(projects: &str) -> String {
    format!("Submits only to {projects}.")
}

pub const MAY_PREEMPT: &str = "Its jobs may take GPUs from others.";

pub fn asks_above(hours: &str) -> String {
    format!("Asks first for what could use more than {hours} GPU-hours.")
}

pub const ASKS_FOR_ALL: &str = "Asks first for whatever uses GPUs.";

pub fn asks_before(actions: &str) -> String {
    format!("Asks each time before: {actions}.")
}

pub const RUNS_ONLY: &str = "Runs only:";

pub fn list(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// What an action lets an agent do, after `may`.
pub fn action(action: Action) -> &'static str {
    match action {
        Action::Update => "change",
        Action::Answer => "answer alerts",
        action => action.as_str(),
    }
}

// the form of a mandate
pub const NEW_AGENT: &str = "A new agent";

pub fn mandate_of(agent: &str) -> String {
    format!("The mandate of {agent}")
}

pub const NAME_HINT: &str = "Letters a-z, digits, '.', '_' and '-'.";
pub const ACTS_FOR: &str = "For whom";
pub const ACTS_FOR_HINT: &str = "Empty: for you. Its jobs are theirs.";
pub const GPU_HOURS: &str = "GPU-hours in all";
pub const GPU_HOURS_HINT: &str = "Counted by time limits until a job has ended. Empty: no limit.";
pub const GPUS_AT_ONCE: &str = "GPUs at once";
pub const GPUS_AT_ONCE_HINT: &str = "Of all its jobs that wait or run. Empty: no limit.";
pub const JOBS_PER_HOUR: &str = "Jobs an hour";
pub const HOURS: &str = "Hours of the day";
pub const HOURS_HINT: &str = "In UTC, such as 22:00-06:00. Empty: at any time.";
pub const PROJECTS: &str = "Projects";
pub const PROJECTS_HINT: &str = "With commas between them. Empty: any, and none.";
pub const COMMANDS: &str = "Commands";
pub const COMMANDS_HINT: &str = "One a line, with {int}, {float} and {word} as places for values. Each \
    runs in the job's own folder, and sets no variables. Empty: any.";
pub const COMMANDS_EXAMPLE: &str = "python train.py --lr {float} --seed {int}";
pub const APPROVE_ABOVE: &str = "Ask first above GPU-hours";
pub const APPROVE_ABOVE_HINT: &str =
    "What could use more waits for a person. 0: whatever uses any.";
pub const WHAT_IT_MAY: &str = "What it may do";
pub const ACTION: &str = "Action";
pub const MAY: &str = "May";
pub const ASK_FIRST: &str = "Asks first";

pub fn may(what: &str) -> String {
    format!("May {what}")
}

pub fn asks_first(what: &str) -> String {
    format!("Asks before it may {what}")
}

pub const ALL_JOBS: &str = "All jobs of its person";
pub const ALL_JOBS_HINT: &str = "Not only those that it submitted.";
pub const PREEMPT: &str = "May preempt";
pub const PREEMPT_HINT: &str = "Its jobs may be of a class that takes GPUs from others.";
pub const MAKE: &str = "Make it";
pub const SAVE: &str = "Save the mandate";

pub fn is_gone(agent: &UserName) -> String {
    format!("There is no agent {agent} any more.")
}

pub fn is_there_already(agent: &str) -> String {
    format!("There is an agent {agent} already: change it, or choose another name.")
}

pub fn made(agent: &UserName) -> String {
    format!("{agent} can begin.")
}

pub fn saved(agent: &UserName) -> String {
    format!("The mandate of {agent} is set.")
}

pub fn made_token(agent: &UserName) -> String {
    format!("{agent} has another token.")
}
