//! Pages, one a file.

pub mod admin;
pub mod agent;
pub mod alerts;
pub mod cluster;
pub mod dashboard;
pub mod history;
pub mod job;
pub mod jobs;
pub mod login;
pub mod not_found;
pub mod parts;
pub mod projects;
pub mod queue;
pub mod settings;
pub mod styleguide;
pub mod submit;
pub mod timeline;
