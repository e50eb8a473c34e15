//! An agent on this process's own standard input and output, as `berth mcp` is.

use berth_api::Berth;
use rmcp::ServiceExt;
use rmcp::service::ServerInitializeError;

use crate::Agent;

/// Answers until standard input is closed. Nothing else may be written to standard output meanwhile.
///
/// # Errors
/// A sentence, when whoever is at the other end does not speak the protocol.
pub async fn stdio(berth: Berth) -> Result<(), String> {
    let running = match Agent::new(berth).serve(rmcp::transport::stdio()).await {
        Ok(running) => running,
        // It went before it had said anything.
        Err(ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
        Err(error) => return Err(format!("The client cannot be understood: {error}.")),
    };
    let ended = running.waiting().await;
    ended
        .map(drop)
        .map_err(|error| format!("The connection to the client failed: {error}."))
}
