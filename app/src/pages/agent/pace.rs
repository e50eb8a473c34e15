//! Asking again because others did something: at once, and then not for a while.

use std::time::Duration;

use leptos::prelude::*;

/// What others do is not asked for more often.
const EVERY: Duration = Duration::from_secs(2);

/// Cheap to copy.
#[derive(Clone, Copy, Debug)]
pub struct Pace(StoredValue<Rest>);

/// Whether it was asked a moment ago, and something changed since.
#[derive(Clone, Copy, Debug, Default)]
struct Rest {
    resting: bool,
    changed: bool,
}

impl Pace {
    pub fn new() -> Self {
        Pace(StoredValue::new(Rest::default()))
    }

    pub fn soon(self, ask: impl Fn() + Copy + 'static) {
        let resting = self.0.try_update_value(|rest| {
            rest.changed = rest.resting;
            std::mem::replace(&mut rest.resting, true)
        });
        if resting != Some(false) {
            return;
        }
        ask();
        let rested = move || {
            let rest = self.0.try_update_value(std::mem::take);
            if rest.is_some_and(|rest| rest.changed) {
                self.soon(ask);
            }
        };
        set_timeout(rested, EVERY);
    }
}
