//! The cluster now.

use berth_api::ApiError;
use berth_api::cluster::GetCluster;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::schemars::{self, JsonSchema};
use rmcp::{tool, tool_router};
use serde::Deserialize;

use crate::door::Through;
use crate::seen::cluster::ClusterSeen;
use crate::told::{Answer, Told, data};
use crate::{Agent, Door as _, House};

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClusterArgs {
    /// Only this node. Default: all of them.
    pub node: Option<String>,
}

#[tool_router(router = cluster_tools, vis = "pub(super)")]
impl<H: House> Agent<H> {
    /// The nodes and their GPUs now: which are free, which jobs hold the others and whose they are,
    /// what is cordoned and why, how busy it all is, and when more would be free.
    #[tool(
        output_schema = data::<ClusterSeen>(),
        annotations(
            title = "Cluster",
            read_only_hint = true,
            destructive_hint = false,
            idempotent_hint = true,
            open_world_hint = false
        )
    )]
    async fn cluster_status(
        Parameters(args): Parameters<ClusterArgs>,
        Through(door): Through<H>,
    ) -> Answer<ClusterSeen> {
        let answer = door.call(GetCluster {}).await?;
        let seen = ClusterSeen::new(&answer, args.node.as_deref());
        if let (Some(node), true) = (&args.node, seen.nodes.is_empty()) {
            let names = answer.cluster.nodes.iter().map(|node| node.name.as_str());
            let names: Vec<&str> = names.collect();
            let why = format!(
                "There is no node '{}'. There are: {}.",
                node.escape_debug(),
                names.join(", ")
            );
            return Err(ApiError::invalid("node", why).into());
        }
        Ok(Told::new(seen.text(), seen))
    }
}
