//! This host's GPUs as the driver's library tells them: a made-up library, really loaded.

#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

mod faults;
mod figures;
mod host;
mod inventory;
mod nvidia_smi;
mod processes;
