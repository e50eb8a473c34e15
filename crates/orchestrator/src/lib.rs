//! The control loop: the one writer of the state, and the handle that everybody else calls.
//!
//! [`start`] loads the state, takes up what ran before, and spawns five tasks: the loop in
//! `control`, which decides, commits, applies, plans and tells the executor; the `forecaster`, which
//! says when each waiting job will start; `sampling`, where samples of the hardware come together,
//! from the cluster's own source and from the nodes' daemons; `keeping`, which keeps them; and the
//! watch in `watching`, which says what is wrong. None
//! blocks another. [`view_at`] looks at the past, and a [`Follower`] follows the journal for whoever looks
//! at more than a view shows.

mod breakpoint;
mod clock;
mod control;
mod daemons;
mod differences;
mod effects;
mod follower;
mod forecaster;
mod foretold;
mod handle;
mod keeping;
mod memory;
mod planning;
mod sampling;
mod time_machine;
mod view;
mod watching;

pub use berth_telemetry::hub::{DaemonHeard, Heard, NodeHeard};
pub use berth_telemetry::rollup::{Bucket, Metric, Row, Series};
pub use breakpoint::{Breakpoint, Breakpoints};
pub use clock::Clock;
pub use control::{Grace, Settings, StartError, start};
pub use daemons::{Daemons, Joined, Stopping};
pub use follower::{FollowError, Follower};
pub use handle::{CommandError, Done, Handle, LogGrew};
pub use keeping::{History, HistoryError, SeriesRows};
pub use planning::{Planning, resolve};
pub use time_machine::{PastError, view_at};
pub use view::{FirstTasks, QUEUE_WINDOW, RECENT_WINDOW, Samples, View};
