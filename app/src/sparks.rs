//! How busy each GPU was in the last quarter of an hour: asked once, then kept up from the live store.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use berth_api::history::{SPARK_STEP_S, SPARK_STEPS, sparklines};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::live::Live;

const STEP: Duration = Duration::from_secs(SPARK_STEP_S as u64);

/// Cheap to copy.
#[derive(Clone, Copy, Debug)]
pub struct Sparks(RwSignal<BTreeMap<String, Vec<Option<u8>>>>);

impl Sparks {
    /// Begins to follow, for the tiles below.
    pub fn provide(live: Live) {
        let sparks = Self::none();
        provide_context(sparks);
        // Also after the connection was lost, for what happened meanwhile.
        Effect::new(move |_| {
            live.resynced.track();
            spawn_local(async move {
                if let Ok(told) = sparklines().await {
                    sparks.0.try_set(told.busy);
                }
            });
        });
        Effect::new(move |_| {
            let handle = set_interval_with_handle(move || sparks.step(live), STEP);
            on_cleanup(move || {
                if let Ok(handle) = handle {
                    handle.clear();
                }
            });
        });
    }

    /// Of a cluster of which there are none.
    pub fn none() -> Self {
        Sparks(RwSignal::new(BTreeMap::new()))
    }

    pub fn here() -> Self {
        use_context().unwrap_or_else(Self::none)
    }

    /// The next half minute begins.
    fn step(self, live: Live) {
        let now = live.busy_now();
        self.0.try_update(|lines| {
            for (gpu, busy) in now {
                let line = lines.entry(gpu).or_insert_with(|| vec![None; SPARK_STEPS]);
                line.push(busy);
                let more = line.len().saturating_sub(SPARK_STEPS);
                line.drain(..more);
            }
        });
    }

    /// The line of a GPU and what is below it, in a box of one less than [`SPARK_STEPS`] by 100; nothing where nothing is
    /// known. Follows it.
    pub fn path(self, gpu: &str) -> Option<String> {
        self.0
            .with(|lines| lines.get(gpu).and_then(|line| path(line)))
    }
}

/// Each run of known steps is an area of its own.
fn path(line: &[Option<u8>]) -> Option<String> {
    let mut path = String::new();
    let mut from = None;
    for (place, value) in line.iter().chain([&None]).enumerate() {
        match (value, from) {
            (Some(value), _) => {
                if from.is_none() {
                    from = Some(place);
                    let _ = write!(path, "M{place} 100");
                }
                let _ = write!(path, "L{place} {}", 100 - u32::from((*value).min(100)));
            }
            (None, Some(_)) => {
                let _ = write!(path, "L{} 100Z", place - 1);
                from = None;
            }
            (None, None) => {}
        }
    }
    (!path.is_empty()).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_a_gap() {
        assert_eq!(path(&[None, None]), None);
        let line = [Some(50), Some(100), None, Some(0)];
        let expected = "M0 100L0 50L1 0L1 100ZM3 100L3 100L3 100Z";
        assert_eq!(path(&line).as_deref(), Some(expected));
    }
}
