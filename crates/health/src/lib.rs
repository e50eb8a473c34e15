//! What is wrong: a look at the hardware and the queue gives the processes outside every lease and
//! all findings. No I/O and no clock; [`Health`] remembers only since when a condition holds.
//!
//! What is looked for is data ([`Rules`], with defaults); each kind of subject has its file: `job`
//! for held GPUs without work, `gpu` for hardware, `place` for nodes, disk and queue, `foreign` for
//! processes. Opening, answering and resolving is `berth_domain::decide`'s.

mod condition;
mod foreign;
mod gpu;
mod health;
mod job;
mod observed;
mod place;
mod rules;
mod words;
mod xid;

pub use health::Health;
pub use observed::{Disk, Observed};
pub use rules::{Rule, RuleChange, Rules};
pub use xid::{Xid, xid};
