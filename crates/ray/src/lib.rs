//! A client of Ray's HTTP API, which its dashboard serves: jobs and nodes, and no more of it than
//! Berth needs. Written against Ray 2.60.
//!
//! What is asked for often is small, and every answer is bounded: Ray's lists grow with all that
//! ever ran. Answers are read leniently: a field that is missing or new is no error.

mod client;
mod directory;
mod error;
mod jobs;
mod nodes;
mod token;

pub use client::Ray;
pub use directory::{Directory, NamedNode, Nodes};
pub use error::RayError;
pub use jobs::{Job, JobStatus, Submission, Submitted};
pub use nodes::{GpuUse, RayGpu, RayGpuStatistics, RayNode};
pub use token::{Token, TokenError};
