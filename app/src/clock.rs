//! The one clock of the page. Before hydration it stands at the server's time, so that the
//! browser's first render equals what the server sent.

use berth_domain::Timestamp;
use leptos::prelude::*;

use crate::format;

/// Seconds since 1970, and whether the browser took over. Cheap to copy.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    now: RwSignal<i64>,
    hydrated: RwSignal<bool>,
}

impl Clock {
    pub fn new() -> Self {
        Clock {
            now: RwSignal::new(0),
            hydrated: RwSignal::new(false),
        }
    }

    /// The clock that all components share.
    pub fn here() -> Self {
        expect_context()
    }

    /// Follows the time, in second steps.
    pub fn now(self) -> i64 {
        self.now.get()
    }

    /// The time, without following it.
    pub fn now_untracked(self) -> i64 {
        self.now.get_untracked()
    }

    /// Whether times may depend on where the browser is.
    pub fn hydrated(self) -> bool {
        self.hydrated.get()
    }

    /// Sets the server's time; once, at the start.
    pub fn stand_at(self, seconds: i64) {
        // Whoever asked for the page may be gone.
        if self.now.try_get_untracked() == Some(0) {
            self.now.set(seconds);
        }
    }

    /// Begins to tick.
    pub fn begin(self) {
        self.hydrated.set(true);
        self.now.set(wall_seconds());
        let tick = move || {
            if !document().hidden() {
                self.now.set(wall_seconds());
            }
        };
        let _ = set_interval_with_handle(tick, std::time::Duration::from_secs(1));
    }

    /// The clock time of a moment, with its date on another day; in UTC before hydration.
    pub fn at(self, seconds: i64) -> String {
        let Ok(at) = Timestamp::from_second(seconds) else {
            return String::new();
        };
        let now = self.now.get_untracked();
        if self.hydrated() {
            format::local_clock(at, now)
        } else {
            format::utc(at, now)
        }
    }

    /// How far the clock where the browser is, is ahead of UTC at a moment, in seconds; 0 before
    /// hydration.
    pub fn offset(self, seconds: i64) -> i64 {
        if self.hydrated() {
            format::offset(seconds)
        } else {
            0
        }
    }

    /// The name of the browser's time zone; `UTC` before hydration.
    pub fn zone(self) -> String {
        if self.hydrated() {
            format::zone()
        } else {
            "UTC".to_owned()
        }
    }

    /// A moment in words: relative within an hour, else a clock time; in UTC before hydration.
    pub fn moment(self, at: Timestamp) -> String {
        if self.hydrated() {
            format::local(at, self.now())
        } else {
            format::utc(at, self.now.get_untracked())
        }
    }
}

/// The browser's time in milliseconds, for what moves on the page; 0 on the server.
pub fn wall_millis() -> f64 {
    #[cfg(feature = "hydrate")]
    {
        js_sys::Date::now()
    }
    #[cfg(not(feature = "hydrate"))]
    {
        0.0
    }
}

/// The host's or the browser's time.
pub fn wall_seconds() -> i64 {
    #[cfg(feature = "hydrate")]
    {
        #[expect(clippy::cast_possible_truncation, reason = "seconds fit for ages")]
        let seconds = (wall_millis() / 1000.0) as i64;
        seconds
    }
    #[cfg(not(feature = "hydrate"))]
    {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        since.map_or(0, |since| {
            i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
        })
    }
}
