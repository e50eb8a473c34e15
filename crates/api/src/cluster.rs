//! The cluster, and who asks.

use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;
use server_fn_macro_default::server;

use crate::live::Picture;
use crate::views::{ClusterView, Counts, FreeAt, Whoami};
use crate::{Answer, ApiError, AppClient};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClusterAnswer {
    #[serde(flatten)]
    pub cluster: ClusterView,
    pub counts: Counts,
    /// When 1, 2, 4, 8… GPUs would be free.
    pub free_at: Vec<FreeAt>,
}

/// `GET /api/cluster`: nodes, GPUs, who holds them and what they do.
#[server(name = GetCluster, prefix = "/api", endpoint = "cluster", input = GetUrl, output = Answer, client = AppClient)]
pub async fn cluster() -> Result<ClusterAnswer, ApiError> {
    Ok(crate::context::Context::here()?.cluster().await)
}

/// `GET /api/picture`: what the websocket's snapshot holds, once.
#[server(name = GetPicture, prefix = "/api", endpoint = "picture", input = GetUrl, output = Answer, client = AppClient)]
pub async fn picture() -> Result<Picture, ApiError> {
    Ok(crate::context::Context::here()?.picture().await)
}

/// `GET /api/whoami`.
#[server(name = GetWhoami, prefix = "/api", endpoint = "whoami", input = GetUrl, output = Answer, client = AppClient)]
pub async fn whoami() -> Result<Whoami, ApiError> {
    Ok(crate::context::Context::here()?.whoami())
}
