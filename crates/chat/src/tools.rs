//! The tools: those of `berth-mcp`, spoken to in their own protocol within this process.

use std::time::Duration;

use berth_mcp::{Agent, House};
use berth_models::ToolSpec;
use rmcp::model::{CallToolRequestParams, CallToolResult};
use rmcp::service::RunningService;
use rmcp::{RoleClient, ServiceError, ServiceExt};
use serde_json::{Map, Value};
use tokio::time::timeout;

/// Between both sides.
const PIPE: usize = 256 * 1024;

/// Both sides end when this is dropped.
pub(crate) struct Tools {
    client: RunningService<RoleClient, ()>,
    pub specs: Vec<ToolSpec>,
}

/// What a call came to.
pub(crate) struct Came {
    /// It was done, and not refused.
    pub ok: bool,
    pub text: String,
}

impl Tools {
    /// # Errors
    /// A sentence.
    pub async fn open<H: House>(agent: Agent<H>) -> Result<Self, String> {
        let (here, there) = tokio::io::duplex(PIPE);
        tokio::spawn(async move {
            if let Ok(running) = agent.serve(there).await {
                // Until the other side goes.
                let _ = running.waiting().await;
            }
        });
        let client = ().serve(here).await;
        let client = client.map_err(|error| format!("The tools do not answer: {error}."))?;
        let all = client
            .list_all_tools()
            .await
            .map_err(|error| sentence(&error))?;
        let specs = all.into_iter().map(|tool| ToolSpec {
            name: tool.name.into_owned(),
            about: tool.description.unwrap_or_default().into_owned(),
            input: Value::Object((*tool.input_schema).clone()),
        });
        Ok(Tools {
            specs: specs.collect(),
            client,
        })
    }

    pub fn is_known(&self, name: &str) -> bool {
        self.specs.iter().any(|tool| tool.name == name)
    }

    pub async fn call(
        &self,
        name: &str,
        arguments: Map<String, Value>,
        patience: Duration,
    ) -> Came {
        let request = CallToolRequestParams::new(name.to_owned()).with_arguments(arguments);
        match timeout(patience, self.client.call_tool(request)).await {
            Ok(Ok(result)) => Came {
                ok: result.is_error != Some(true),
                text: text(&result),
            },
            Ok(Err(error)) => Came {
                ok: false,
                text: sentence(&error),
            },
            // Who does not wait any more has cancelled it.
            Err(_) => Came {
                ok: false,
                text: format!(
                    "It took longer than {} s and was cancelled.",
                    patience.as_secs()
                ),
            },
        }
    }
}

/// The sentences, and below them the same as data.
fn text(result: &CallToolResult) -> String {
    let sentences = result.content.iter().filter_map(|block| block.as_text());
    let mut text: Vec<String> = sentences.map(|block| block.text.clone()).collect();
    text.extend(result.structured_content.as_ref().map(Value::to_string));
    text.join("\n")
}

fn sentence(error: &ServiceError) -> String {
    match error {
        ServiceError::McpError(error) => format!("{}", error.message),
        other => format!("The tools do not answer: {other}."),
    }
}
