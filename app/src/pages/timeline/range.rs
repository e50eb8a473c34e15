//! Which time is looked at, and where in it something stands. Times are seconds since 1970.

use berth_domain::Timestamp;
use leptos_router::params::ParamsMap;

use super::week::{DAY, monday};
use crate::components::machine::looked_at;
use crate::texts::timeline as t;

/// How much time is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Zoom {
    Hour,
    SixHours,
    #[default]
    Day,
    Week,
    Month,
}

impl Zoom {
    /// The closest first.
    pub const ALL: [Zoom; 5] = [
        Zoom::Hour,
        Zoom::SixHours,
        Zoom::Day,
        Zoom::Week,
        Zoom::Month,
    ];

    /// As the address has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Zoom::Hour => "hour",
            Zoom::SixHours => "6h",
            Zoom::Day => "day",
            Zoom::Week => "week",
            Zoom::Month => "month",
        }
    }

    pub fn words(self) -> &'static str {
        match self {
            Zoom::Hour => t::HOUR,
            Zoom::SixHours => t::SIX_HOURS,
            Zoom::Day => t::DAY,
            Zoom::Week => t::WEEK,
            Zoom::Month => t::MONTH,
        }
    }

    pub fn span(self) -> i64 {
        const HOUR: i64 = 3600;
        match self {
            Zoom::Hour => HOUR,
            Zoom::SixHours => 6 * HOUR,
            Zoom::Day => 24 * HOUR,
            Zoom::Week => 7 * 24 * HOUR,
            Zoom::Month => 30 * 24 * HOUR,
        }
    }

    /// To what a time that is drawn with the hand is rounded.
    pub fn snap(self) -> i64 {
        match self {
            Zoom::Hour => 60,
            Zoom::SixHours => 5 * 60,
            Zoom::Day => 15 * 60,
            Zoom::Week => 3600,
            Zoom::Month => 6 * 3600,
        }
    }

    /// The next closer or wider one, if there is one.
    pub fn stepped(self, wider: bool) -> Option<Self> {
        let here = Zoom::ALL.iter().position(|zoom| *zoom == self)?;
        let next = if wider {
            here + 1
        } else {
            here.checked_sub(1)?
        };
        Zoom::ALL.get(next).copied()
    }
}

/// A time that is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub from: i64,
    pub to: i64,
}

/// The part of something that is in view, in percent of the whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cut {
    pub left: f64,
    pub width: f64,
    /// Its own beginning and end are in view.
    pub begins: bool,
    pub ends: bool,
}

impl Range {
    pub fn span(self) -> i64 {
        (self.to - self.from).max(1)
    }

    /// Where a moment stands, in percent; below 0 and above 100 where it is not in view.
    #[expect(clippy::cast_precision_loss, reason = "seconds of ages are below 2^53")]
    pub fn place(self, at: i64) -> f64 {
        100.0 * (at - self.from) as f64 / self.span() as f64
    }

    /// The moment at a share of the whole, 0 to 1.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "seconds of ages are below 2^53"
    )]
    pub fn at(self, share: f64) -> i64 {
        self.from + (share * self.span() as f64).round() as i64
    }

    /// What is in view of something that lasts from `from` to `to`. What lasts no time has no width,
    /// but a place.
    pub fn clip(self, from: i64, to: i64) -> Option<Cut> {
        let to = to.max(from);
        if from >= self.to || to < self.from || (to == self.from && from < to) {
            return None;
        }
        let (begin, end) = (from.max(self.from), to.min(self.to));
        let left = self.place(begin);
        Some(Cut {
            left,
            width: self.place(end) - left,
            begins: from >= self.from,
            ends: to <= self.to,
        })
    }
}

/// What the address says of what is looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// A week of reservations instead of the chart.
    pub week: bool,
    pub zoom: Zoom,
    /// Where it begins; without one it follows the time: a quarter is over, the rest is to come.
    pub from: Option<i64>,
    /// The minute that is looked back at: in the middle where nothing says where it begins.
    pub at: Option<Timestamp>,
    /// The nodes whose GPUs have a row each, with commas; `None`: as many as are usual.
    pub open: Option<String>,
}

impl Look {
    pub fn from_query(query: &ParamsMap) -> Self {
        let zoom = query.get_str("zoom");
        let zoom = Zoom::ALL.into_iter().find(|one| Some(one.as_str()) == zoom);
        Look {
            week: query.get_str("view") == Some(WEEK),
            zoom: zoom.unwrap_or_default(),
            from: query.get_str("from").and_then(beginning),
            at: looked_at(query),
            open: query.get("open").filter(|open| !open.is_empty()),
        }
    }

    pub fn range(&self, now: i64) -> Range {
        let span = self.zoom.span();
        let middle = self.at.map(|at| at.as_second() - span / 2);
        let from = self.from.or(middle).unwrap_or(now - span / 4);
        Range {
            from,
            to: from.saturating_add(span),
        }
    }

    /// Whether what is in view moves with the time.
    pub fn follows(&self) -> bool {
        self.from.is_none() && self.at.is_none()
    }

    /// The Monday of the week that is looked at, on this day if nothing else is said; in days since
    /// 1970.
    pub fn monday(&self, today: i64) -> i64 {
        monday(self.from.map_or(today, |from| from.div_euclid(DAY)))
    }

    /// Where it begins when another zoom keeps what is in the middle; `None`: it goes on following.
    pub fn zoomed(&self, zoom: Zoom) -> Option<i64> {
        if self.week {
            return self.from;
        }
        let middle = self.from? + self.zoom.span() / 2;
        Some(middle - zoom.span() / 2)
    }
}

/// As `view` has it.
pub const WEEK: &str = "week";

/// A moment, or the day that begins with it.
fn beginning(text: &str) -> Option<i64> {
    let day = || format!("{text}T00:00:00Z").parse();
    let at: Timestamp = text.parse().or_else(|_| day()).ok()?;
    Some(at.as_second())
}

/// A moment as the address has it.
pub fn moment(at: i64) -> String {
    Timestamp::from_second(at).map_or_else(|_| String::new(), |at| at.to_string())
}

/// The nearest multiple.
pub fn snapped(at: i64, step: i64) -> i64 {
    (at + step / 2).div_euclid(step) * step
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn range() -> impl Strategy<Value = Range> {
        (-1_000_000i64..1_000_000, 1i64..3_000_000).prop_map(|(from, span)| Range {
            from,
            to: from + span,
        })
    }

    proptest! {
        #[test]
        fn what_is_cut_stays_in_view(
            range in range(),
            from in -4_000_000i64..4_000_000,
            length in 0i64..4_000_000,
        ) {
            let to = from + length;
            let seen = from < range.to && (to > range.from || from >= range.from);
            let cut = range.clip(from, to);
            prop_assert_eq!(cut.is_some(), seen);
            if let Some(cut) = cut {
                prop_assert!(cut.left >= 0.0 && cut.width >= 0.0);
                prop_assert!(cut.left + cut.width <= 100.0 + 1e-9);
                prop_assert_eq!(cut.begins, from >= range.from);
                prop_assert_eq!(cut.ends, to <= range.to);
                // What is not cut keeps its place.
                if cut.begins {
                    prop_assert!((cut.left - range.place(from)).abs() < 1e-9);
                }
                if cut.ends {
                    prop_assert!((cut.left + cut.width - range.place(to)).abs() < 1e-9);
                }
            }
        }

        #[test]
        fn a_place_is_found_again(range in range(), share in 0.0f64..1.0) {
            let at = range.at(share);
            prop_assert!(range.from <= at && at <= range.to);
            // Half a second is what is lost.
            let lost = (range.place(at) / 100.0 - share).abs() * range.span() as f64;
            prop_assert!(lost <= 0.5 + 1e-6);
        }

        #[test]
        fn snapping_goes_to_the_nearest(at in -9_000_000i64..9_000_000, step in 1i64..90_000) {
            let snapped = snapped(at, step);
            prop_assert_eq!(snapped.rem_euclid(step), 0);
            prop_assert!((snapped - at).abs() * 2 <= step);
        }

        #[test]
        fn zooming_keeps_the_middle(from in 0i64..2_000_000_000, a in 0usize..5, b in 0usize..5) {
            let look = Look { zoom: Zoom::ALL[a], from: Some(from), ..Look::default() };
            let from_there = look.zoomed(Zoom::ALL[b]);
            let there = Look { zoom: Zoom::ALL[b], from: from_there, ..Look::default() };
            let middle = |look: &Look| {
                let range = look.range(0);
                range.from + range.span() / 2
            };
            prop_assert_eq!(middle(&look), middle(&there));
            prop_assert_eq!(there.zoomed(look.zoom), Some(from));
        }
    }

    #[test]
    fn the_address_tells_what_is_looked_at() {
        let mut query = ParamsMap::new();
        query.insert("zoom", "week".to_owned());
        query.insert("from", "2026-11-30T00:00:00Z".to_owned());
        let look = Look::from_query(&query);
        assert_eq!(look.zoom, Zoom::Week);
        assert_eq!(moment(look.range(0).from), "2026-11-30T00:00:00Z");
        assert_eq!(moment(look.range(0).to), "2026-12-07T00:00:00Z");
        // A day begins at midnight.
        let mut query = ParamsMap::new();
        query.insert("view", "week".to_owned());
        query.insert("from", "2026-12-02".to_owned());
        let look = Look::from_query(&query);
        assert!(look.week);
        assert_eq!(
            look.from.map(moment).as_deref(),
            Some("2026-12-02T00:00:00Z")
        );
        assert_eq!(moment(look.monday(0) * DAY), "2026-11-30T00:00:00Z");
        // Nonsense is as if it were not there.
        let mut query = ParamsMap::new();
        query.insert("zoom", "century".to_owned());
        query.insert("from", "soon".to_owned());
        assert_eq!(Look::from_query(&query), Look::default());
        // From six hours ago to eighteen ahead.
        let usual = Look::default().range(100_000);
        assert_eq!((100_000 - usual.from, usual.to - 100_000), (21_600, 64_800));
    }

    #[test]
    fn the_minute_that_is_looked_back_at_is_in_the_middle() {
        let mut query = ParamsMap::new();
        query.insert("at", "2026-11-26T12:00:00.5Z".to_owned());
        let look = Look::from_query(&query);
        assert!(!look.follows() && Look::default().follows());
        assert_eq!(moment(look.range(0).from), "2026-11-26T00:00:00Z");
        assert_eq!(look.zoomed(Zoom::Week), None);
        // Unless the address says where it begins.
        query.insert("from", "2026-11-30T00:00:00Z".to_owned());
        let look = Look::from_query(&query);
        assert_eq!(moment(look.range(0).from), "2026-11-30T00:00:00Z");
    }

    #[test]
    fn zooms_end_somewhere() {
        assert_eq!(Zoom::Hour.stepped(false), None);
        assert_eq!(Zoom::Month.stepped(true), None);
        assert_eq!(Zoom::Day.stepped(true), Some(Zoom::Week));
    }
}
