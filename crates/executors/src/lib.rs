//! How an attempt runs. An executor is an actor: it takes [`Order`]s through its
//! [`ExecutorHandle`] and answers with [`ExecutorEvent`]s; it shares no state with anybody.
//!
//! Executors are idempotent by attempt id: an attempt that was launched before is adopted, never
//! launched twice. The [`shim`] is the truth: it runs the command and records what became of it
//! in files; see [`layout`].

pub mod agent;
mod cgroup;
pub mod files;
mod launch;
pub mod layout;
pub mod logs;
mod nudge;
mod order;
pub mod package;
mod prepare;
mod process;
mod rank;
pub mod ray;
mod record;
pub mod shim;
mod slurm;
pub mod ssh;
pub mod tmux;
mod watch;

pub use order::{ExecutorError, ExecutorEvent, ExecutorHandle, LastCall, LaunchOrder, Order, Why};
pub use prepare::RunConfig;
pub use ray::RayConfig;
pub use ssh::SshConfig;
pub use tmux::TmuxConfig;
