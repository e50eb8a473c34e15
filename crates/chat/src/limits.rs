//! How far one question may go.

use std::time::Duration;

#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub tool_calls: u32,
    /// For all of it.
    pub total: Duration,
    /// For one tool: what waits longer is cancelled.
    pub tool: Duration,
    /// Of what one tool answers.
    pub answer_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            tool_calls: 24,
            total: Duration::from_secs(600),
            tool: Duration::from_secs(150),
            answer_bytes: 16 * 1024,
        }
    }
}
