//! Crashes on purpose, for the tests of what a crash leaves: `BERTH_TEST_CRASH=after-commit:3`
//! aborts the process when the control loop passes that breakpoint for the third time, as if it
//! were killed there.

use std::sync::atomic::{AtomicU32, Ordering};

use berth_orchestrator::{Breakpoint, Breakpoints};

use crate::AnyError;

/// # Errors
/// When the variable is set to something else.
pub fn from_env() -> Result<Breakpoints, AnyError> {
    let Ok(text) = std::env::var("BERTH_TEST_CRASH") else {
        return Ok(Breakpoints::default());
    };
    let parse = || {
        let (name, count) = text.split_once(':')?;
        let place = Breakpoint::ALL
            .into_iter()
            .find(|place| place.as_str() == name)?;
        Some((place, count.parse::<u32>().ok()?))
    };
    let (place, count) = parse()
        .ok_or_else(|| format!("BERTH_TEST_CRASH is '{text}', which is not BREAKPOINT:COUNT"))?;
    let passed = AtomicU32::new(0);
    Ok(Breakpoints::new(move |reached| {
        if reached == place && passed.fetch_add(1, Ordering::Relaxed) + 1 == count {
            std::process::abort();
        }
    }))
}
