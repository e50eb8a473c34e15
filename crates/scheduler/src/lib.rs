//! The planner: what starts now and where, why everything else waits, and when GPUs would be free.
//!
//! One pure function, [`plan`], on one [`Snapshot`]: dispatch, explanation and forecast cannot
//! disagree, and the browser can run it too. Nothing here reads a clock or does I/O.

mod free_at;
mod place;
mod plan;
mod snapshot;

pub use free_at::{FreeAt, free_at};
pub use plan::{Plan, plan};
pub use snapshot::{Active, FreeNode, Gate, Pending, Policy, Snapshot};
