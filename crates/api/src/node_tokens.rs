//! The tokens that let the daemons of nodes in. They are made on the server's host, by
//! `berth-server node-token NAME`.

use berth_domain::{NodeName, Timestamp, UserName};
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;
use server_fn_macro_default::server;

use crate::views::UnknownDaemon;
use crate::{Answer, ApiError, AppClient, Body, Described};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NodeTokensAnswer {
    /// By node, oldest first.
    pub tokens: Vec<NodeTokenView>,
    /// Daemons that came in with one and report GPUs of which this cluster knows none.
    pub unknown: Vec<UnknownDaemon>,
}

/// A token, without the secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NodeTokenView {
    pub node: NodeName,
    /// Who made it.
    pub by: UserName,
    pub created: Timestamp,
    /// A daemon of this node is connected, with this token or another of the node's.
    pub connected: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NodeTokenArg {
    pub node: String,
}

/// `GET /api/list_node_tokens`: admins only.
#[server(prefix = "/api", endpoint = "list_node_tokens", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn list_node_tokens() -> Result<NodeTokensAnswer, ApiError> {
    crate::context::Context::here()?.node_tokens().await
}

/// `POST /api/revoke_node_tokens`: ends all tokens of a node, whose daemon is sent away within a
/// minute. Admins only.
#[server(prefix = "/api", endpoint = "revoke_node_tokens", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn revoke_node_tokens(body: NodeTokenArg) -> Result<NodeTokensAnswer, ApiError> {
    crate::context::Context::here()?
        .revoke_node_tokens(body)
        .await
}
