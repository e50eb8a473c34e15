//! The tokens of nodes' daemons, and whether those are here.

use berth_domain::{NodeName, Right};
use berth_store::NodeToken;

use super::{Context, store_error};
use crate::convert;
use crate::node_tokens::{NodeTokenArg, NodeTokenView, NodeTokensAnswer};
use crate::{ApiError, ErrorCode};

/// Longer names are no node's: host names are shorter.
const NAME_SHOWN: usize = 255;

impl Context {
    pub(crate) async fn node_tokens(&self) -> Result<NodeTokensAnswer, ApiError> {
        self.need(Right::ManageNodes, "see the tokens of nodes")?;
        let tokens = self.state.store.node_tokens().await.map_err(store_error)?;
        let heard = self.state.handle.heard();
        let is_here = |node: &NodeName| {
            let known = heard.nodes.get(node);
            let daemon = known.and_then(|known| known.daemon.as_ref());
            daemon.is_some_and(|daemon| daemon.connected) || heard.unknown.contains_key(node)
        };
        let token = |token: NodeToken| NodeTokenView {
            connected: is_here(&token.node),
            node: token.node,
            by: token.by,
            created: token.created,
        };
        Ok(NodeTokensAnswer {
            tokens: tokens.into_iter().map(token).collect(),
            unknown: convert::unknown_daemons(&heard),
        })
    }

    /// # Errors
    /// When the node has no token, or the caller is no admin.
    pub async fn revoke_node_tokens(
        &self,
        arg: NodeTokenArg,
    ) -> Result<NodeTokensAnswer, ApiError> {
        self.need(Right::ManageNodes, "revoke the tokens of nodes")?;
        let node = NodeName(arg.node);
        let ended = self.state.store.revoke_node_tokens(&node).await;
        if ended.map_err(store_error)? == 0 {
            let shown: String = node.as_str().chars().take(NAME_SHOWN).collect();
            let why = format!("There is no token of node '{}'.", shown.escape_debug());
            return Err(ApiError::new(ErrorCode::NotFound, why));
        }
        self.did("revoke_node_tokens", format!("node {node}"), Vec::new())
            .await;
        self.node_tokens().await
    }
}
