//! Talks with the assistant: the list, what was said and done, and the field to ask in.

use berth_domain::{CardId, dollars};

use crate::format;

// the page
pub const TITLE: &str = "Ask";
pub const TALKS: &str = "Talks";
pub const NEW_TALK: &str = "New talk";
pub const NO_TALKS: &str = "You have not asked anything yet.";

pub fn talk(id: &str) -> String {
    format!("Talk {id}")
}

pub fn no_talk(id: &str) -> String {
    format!("There is no talk '{}'.", id.escape_debug())
}

// who cannot ask
pub const NO_MODEL: &str = "There is no language model to answer, so nothing can be asked. An admin sets \
    BERTH_LLM_BASE_URL and BERTH_LLM_MODEL (and BERTH_LLM_API_KEY where it wants one) where the server is started, \
    or [[models]] in berth.toml: docs/models.md.";
pub const NEEDS_SCRIPT: &str = "Asking needs JavaScript here. On the command line it is ";
pub const COMMAND: &str = "berth ask";

// what to ask
pub const NOTHING_ASKED: &str = "Ask about the cluster, the queue and your jobs, or say what should be done. \
    What may harm is done only after you have approved it.";
pub const EXAMPLES: [&str; 3] = [
    "Why does my job wait?",
    "What is idle right now?",
    "When would 8 GPUs be free for 6 h?",
];
pub const QUESTION: &str = "Your question";
pub const PLACEHOLDER: &str = "Ask, or say what should be done";
pub const KEYS: &str = "Enter asks, Shift and Enter begins a line.";
pub const ASK: &str = "Ask";
pub const STOP: &str = "Stop";
pub const KEY_STOPS: &str = "Escape stops the answer.";
pub const ANSWERS_IN: &str = "Berth answers in ";
pub const ANOTHER_TALK: &str = "another talk";

// what was said
pub const CONVERSATION: &str = "What was said";
pub const YOU: &str = "You";
pub const BERTH: &str = "Berth";
pub const ANSWERS: &str = "Berth answers…";

/// For who hears it.
pub fn said(text: &str) -> String {
    format!("{BERTH}: {text}")
}

#[cfg(feature = "hydrate")]
pub const STOPPED: &str = "You stopped it here.";
#[cfg(feature = "hydrate")]
pub const LOST: &str = "The server cannot be reached. Ask again when it answers.";
#[cfg(feature = "hydrate")]
pub const BROKE_OFF: &str =
    "The server broke off in the middle of the answer. What was said by then is kept; ask again.";
#[cfg(feature = "hydrate")]
pub const TOO_LONG: &str = "The server does not end what it says.";
pub const NOT_ANSWERED: &str =
    "This is not answered, or not yet: load the page again to look, or ask again.";

// what was done for it
pub const UNDER_WAY: &str = "asked";
pub const DONE: &str = "ok";
pub const REFUSED: &str = "refused";
pub const WHAT_CAME_OF_IT: &str = "What came of it";
pub const TABLE: &str = "Table";

/// What a tool does, in a few words.
pub fn tool(name: &str) -> String {
    if let Some(of) = name.strip_prefix("preview_") {
        return format!("{}, only looked at", tool(of));
    }
    let words = match name {
        "cluster_status" => "The cluster",
        "queue" => "The queue",
        "explain_pending" => "Why it waits",
        "job" => "A job",
        "job_log" => "A job's log",
        "forecast" => "When it would start",
        "usage" => "Who used what",
        "alerts" => "Alerts",
        "wait_for" => "Wait for a job",
        "submit" | "submit_job" => "Submit",
        "sweep" | "submit_sweep" => "Submit a sweep",
        "cancel" => "Cancel",
        "hold" => "Hold or release",
        "move" => "Move",
        "reserve" => "Reserve",
        "answer_alert" => "Answer an alert",
        other => return other.replace('_', " "),
    };
    words.to_owned()
}

pub fn card(card: CardId) -> String {
    format!("card {card}")
}

pub fn asked_for(card: CardId, sentence: &str) -> String {
    format!("Card {card}: {sentence}.")
}

// what it cost
/// `qwen3-32b · 12,000 tokens read, 400 written`.
pub fn tokens(models: &str, read: u64, written: u64) -> String {
    let (read, written) = (format::thousands(read), format::thousands(written));
    format!("{models} · {read} tokens read, {written} written")
}

pub fn cost(micros: u64, estimated: bool) -> String {
    let about = if estimated { "about " } else { "" };
    format!(" · {about}{}", dollars(micros))
}

pub fn left(micros: u64) -> String {
    format!(" · {} left", dollars(micros))
}

// forgetting
pub const FORGET: &str = "Forget";
pub const FORGET_TOLD: &str = "What was said is gone then. What was done stays in the ledger.";
pub const FORGET_IT: &str = "Forget the talk";
pub const FORGOTTEN: &str = "The talk is forgotten.";

pub fn forget(title: &str) -> String {
    format!("Forget {title}")
}

pub fn forget_asked(title: &str) -> String {
    format!("Forget “{title}”?")
}
