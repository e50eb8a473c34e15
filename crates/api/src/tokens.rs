//! API tokens: for the CLI and other tools, in one's own name.

use berth_domain::{Role, Timestamp, UserName};
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;
use server_fn_macro_default::server;

use crate::{Answer, ApiError, AppClient, Body, Described};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TokensAnswer {
    /// Newest first.
    pub tokens: Vec<TokenView>,
}

/// A token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TokenView {
    /// Names it, and opens nothing.
    pub id: String,
    pub user: UserName,
    /// What it is for.
    pub label: String,
    /// What whoever shows it may be at most; `null`: what its user is.
    pub role: Option<Role>,
    pub created: Timestamp,
    pub expires: Option<Timestamp>,
    /// To the minute.
    pub used: Option<Timestamp>,
}

/// A token to make.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NewTokenArg {
    /// What it is for.
    pub label: String,
    /// `90d`: how long it is good. Default: until it is revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lasts: Option<String>,
    /// What whoever shows it may be at most: `viewer` for one that only reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
}

/// The secret is shown this once: only its hash is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NewTokenAnswer {
    pub token: String,
    pub tokens: Vec<TokenView>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TokenArg {
    pub id: String,
}

/// `GET /api/list_tokens`: one's own; with `all`, everybody's, for admins.
#[server(prefix = "/api", endpoint = "list_tokens", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn list_tokens(all: Option<bool>) -> Result<TokensAnswer, ApiError> {
    let context = crate::context::Context::here()?;
    context.tokens(all.unwrap_or_default()).await
}

/// `POST /api/create_token`: for oneself.
#[server(prefix = "/api", endpoint = "create_token", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn create_token(body: NewTokenArg) -> Result<NewTokenAnswer, ApiError> {
    crate::context::Context::here()?.create_token(body).await
}

/// `POST /api/revoke_token`: one's own; anybody's for admins. At once.
#[server(prefix = "/api", endpoint = "revoke_token", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn revoke_token(body: TokenArg) -> Result<TokensAnswer, ApiError> {
    crate::context::Context::here()?.revoke_token(body).await
}
