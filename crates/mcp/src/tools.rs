//! The tools. Each file has those for one kind of thing, in a router of its own; a new kind is
//! a file and a line in [`all`].
//!
//! What a tool may do is said in its annotations: `read_only_hint` on all that change nothing,
//! among them every `preview_…`, which only calls functions that read (a test listens).
//! `open_world_hint` is false everywhere: nothing beyond this cluster is reached.

mod alerts;
mod campaign;
mod cancel;
mod change;
mod cluster;
mod forecast;
mod hold;
mod job;
mod log;
mod moves;
mod queue;
mod reserve;
mod submit;
mod usage;
mod wait;

use rmcp::handler::server::router::tool::ToolRouter;

pub(crate) use self::job::detail;
pub(crate) use self::log::{Part, tail};
pub(crate) use self::queue::listed;
pub use self::wait::LONGEST as LONGEST_WAIT;
use crate::{Agent, House};

/// Every tool there is.
pub(crate) fn all<H: House>() -> ToolRouter<Agent<H>> {
    Agent::cluster_tools()
        + Agent::queue_tools()
        + Agent::forecast_tools()
        + Agent::submit_tools()
        + Agent::job_tools()
        + Agent::log_tools()
        + Agent::wait_tools()
        + Agent::cancel_tools()
        + Agent::hold_tools()
        + Agent::move_tools()
        + Agent::reserve_tools()
        + Agent::usage_tools()
        + Agent::alert_tools()
        + Agent::campaign_tools()
}
