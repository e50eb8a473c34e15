//! Where messages go.

use std::time::Duration;

use berth_domain::Preferences;
use hmac::{Hmac, Mac};
use lettre::message::Mailbox;
use lettre::transport::smtp::AsyncSmtpTransport;
use lettre::{AsyncTransport, Tokio1Executor};
use sha2::Sha256;

use crate::message::Message;

/// Whoever takes longer does not answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A way to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Channel {
    Email,
    Slack,
    Webhook,
}

impl Channel {
    pub const ALL: [Channel; 3] = [Channel::Email, Channel::Slack, Channel::Webhook];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Channel::Email => "email",
            Channel::Slack => "slack",
            Channel::Webhook => "webhook",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Channel::ALL.into_iter().find(|one| one.as_str() == text)
    }
}

/// What the server sends with. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Channels {
    http: reqwest::Client,
    mail: Option<Mail>,
    /// Where the whole team is told of alerts.
    team: Preferences,
}

#[derive(Clone, Debug)]
struct Mail {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

/// What is wrong with the configuration.
#[derive(Debug, thiserror::Error)]
pub enum ChannelsError {
    #[error("notify_smtp is not smtp://HOST:PORT or smtps://USER:PASSWORD@HOST: {0}")]
    Smtp(lettre::transport::smtp::Error),
    #[error("notify_from is not an address to send mail from: {0}")]
    From(lettre::address::AddressError),
    #[error("notify_{field}: {why}")]
    Team { field: &'static str, why: String },
    #[error("no client for webhooks: {0}")]
    Http(reqwest::Error),
}

/// Why a message did not arrive.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    #[error("the server sends no mail: notify_smtp is not set")]
    NoMail,
    #[error("there is no address any more")]
    NoAddress,
    #[error("'{0}' is not an address")]
    Address(String),
    #[error("the mail cannot be written: {0}")]
    Letter(#[from] lettre::error::Error),
    #[error("the mail server: {0}")]
    Smtp(#[from] lettre::transport::smtp::Error),
    #[error("{0}")]
    Http(String),
    #[error("it was answered with {0}")]
    Status(reqwest::StatusCode),
    #[error("nobody answered within {} s", PATIENCE.as_secs())]
    Slow,
}

impl Channels {
    /// `smtp`: the mail server as a URL; empty: no mail. `from`: whom mail is from. `team`: where the
    /// whole team is told.
    ///
    /// # Errors
    /// When one of them cannot be one.
    pub fn new(smtp: &str, from: &str, team: Preferences) -> Result<Self, ChannelsError> {
        let mail = if smtp.is_empty() {
            None
        } else {
            let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(smtp);
            Some(Mail {
                transport: transport
                    .map_err(ChannelsError::Smtp)?
                    .timeout(Some(PATIENCE))
                    .build(),
                from: from.parse().map_err(ChannelsError::From)?,
            })
        };
        team.check()
            .map_err(|(field, why)| ChannelsError::Team { field, why })?;
        let http = reqwest::Client::builder()
            .timeout(PATIENCE)
            // A webhook that leads elsewhere is a mistake.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(ChannelsError::Http)?;
        Ok(Channels { http, mail, team })
    }

    /// Whether mail can be sent at all.
    #[must_use]
    pub fn sends_mail(&self) -> bool {
        self.mail.is_some()
    }

    pub(crate) fn team(&self) -> &Preferences {
        &self.team
    }

    pub(crate) async fn send(
        &self,
        to: &Preferences,
        channel: Channel,
        message: &Message,
    ) -> Result<(), SendError> {
        let sent = async {
            match channel {
                Channel::Email => self.mail(to, message).await,
                Channel::Slack => {
                    let url = to.slack.as_ref().ok_or(SendError::NoAddress)?;
                    let body = message.as_slack().to_string();
                    self.post(url, body, None).await
                }
                Channel::Webhook => {
                    let url = to.webhook.as_ref().ok_or(SendError::NoAddress)?;
                    let body = serde_json::to_string(message);
                    let body = body.map_err(|error| SendError::Http(error.to_string()))?;
                    self.post(url, body, to.webhook_secret.as_deref()).await
                }
            }
        };
        let patience = PATIENCE + PATIENCE / 2;
        tokio::time::timeout(patience, sent)
            .await
            .unwrap_or(Err(SendError::Slow))
    }

    async fn mail(&self, to: &Preferences, message: &Message) -> Result<(), SendError> {
        let mail = self.mail.as_ref().ok_or(SendError::NoMail)?;
        let address = to.email.as_ref().ok_or(SendError::NoAddress)?;
        let to: Mailbox = address
            .parse()
            .map_err(|_| SendError::Address(address.clone()))?;
        let letter = lettre::Message::builder()
            .from(mail.from.clone())
            .to(to)
            .subject(format!("[Berth] {}", message.title))
            .body(message.as_text())?;
        mail.transport.send(letter).await?;
        Ok(())
    }

    /// With a secret it is signed as GitHub signs its webhooks: `X-Berth-Signature-256: sha256=` and
    /// the HMAC-SHA256 of the body in hexadecimal.
    async fn post(&self, url: &str, body: String, secret: Option<&str>) -> Result<(), SendError> {
        let mut request = self
            .http
            .post(url)
            .header("content-type", "application/json")
            .header("user-agent", concat!("berth/", env!("CARGO_PKG_VERSION")));
        if let Some(secret) = secret {
            request = request.header("x-berth-signature-256", signature(secret, &body));
        }
        // Its own text names the address, which is half a secret.
        let answer = request.body(body).send().await;
        let answer = answer.map_err(|error| SendError::Http(error.without_url().to_string()))?;
        if answer.status().is_success() {
            return Ok(());
        }
        Err(SendError::Status(answer.status()))
    }
}

fn signature(secret: &str, body: &str) -> String {
    // A key of any length is one.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(body.as_bytes());
    let digits = mac.finalize().into_bytes();
    let hex: Vec<String> = digits.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={}", hex.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signed_as_github_signs() {
        // From GitHub's documentation, "Validating webhook deliveries".
        let expected = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        assert_eq!(
            signature("It's a Secret to Everybody", "Hello, World!"),
            expected
        );
    }

    #[tokio::test]
    async fn what_is_wrong_with_the_configuration_is_said() {
        let team = Preferences::default();
        let error = |smtp, from| {
            Channels::new(smtp, from, team.clone())
                .unwrap_err()
                .to_string()
        };
        assert!(error("mail.example.org", "berth@example.org").starts_with("notify_smtp"));
        assert!(error("smtp://localhost:25", "berth").starts_with("notify_from"));
        assert!(Channels::new("", "", team.clone()).is_ok());
        assert!(Channels::new("smtp://localhost:25", "Berth <berth@example.org>", team).is_ok());
    }
}
