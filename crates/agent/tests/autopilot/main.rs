//! The autopilot: each rule by a scenario, whatever the state, and on a load that is lived through.

#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

mod any_state;
#[path = "../../../domain/tests/random/mod.rs"]
mod random;
mod replay;
mod rules;
mod running;
mod world;
