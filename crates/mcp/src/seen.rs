//! What an agent is told, each with a schema: shorter than what the API says, times as RFC 3339 in
//! UTC, and what is not known left out.

pub mod campaign;
pub mod cluster;
pub mod job;
pub mod preview;
pub mod words;
