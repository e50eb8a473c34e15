//! The one place where the time is read.

use berth_domain::Timestamp;
use berth_orchestrator::Clock;

/// Whole microseconds: what is stored and shown is what was compared.
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
}

pub fn system() -> Clock {
    Clock::new(now)
}
