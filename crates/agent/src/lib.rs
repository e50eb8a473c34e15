//! What Berth does by itself: campaigns of trials, and the autopilot's rules.
//!
//! Nothing here has rights of its own. Whatever is done is a command that is sent through the
//! orchestrator's handle, and decided there by budgets, mandates and switches.

pub mod autopilot;
pub mod campaign;
