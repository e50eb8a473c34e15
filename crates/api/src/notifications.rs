//! What people want to be told, and where.

use berth_domain::{Occasion, Timestamp, UserName};
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;
use server_fn_macro_default::server;

use crate::{Answer, ApiError, AppClient, Body, Described};

/// What the caller is told. Secrets are not shown again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NotificationsAnswer {
    pub on: Vec<Occasion>,
    /// What waiting for long is.
    pub waits_over_s: u64,
    pub email: Option<String>,
    /// A Slack incoming webhook, without the part that is secret.
    pub slack: Option<String>,
    pub webhook: Option<String>,
    /// The webhook's messages are signed.
    pub webhook_is_signed: bool,
    /// The server can send mail.
    pub sends_mail: bool,
    /// The last messages that were given up, newest first: the caller's, or everybody's for an admin.
    pub failed: Vec<FailedView>,
}

/// A message that did not arrive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FailedView {
    /// `null`: the whole team.
    pub user: Option<UserName>,
    /// `email`, `slack`, `webhook`.
    pub channel: String,
    pub title: String,
    pub at: Timestamp,
    pub tries: u32,
    pub problem: String,
}

/// What to change; what is left out stays. An empty text removes an address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NotificationsArg {
    /// `started`, `ended`, `waits`, `alert`, `approval`: all of them that are wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Vec<Occasion>>,
    /// `4h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_over: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slack: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_secret: Option<String>,
}

/// How many messages are on their way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TriedAnswer {
    pub sent: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TryArg {}

/// `GET /api/notifications`: what the caller is told, and where.
#[server(name = GetNotifications, prefix = "/api", endpoint = "notifications", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn notifications() -> Result<NotificationsAnswer, ApiError> {
    crate::context::Context::here()?.notifications().await
}

/// `POST /api/set_notifications`: changes what the caller is told.
#[server(prefix = "/api", endpoint = "set_notifications", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn set_notifications(body: NotificationsArg) -> Result<NotificationsAnswer, ApiError> {
    crate::context::Context::here()?
        .set_notifications(body)
        .await
}

/// `POST /api/try_notifications`: sends the caller a message by every way that is set.
#[server(prefix = "/api", endpoint = "try_notifications", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn try_notifications(body: TryArg) -> Result<TriedAnswer, ApiError> {
    let TryArg {} = body;
    crate::context::Context::here()?.try_notifications().await
}
