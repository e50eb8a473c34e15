//! What the server's clock shows, as far as can be told from here: hosts' clocks differ.

use std::time::Duration;

use tokio::time::Instant;

/// In milliseconds.
const QUARTER: i64 = 250;

/// The server's clock: what it showed at a moment. In between, a clock that nobody sets counts on.
#[derive(Clone, Copy, Debug)]
pub(super) struct ServerClock {
    showed: i64,
    at: Instant,
}

impl ServerClock {
    /// As long as the server said nothing, our own is as good; in milliseconds since 1970.
    pub(super) fn new(own: i64, at: Instant) -> Self {
        ServerClock { showed: own, at }
    }

    /// What it shows, or showed, at a moment.
    pub(super) fn at(&self, moment: Instant) -> i64 {
        let before = milliseconds(self.at.saturating_duration_since(moment));
        let after = milliseconds(moment.saturating_duration_since(self.at));
        self.showed + after - before
    }

    /// The server was asked at a moment, and its answer, `now`, heard at another. What was known
    /// stands as far as that allows.
    pub(super) fn hear(&mut self, now: i64, asked: Instant, heard: Instant) {
        let way = milliseconds(heard.saturating_duration_since(asked));
        let known = self.at(heard);
        *self = ServerClock {
            showed: known.clamp(now, now.saturating_add(way)),
            at: heard,
        };
    }

    /// How long until it shows the next quarter past a second, but no less than half a one. What is kept
    /// counts whole seconds: there a clock that is a little off makes no two of one and none of the next.
    pub(super) fn until_next_look(&self, moment: Instant) -> Duration {
        let now = self.at(moment).saturating_sub(QUARTER);
        let next = now.saturating_add(500).div_euclid(1000) * 1000 + 1000;
        Duration::from_millis(u64::try_from(next - now).unwrap_or(1000))
    }
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_moves_the_clock_no_further_than_it_must() {
        let start = Instant::now();
        let later = |ms| start + Duration::from_millis(ms);
        let mut clock = ServerClock::new(10_000, start);
        // It took 40 ms, and what the server says fits.
        clock.hear(10_070, later(50), later(90));
        assert_eq!(clock.at(later(90)), 10_090);
        // The server is five seconds ahead: when its answer came it showed 0 to 40 ms more.
        clock.hear(15_100, later(100), later(140));
        assert_eq!(clock.at(later(140)), 15_100);
        assert_eq!(clock.at(later(40)), 15_000, "also for what was before");
        // Now it is behind.
        clock.hear(9_000, later(200), later(210));
        assert_eq!(clock.at(later(210)), 9_010);
    }

    #[test]
    fn looks_are_taken_at_a_quarter_past() {
        let start = Instant::now();
        let until = |ms| {
            ServerClock::new(ms, start)
                .until_next_look(start)
                .as_millis()
        };
        assert_eq!(until(10_253), 997);
        assert_eq!(until(10_249), 1001, "woken a little early");
        assert_eq!(until(10_650), 600);
        assert_eq!(until(10_950), 1300, "one is left out");
        assert_eq!(until(-1), 1251);
    }
}
