//! Campaigns: which trial comes next, what came of those that ran, the language model that is asked for trials, and
//! the task that ties all of it together.

mod asking;
mod line;
pub mod results;
mod runner;
pub mod strategy;

pub use self::runner::{Waits, start};
