//! What people want to be told, and where.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::tokens::tokens;

tokens! {
    /// What somebody may want to be told.
    Occasion, "an occasion" {
        /// A job of theirs began to run.
        Started = "started",
        /// A job of theirs ended, or is tried again.
        Ended = "ended",
        /// A job of theirs waits for long.
        Waits = "waits",
        /// An alert asks them.
        Alert = "alert",
        /// The autopilot, or an agent of theirs, asks whether to do something.
        Approval = "approval",
    }
}

impl Occasion {
    /// For a check box.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Occasion::Started => "a job of mine starts",
            Occasion::Ended => "a job of mine ends",
            Occasion::Waits => "a job of mine waits for long",
            Occasion::Alert => "an alert asks me",
            Occasion::Approval => "an agent or the autopilot asks me",
        }
    }
}

/// What one person wants to be told, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preferences {
    pub on: BTreeSet<Occasion>,
    /// What waiting for long is, in seconds.
    pub waits_over_s: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// A Slack incoming webhook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slack: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook: Option<String>,
    /// What the webhook's messages are signed with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_secret: Option<String>,
}

impl Default for Preferences {
    fn default() -> Self {
        Preferences {
            on: [
                Occasion::Ended,
                Occasion::Waits,
                Occasion::Alert,
                Occasion::Approval,
            ]
            .into(),
            waits_over_s: 4 * 3600,
            email: None,
            slack: None,
            webhook: None,
            webhook_secret: None,
        }
    }
}

impl Preferences {
    #[must_use]
    pub fn waits_over(&self) -> Duration {
        Duration::from_secs(self.waits_over_s)
    }

    /// Whether it can be sent where it says.
    ///
    /// # Errors
    /// The field and a sentence.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        let url = |field: &'static str, url: &Option<String>| match url {
            Some(url) if !is_web_address(url) => Err((
                field,
                format!(
                    "'{}' is not an address of the web: https://…",
                    url.escape_debug()
                ),
            )),
            _ => Ok(()),
        };
        url("slack", &self.slack)?;
        url("webhook", &self.webhook)?;
        if let Some(email) = &self.email
            && !is_email(email)
        {
            let why = format!("'{}' is not an e-mail address.", email.escape_debug());
            return Err(("email", why));
        }
        if self
            .webhook_secret
            .as_ref()
            .is_some_and(|secret| secret.len() < 16)
        {
            let why = "A secret has at least 16 characters.".to_owned();
            return Err(("webhook_secret", why));
        }
        if self.waits_over_s < 60 {
            let why = "Less than a minute is no long wait.".to_owned();
            return Err(("waits_over_s", why));
        }
        Ok(())
    }
}

fn is_web_address(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
        && text.len() <= 2000
        && !text.contains(char::is_whitespace)
}

fn is_email(text: &str) -> bool {
    text.split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !host.contains('@'))
        && text.len() <= 320
        && !text.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_it_cannot_be_sent_is_said() {
        assert_eq!(Preferences::default().check(), Ok(()));
        let field = |preferences: Preferences| preferences.check().map_err(|(field, _)| field);
        let some = |text: &str| Some(text.to_owned());
        let email = |text| Preferences {
            email: some(text),
            ..Preferences::default()
        };
        assert_eq!(field(email("ana@example.org")), Ok(()));
        for wrong in ["ana", "@example.org", "ana@host", "a b@c.de", "a@b@c.de"] {
            assert_eq!(field(email(wrong)), Err("email"), "{wrong}");
        }
        let slack = |text| Preferences {
            slack: some(text),
            ..Preferences::default()
        };
        assert_eq!(field(slack("https://hooks.slack.com/services/x")), Ok(()));
        for wrong in [
            "hooks.slack.com",
            "ftp://x",
            "https://",
            "file:///etc/passwd",
        ] {
            assert_eq!(field(slack(wrong)), Err("slack"), "{wrong}");
        }
    }
}
