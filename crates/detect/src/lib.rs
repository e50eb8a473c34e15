//! What a server stands on: [`Observer`] looks for signals, [`choose`] says what follows from them,
//! [`Detector`] does both.

mod choose;
mod detector;
mod observed;
mod observer;
mod programs;
mod ssh_config;

pub use choose::{Choice, choose};
pub use detector::Detector;
pub use observed::{ByHand, Gpus, Head, Observed, RayHead};
pub use observer::{Observer, Surroundings};
