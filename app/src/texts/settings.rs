//! What one is told: in this browser, by mail, Slack or webhook; one's password and tokens.

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

// password
pub const PASSWORD: &str = "Password";
pub const PASSWORD_SET_TOLD: &str = "With one you log in on any device without asking for a link. Twelve \
    characters or more; a few words are easy to keep in mind.";
pub const PASSWORD_CHANGE_TOLD: &str = "Your other browsers have to log in again after it.";
pub const COME_BY_A_LINK: &str = "You came by a token. To set a password, come by a login link: an admin \
    makes it on the page Admin.";
pub const OLD_PASSWORD: &str = "Old password";
pub const NEW_PASSWORD: &str = "New password";
pub const NEW_PASSWORD_AGAIN: &str = "The same again";
pub const SET_PASSWORD: &str = "Set password";
pub const CHANGE_PASSWORD: &str = "Change password";
pub const PASSWORD_IS_SET: &str = "Your password is set. Other browsers have to log in again.";

// tokens
pub const TOKENS: &str = "API tokens";
pub const TOKENS_TOLD: &str =
    "For the CLI on another host and for your own tools: whoever shows one is you.";
pub const API_DOCS: &str = "How programs ask";
pub const NO_TOKEN: &str = "You have none.";
pub const TOKEN_MADE: &str = "It is not shown again. Where it is to be used:";
pub const COPY_TOKEN: &str = "Copy token";
pub const WHAT_FOR: &str = "For";
pub const FOR_EXAMPLE: &str = "notebook on my laptop";
pub const GOOD_FOR: &str = "Good for";
pub const A_MONTH: &str = "30 days";
pub const THREE_MONTHS: &str = "90 days";
pub const A_YEAR: &str = "a year";
pub const UNTIL_REVOKED: &str = "until I revoke it";
pub const TOKEN_MAY: &str = "May";
pub const ALL_THAT_I_MAY: &str = "all that I may";
pub const ONLY_READ: &str = "only read";
pub const MAKE_TOKEN: &str = "Make a token";
pub const MADE: &str = "Made";
pub const EXPIRES: &str = "Expires";
pub const USED: &str = "Used last";
pub const SAID_MADE: &str = "made";
pub const SAID_EXPIRES: &str = "expires";
pub const SAID_USED: &str = "used";
pub const NEVER: &str = "never";
pub const REVOKE: &str = "Revoke";
pub const REVOKE_TOLD: &str = "Whatever uses it is shut out at once.";
pub const REVOKED: &str = "Revoked.";

pub fn revoke_of(label: &str) -> String {
    format!("Revoke the token for {label}")
}

pub fn revoke_asked(label: &str) -> String {
    format!("Revoke the token for {label}?")
}

pub const WHAT_I_MAY_USE: &str = "What you may use, and your projects";
