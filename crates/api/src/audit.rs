//! The audit log: who did what, by which door, from where, and what was before and after.

use berth_domain::audit::Entry;
use serde::{Deserialize, Serialize};
use server_fn_macro_default::server;

use crate::{Answer, ApiError, AppClient, Body, Described};

/// Which entries. What is left out does not count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct AuditArg {
    /// Who did it, or for whom it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// `cancel`, `set_quota`, `log_in`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub act: Option<String>,
    /// `job 17`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// `browser`, `token`, `socket`, `mcp`, `assistant`, `login`, `berth`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub door: Option<String>,
    /// Only what was refused; `false`: only what was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<bool>,
    /// From then on: a moment, a day, or how long ago, `7d`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Before then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Older than the entry of this number: an answer's `next`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
    /// Default 100, at most 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AuditAnswer {
    /// Newest first.
    pub entries: Vec<AuditEntry>,
    /// There may be more: ask for those `before` this number.
    pub next: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AuditEntry {
    pub id: u64,
    #[serde(flatten)]
    pub entry: Entry,
}

/// `POST /api/audit`: one's own acts; everybody's for admins.
#[server(prefix = "/api", endpoint = "audit", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn audit(body: AuditArg) -> Result<AuditAnswer, ApiError> {
    crate::context::Context::here()?.audit(body).await
}
