//! Alerts: the page, a card with its answers, and what a browser is told.

use berth_domain::{AlertId, JobId, UserName};

// the page
pub const OPEN: &str = "Open ";
pub const NOTHING_IS_WRONG: &str = "Nothing is wrong.";
pub const ANSWERED: &str = "Answered";
pub const OVER: &str = "Over";

// a card
pub const IS_OVER: &str = "over";
pub const IS_ANSWERED: &str = "answered";
pub const ASKS_THE_ADMINS: &str = "asks the admins";

pub fn asks(asks: &UserName) -> String {
    format!("asks {asks}")
}

pub const WAS_OVER: &str = " · over ";
pub const BERTH_DID: &str = "Berth: ";
pub const WAS_OPENED: &str = " · opened ";

pub fn because(because: &str) -> String {
    format!(", because {because}")
}

pub const UNTIL: &str = ", until ";
pub const ONLY_ADMINS: &str = "Only admins can answer.";

pub fn only_who_is_asked(asks: &UserName) -> String {
    format!("Only {asks}, a lead or an admin can answer.")
}

pub fn answer_given(id: AlertId) -> String {
    format!("Alert {id} is answered.")
}

pub const KEEP_IT_BECAUSE: &str = "Keep it, because…";
pub const WHY_KEEP_IT: &str = "Why it is to stay as it is";
pub const HOUR: &str = "1 h";
pub const HOURS_2: &str = "2 h";
pub const HOURS_4: &str = "4 h";
pub const HOURS_8: &str = "8 h";
pub const A_DAY: &str = "a day";
pub const FOR_HOW_LONG: &str = "For how long";

// what a browser is told
pub fn alert(text: &str) -> String {
    format!("Alert: {text}")
}

pub fn ended(id: JobId, name: &str, how: &str) -> String {
    format!("Job {id} ({name}): {how}")
}

#[cfg(feature = "hydrate")]
pub const ON_IN_THIS_BROWSER: &str = "On in this browser.";
#[cfg(feature = "hydrate")]
pub const NOT_ALLOWED: &str =
    "This browser does not allow it for this page. Its settings for the page can.";
pub const USE_NOTIFICATIONS: &str = "Use notifications";
