//! Berth for AI agents: tools, resources and prompts of the Model Context Protocol
//! (<https://modelcontextprotocol.io>).
//!
//! An [`Agent`] answers one client. What it does it does through a [`Door`], which calls server
//! functions: over HTTP with a token in `berth mcp`, and without a detour in the server, at `/mcp`,
//! for whoever's token each request has. So there is one implementation for both, and rights are
//! checked where they always are.
//!
//! - `tools/` has one file for each kind of thing that can be asked or done; whatever changes
//!   something has a twin `preview_…`, which says what it would do and changes nothing
//! - `seen/` is what an agent is told: shorter than what the API says, with a schema
//! - `resources.rs` and `prompts.rs`
//!
//! What jobs and people write (logs, names, commands) is handed on as data; see `untrusted.rs`.

mod agent;
mod door;
mod prompts;
mod resources;
mod seen;
mod stdio;
mod told;
mod tools;
mod untrusted;

pub use agent::Agent;
pub use door::{Door, House};
pub use stdio::stdio;
pub use tools::LONGEST_WAIT;
