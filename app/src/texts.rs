//! What people read, in English: every word and sentence of the pages, a room a module, so that they can be
//! translated. What the server says, and the domain's own names (`as_str()`), are not here.

pub mod acts;
pub mod admin;
pub mod agent;
pub mod alerts;
pub mod audit;
pub mod cluster;
pub mod common;
pub mod dashboard;
pub mod figures;
pub mod files;
pub mod frame;
pub mod gpus;
pub mod help;
pub mod history;
pub mod imports;
pub mod job;
pub mod job_charts;
pub mod jobs;
pub mod log;
pub mod palette;
pub mod projects;
pub mod queue;
pub mod quotas;
pub mod reservations;
pub mod settings;
pub mod submit;
pub mod timeline;
pub mod units;
