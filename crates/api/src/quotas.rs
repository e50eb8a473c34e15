//! How many GPUs users and projects may hold at once.

use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;
use server_fn_macro_default::server;

use crate::{Answer, ApiError, AppClient, Body, Described};

/// How many GPUs at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Limit {
    pub gpus: u32,
    /// A cap, also while nobody else waits.
    pub hard: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct QuotasAnswer {
    /// Of everybody who is not named; `null`: no limit.
    pub user: Option<Limit>,
    pub project: Option<Limit>,
    /// Who is named or holds GPUs, by name.
    pub users: Vec<QuotaView>,
    pub projects: Vec<QuotaView>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct QuotaView {
    pub name: String,
    /// `null`: no limit.
    pub limit: Option<Limit>,
    /// It is set for this one, and not for everybody.
    pub named: bool,
    /// GPUs now.
    pub held: u32,
}

/// Whose quota to set, and to what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct QuotaArg {
    /// One of these three: this user, this project, or every `user` or `project` that is not named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<String>,
    /// One of these three: so many, as many as they like, or what everybody has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpus: Option<i64>,
    #[serde(default)]
    pub unlimited: bool,
    #[serde(default)]
    pub reset: bool,
    /// A cap, also while nobody else waits.
    #[serde(default)]
    pub hard: bool,
}

impl QuotaArg {
    /// What a form says: whose, by one of `user`, `project` and `every`; `verb` is the button that was
    /// pressed, `set`, `unlimited` or `reset`.
    ///
    /// # Errors
    /// When it is to be set to what is no number.
    pub fn from_form<'a>(
        fields: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, ApiError> {
        let mut arg = QuotaArg::default();
        let (mut gpus, mut verb) = ("", "");
        for (field, value) in fields {
            let text = || Some(value.trim().to_owned());
            match field {
                "user" => arg.user = text(),
                "project" => arg.project = text(),
                "every" => arg.every = text(),
                "gpus" => gpus = value.trim(),
                "hard" => arg.hard = true,
                "verb" => verb = value,
                _ => {}
            }
        }
        match verb {
            "unlimited" => arg.unlimited = true,
            "reset" => arg.reset = true,
            _ => {
                let number = gpus.parse().map_err(|_| {
                    ApiError::invalid("gpus", "How many GPUs at once? Write a number, 0 or more.")
                });
                arg.gpus = Some(number?);
            }
        }
        Ok(arg)
    }
}

/// `GET /api/get_quotas`: how many GPUs users and projects may hold, and hold.
#[server(prefix = "/api", endpoint = "get_quotas", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn get_quotas() -> Result<QuotasAnswer, ApiError> {
    Ok(crate::context::Context::here()?.quotas().await)
}

/// `POST /api/set_quota`: admins only.
#[server(prefix = "/api", endpoint = "set_quota", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn set_quota(body: QuotaArg) -> Result<QuotasAnswer, ApiError> {
    crate::context::Context::here()?.set_quota(body).await
}
