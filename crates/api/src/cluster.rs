//! The cluster, and who asks.

use berth_domain::{ClusterKind, Signal, SignalName};
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;
use server_fn_macro_default::server;

use crate::live::Picture;
use crate::views::{ClusterView, Counts, FreeAt, NodeView, Totals, UnknownDaemon, Whoami};
use crate::{Answer, ApiError, AppClient, Body, Described};

/// Written flat: the cluster's fields beside the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(from = "Flat", into = "Flat")]
pub struct ClusterAnswer {
    pub cluster: ClusterView,
    pub counts: Counts,
    /// When 1, 2, 4, 8… GPUs would be free.
    pub free_at: Vec<FreeAt>,
}

/// Instead of serde's `flatten`, which in the browser costs a second copy of all that reads nodes.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Flat {
    simulated: bool,
    nodes: Vec<NodeView>,
    totals: Totals,
    executor_down: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    unknown_daemons: Vec<UnknownDaemon>,
    counts: Counts,
    free_at: Vec<FreeAt>,
}

impl From<Flat> for ClusterAnswer {
    fn from(flat: Flat) -> Self {
        ClusterAnswer {
            cluster: ClusterView {
                simulated: flat.simulated,
                nodes: flat.nodes,
                totals: flat.totals,
                executor_down: flat.executor_down,
                unknown_daemons: flat.unknown_daemons,
            },
            counts: flat.counts,
            free_at: flat.free_at,
        }
    }
}

impl From<ClusterAnswer> for Flat {
    fn from(answer: ClusterAnswer) -> Self {
        Flat {
            simulated: answer.cluster.simulated,
            nodes: answer.cluster.nodes,
            totals: answer.cluster.totals,
            executor_down: answer.cluster.executor_down,
            unknown_daemons: answer.cluster.unknown_daemons,
            counts: answer.counts,
            free_at: answer.free_at,
        }
    }
}

/// `GET /api/cluster`: nodes, GPUs, who holds them and what they do.
#[server(name = GetCluster, prefix = "/api", endpoint = "cluster", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn cluster() -> Result<ClusterAnswer, ApiError> {
    Ok(crate::context::Context::here()?.cluster().await)
}

/// What the server stands on, and what it found when it looked last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Detected {
    /// What it would choose now.
    pub kind: ClusterKind,
    /// 0 to 1.
    pub confidence: f64,
    /// Why.
    pub sentence: String,
    pub signals: Vec<Signal>,
    /// What was looked for and is not there.
    pub absent: Vec<SignalName>,
    /// What it runs jobs on since its start.
    pub in_use: ClusterKind,
    pub in_use_text: String,
}

/// `GET /api/detect`: what the server found around it, why it chose what it runs on, and how to
/// overrule it. With `fresh` it looks again.
#[server(name = Detect, prefix = "/api", endpoint = "detect", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn detect(fresh: Option<bool>) -> Result<Detected, ApiError> {
    let context = crate::context::Context::here()?;
    Ok(context.detect(fresh.unwrap_or(false)).await)
}

/// A node or a GPU to take out of use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CordonArg {
    /// `node-1`, or `node-1:3` for one of its GPUs.
    pub place: String,
    /// What waiting jobs and people are told.
    pub reason: String,
    /// To wait for what runs there to end.
    #[serde(default)]
    pub drain: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PlaceArg {
    pub place: String,
}

/// `POST /api/cordon`: the place gets no new job; what runs there goes on. Admins only.
#[server(prefix = "/api", endpoint = "cordon", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn cordon(body: CordonArg) -> Result<ClusterAnswer, ApiError> {
    crate::context::Context::here()?.cordon(body).await
}

/// `POST /api/uncordon`: the place gets jobs again. Admins only.
#[server(prefix = "/api", endpoint = "uncordon", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn uncordon(body: PlaceArg) -> Result<ClusterAnswer, ApiError> {
    crate::context::Context::here()?.uncordon(body).await
}

/// `GET /api/picture`: what the websocket's snapshot holds, once.
#[server(name = GetPicture, prefix = "/api", endpoint = "picture", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn picture() -> Result<Picture, ApiError> {
    Ok(crate::context::Context::here()?.picture().await)
}

/// `GET /api/whoami`: who asks, and what they are.
#[server(name = GetWhoami, prefix = "/api", endpoint = "whoami", input = GetUrl, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn whoami() -> Result<Whoami, ApiError> {
    Ok(crate::context::Context::here()?.whoami())
}
