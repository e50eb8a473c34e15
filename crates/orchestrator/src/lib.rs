//! The control loop: the one writer of the state, and the handle that everybody else calls.
//!
//! [`start`] loads the state, takes up what ran before, and spawns two tasks: the loop in
//! `control`, which decides, commits, applies, plans and tells the executor; and the sampler in
//! `sampling`, which asks the hardware what it does. Neither blocks the other.

mod breakpoint;
mod clock;
mod control;
mod effects;
mod foretold;
mod handle;
mod memory;
mod planning;
mod sampling;
mod view;

pub use breakpoint::{Breakpoint, Breakpoints};
pub use clock::Clock;
pub use control::{Grace, Settings, StartError, start};
pub use handle::{CommandError, Done, Handle, LogGrew};
pub use planning::{Planning, resolve};
pub use view::{QUEUE_WINDOW, RECENT_WINDOW, Samples, View};
