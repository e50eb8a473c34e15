//! What one is told: in this browser, by mail, Slack or webhook.

// in this browser
pub const IN_THIS_BROWSER: &str = "In this browser";
pub const IN_THIS_BROWSER_TOLD: &str = "An open page always says when a job of yours ends or an \
    alert asks you. It can also use your system's notifications.";

// by mail, Slack or webhook
pub const BY_MAIL: &str = "By mail, Slack or webhook";
pub const TELL_ME: &str = "Tell me";

pub fn when(occasion: &str) -> String {
    format!("when {occasion}")
}

pub const LONG_IS: &str = "Long is";
pub const E_MAIL: &str = "E-mail";
pub const SENDS_NO_MAIL: &str = "The server sends no mail yet: an admin sets notify_smtp.";
pub const SLACK: &str = "Slack";
pub const WEBHOOK: &str = "Webhook";
pub const WEBHOOK_HINT: &str = "Sent JSON: kind, title, text, url, job, alert, at.";
pub const SECRET: &str = "Its secret";
pub const SECRET_PLACEHOLDER: &str = "at least 16 characters";
pub const SECRET_IS_SET: &str = "A secret is set; type another to change it.";
pub const SECRET_HINT: &str = "Signs the webhook's messages: HMAC-SHA256 in X-Berth-Signature-256.";
pub const SAVE: &str = "Save";
pub const SAVE_AND_TEST: &str = "Save and send a test";
pub const SAVED: &str = "Saved.";

pub fn saved_and_sent(sent: u32) -> String {
    format!("Saved; {sent} on the way.")
}

// what did not arrive
pub const DID_NOT_ARRIVE: &str = "Did not arrive";

pub fn message(title: &str, channel: &str, problem: &str, tries: u32) -> String {
    format!("{title} by {channel}: {problem} ({tries} tries)")
}
