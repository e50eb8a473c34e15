//! What is kept of samples: buckets of several widths for each GPU and for everything that GPUs
//! belong to, and the exact use of each attempt. Pure: the time and what is on disk are arguments.
//!
//! A second of a GPU is its first sample in it. A sample also stands for the seconds until the next
//! one of its GPU, if that comes soon enough ([`longest_hold_s`]): sources that are slower than a
//! second leave no holes in sums over GPUs. A second of a group (node, job, …) is made of the GPUs
//! known then, as [`Metric::over_gpus`] says. Wider buckets are made of seconds, each counting the
//! same.
//!
//! Seconds are gathered in blocks of five minutes ([`BLOCK_S`]). While a block is open, what is
//! added to it is on disk as a list; then it is written once, as one blob for each
//! series and width, and the list is removed. A late batch opens its block again.

mod blob;
mod block;
mod bucket;
mod exact;
mod held;
mod keeper;
mod metric;
mod series;
mod tier;

pub use blob::{BadBlob, rows};
pub use block::BLOCK_S;
pub use bucket::{Bucket, Row};
pub use exact::{Use, UseKey};
pub use keeper::{Accepted, Closed, Flush, Keeper, Stored};
pub use metric::{Metric, OverGpus, longest_hold_s};
pub use series::{Series, SeriesId};
pub use tier::Tier;
