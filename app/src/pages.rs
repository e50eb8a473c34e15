//! Pages, one a file.

pub mod cluster;
pub mod dashboard;
pub mod job;
pub mod jobs;
pub mod login;
pub mod not_found;
pub mod submit;
