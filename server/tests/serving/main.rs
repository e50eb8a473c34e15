//! The real `berth-server`, asked over HTTP, with real jobs in tmux. One binary for all of it: each would
//! take its own time to build. What runs on hosts of its own (Ray, SSH) is beside this folder.

#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

mod agents;
mod alerts;
mod analytics;
mod ask;
mod audit;
mod bad_input;
mod campaign;
mod constraints;
mod cordon;
mod crash;
mod daemon;
mod faults;
mod host;
mod identity;
mod import;
mod job_page;
mod live;
mod mcp;
mod node;
mod openapi;
mod order;
mod past;
mod people;
mod planner;
mod queue;
mod reservations;
mod rights;
mod shell;
mod slots;
mod slurm;
mod stop;
#[path = "../support/mod.rs"]
mod support;
mod sweep;
mod timeline;
mod torch;
mod upload;
mod usage;
