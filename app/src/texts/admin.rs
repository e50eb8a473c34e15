//! Admin: policy and its knobs, people, quotas, tokens of nodes, messages.

use berth_api::quotas::LimitKind;
use berth_domain::{NodeName, Role, UserName};

// the page
pub const IS_FOR_ADMINS: &str = "This page is for admins.";
pub const IS_FOR_ADMINS_TITLE: &str = "This page is for admins";
pub const WHAT_ADMINS_DO: &str = "Here they choose how the queue is ordered, say who may hold how \
    many GPUs, and let people and nodes in. Your own jobs need none of it.";
pub const NO_ADMIN: &str = "There is no admin at the moment.";
pub const ASK_THE_ADMIN: &str = "Ask the admin:";
pub const ASK_ONE: &str = "Ask one of the admins:";
pub const ADMINS: &str = "Admins";
pub const SEEN_WITHOUT: &str = "What holds for you can be seen without them: ";
pub const SEEN_AND: &str = " and ";

// people
pub const PEOPLE: &str = "People";
pub const WHO_MAY_LOG_IN: &str = "Who may log in";
pub const SINCE: &str = "Since";
pub const LAST_SEEN: &str = "Last seen";
pub const LET_IN: &str = "Let in";
pub const SAID_SINCE: &str = "since";
pub const SAID_SEEN: &str = "seen";
pub const SAID_RUNNING: &str = "running";
pub const SAID_WAITING: &str = "waiting";
pub const NEVER_SEEN: &str = "No login or job of theirs is known";
pub const ROLE: &str = "Role";
pub const SAID_ROLE: &str = "role";
pub const SET_ROLE: &str = "Set";

/// What somebody of a role may do.
pub fn may(role: Role) -> &'static str {
    match role {
        Role::Viewer => "Sees everything and changes nothing",
        Role::Member => "Runs jobs",
        Role::Lead => "May also act on others' jobs and decide whose goes first",
        Role::Admin => "Runs the cluster: nodes, people, quotas, policy",
    }
}

pub fn role_of(name: &UserName) -> String {
    format!("Role of {name}")
}

pub fn new_link_for(name: &UserName) -> String {
    format!("New login link for {name}")
}

pub const LOGIN_LINK: &str = "Login link";
pub const YOU_ARE_ALONE: &str = "You are alone here. Add whoever is to submit jobs.";
pub const SEND_THIS_TO: &str = "Send this to ";
pub const LOGS_IN_UNTIL: &str = ". It logs one browser in, once, until ";
pub const NOT_SHOWN_AGAIN: &str = ", and is not shown again.";
pub const COPY_LOGIN_LINK: &str = "login link";
pub const ADD_A_PERSON: &str = "Add a person";
pub const ADD: &str = "Add";

// quotas
pub const QUOTAS: &str = "Quotas";
pub const QUOTAS_TOLD: &str = "How many GPUs one may hold at once, and how many GPU-hours one may use \
    in a period. A soft limit binds only while others wait; a hard one also while GPUs idle. Shares are \
    for the policies that look at who used how much of late. Periods begin at 00:00 UTC.";
pub const WHO_CHANGED_QUOTAS: &str = "Who changed what, and when";
pub const USERS: &str = "Users";
pub const PROJECTS: &str = "Projects";
pub const QUOTAS_OF: &str = "Quotas of ";
pub const EVERYBODY_ELSE: &str = "everybody else";
// changing one
pub const THE_QUOTA_OF: &str = " the quota of ";
pub const EVERY_OTHER_USER: &str = "every other user";
pub const EVERY_OTHER_PROJECT: &str = "every other project";

/// What a field holds.
pub fn amount_of(kind: LimitKind, label: &str) -> String {
    match kind {
        LimitKind::Gpus => format!("GPUs of {label}"),
        LimitKind::GpuHours => format!("GPU-hours of {label}"),
        LimitKind::Shares => format!("Shares of {label}"),
    }
}

pub fn period_of(label: &str) -> String {
    format!("Period of the GPU-hours of {label}")
}

pub const GPUS_AT_ONCE: &str = "GPUs at once";
pub const GPU_HOURS: &str = "GPU-hours";
pub const SHARES: &str = "shares";
pub const THE_PROJECT: &str = "the project";

pub const HARD: &str = "hard";
pub const SET: &str = "Set";
pub const SET_NO_LIMIT: &str = "No limit";
pub const RESET: &str = "Reset";
pub const BACK_TO_POLICY: &str = "Back to what the policy has";
pub const BACK_TO_NONE: &str = "Back to nothing set";
pub const BACK_TO_EVERYBODY: &str = "Back to what everybody has";
pub const ANOTHER_PROJECT: &str = "Another project";
pub const QUOTA_IS_SET: &str = "The quota is set.";

// the policy
pub const POLICY: &str = "Policy";

pub fn follows(policy: &str, with: &str, space: &str, since: &str) -> String {
    format!("The planner follows {policy}{with}{space}{since}.")
}

pub fn with(knobs: &str) -> String {
    format!(" with {knobs}")
}

pub const FROM_NOW_ON: &str = "from now on";
pub const FOLLOW: &str = "Follow";
pub const FIFO: &str = "strictly first come, first served";
pub const EASY: &str = "first come, first served; who delays nobody may pass";
pub const PRIORITY: &str = "class and place in the line are everything";
pub const FAIR: &str = "who used least of late goes first";
pub const SJF: &str = "the shortest expected run time first";
pub const SLURM: &str = "Slurm's multifactor priority with backfill";
pub const BERTH: &str = "the shortest expected work first, learned from history";
pub const EMPTY_KNOB: &str = "A knob that is left empty below is as the policy has it.";
pub const APPLY: &str = "Apply";

// its knobs
pub const GROUP_ORDER: &str = "Order, backfill and limits";
pub const GROUP_FACTORS: &str = "The order of many factors";
pub const GROUP_SHORTEST: &str = "The order of the shortest first";
pub const GROUP_PREEMPTION: &str = "Stopping jobs for others";
pub const KNOB: &str = "Knob";
pub const NOW: &str = "Now";
pub const SET_TO: &str = "Set to";
pub const MEANING: &str = "Meaning";
pub const CHANGED_TOLD: &str = "The policy has it otherwise by itself";
pub const CHANGED: &str = "changed";

pub fn set_knob(knob: &str) -> String {
    format!("Set {knob} to")
}

// what another policy would change
pub fn starts_elsewhere(changed: usize, of: usize, how: &str) -> String {
    format!("{changed} of {of} waiting jobs would start at another time: {how}.")
}

pub const WHOSE_START: &str = "Whose start would change";
pub const STARTS_NOW_AT: &str = "Starts now at";
pub const WOULD_START_AT: &str = "Would start at";
pub const CHANGE_BY: &str = "Change";

// tokens of nodes
pub const TOKENS: &str = "Tokens of nodes";

pub fn unknown_daemon(name: &NodeName, version: &str, gpus: &str) -> String {
    format!(
        "The daemon of {name} (Berth {version}) tells of {gpus} that are not part of this cluster. \
         If `berth nodes` calls the host otherwise, make a token for that name; else let the \
         server use the host, or revoke the token."
    )
}

pub const NO_NODE_HAS_ONE: &str = "No node has one. With a token its daemon tells what the GPUs \
    do, once a second. Make one on the server's host:";
pub const NODE: &str = "Node";
pub const DAEMON: &str = "Daemon";
pub const MADE: &str = "Made";
pub const SHUT_OUT: &str = "Shut out";
pub const CONNECTED: &str = "connected";
pub const NOT_HERE: &str = "not here";
pub const MADE_BY: &str = " by ";

pub fn revoke_tokens(node: &NodeName) -> String {
    format!("Revoke the tokens of {node}")
}

pub fn revoke_asked(node: &str) -> String {
    format!("Revoke the tokens of {node}?")
}

pub const REVOKE_TOLD: &str = "Its daemon is sent away within a minute and needs another token to \
    come back. Jobs there go on.";
pub const REVOKE: &str = "Revoke";

pub fn has_no_token(node: &str) -> String {
    format!("{node} has no token any more.")
}

// messages
pub const NOT_ARRIVED: &str = "Messages that did not arrive";
pub const ALL_ARRIVED: &str = "Every message of the last 30 days arrived.";
pub const THE_TEAM: &str = "the team";

pub fn message(title: &str, whom: &str, channel: &str, problem: &str, tries: u32) -> String {
    format!("{title} to {whom} by {channel}: {problem} ({tries} tries)")
}

// projects
pub const PROJECTS_ARE: &str = "Projects and who is in them";
