//! The control loop: the one writer of the state, and the handle that everybody else calls.
//!
//! [`start`] loads the state, takes up what ran before, and spawns three tasks: the loop in
//! `control`, which decides, commits, applies, plans and tells the executor; the `forecaster`, which
//! says when each waiting job will start; and `sampling`, where samples of the hardware come
//! together, from the cluster's own source and from the nodes' daemons. None blocks another.

mod breakpoint;
mod clock;
mod control;
mod daemons;
mod effects;
mod forecaster;
mod foretold;
mod handle;
mod memory;
mod planning;
mod sampling;
mod view;

pub use berth_telemetry::hub::{DaemonHeard, Heard, NodeHeard};
pub use breakpoint::{Breakpoint, Breakpoints};
pub use clock::Clock;
pub use control::{Grace, Settings, StartError, start};
pub use daemons::{Daemons, Joined, Stopping};
pub use handle::{CommandError, Done, Handle, LogGrew};
pub use planning::{Planning, resolve};
pub use view::{QUEUE_WINDOW, RECENT_WINDOW, Samples, View};
