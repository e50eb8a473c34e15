//! `berth mcp`: Berth for an AI agent, which starts this command and talks to it over its standard input
//! and output. Nothing else is written there; it ends when its input does.

use crate::failure::Failure;
use crate::session::Session;

pub async fn run(session: &Session) -> Result<(), Failure> {
    berth_mcp::stdio(session.berth.clone())
        .await
        .map_err(Failure::Other)
}
