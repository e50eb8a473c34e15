//! A week as seven days of twenty-four hours, by the clock where the browser is: also where the clock
//! skips an hour or shows it twice. Days are counted since 1970; `offset` is how far that clock is ahead
//! of UTC at a moment, in seconds.

use super::pack::{height, pack};

pub const HOUR: i64 = 3600;
pub const DAY: i64 = 24 * HOUR;
pub const DAYS: i64 = 7;
pub const HOURS: i64 = 24;

/// So many blocks stand side by side; those that would need more room are counted.
const MOST_BESIDE: usize = 4;
/// What lasts less is drawn as if it lasted so long, in seconds.
const LEAST: i64 = HOUR / 3;

/// The Monday of the week that a day is in.
pub fn monday(day: i64) -> i64 {
    // 1970 began on a Thursday.
    day - (day + 3).rem_euclid(7)
}

/// The first moment at which the clock shows this local time, or as much later as it skips: what a form
/// with such a time is taken for (RFC 5545, 3.3.5).
pub fn instant(local: i64, offset: impl Fn(i64) -> i64) -> i64 {
    // No clock is a day ahead or behind: one is before, the other after.
    let (before, after) = (local - offset(local - DAY), local - offset(local + DAY));
    let shows = |at: &i64| at + offset(*at) == local;
    let found = [before, after].into_iter().filter(shows).min();
    found.unwrap_or(before)
}

/// A day of the week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    pub number: i64,
    pub begin: i64,
    pub end: i64,
    /// The beginning and end of each hour of the clock; `None` where the clock skips it.
    pub hours: Vec<Option<(i64, i64)>>,
}

impl Day {
    pub fn of(number: i64, offset: impl Fn(i64) -> i64) -> Self {
        let first = number * DAY;
        let hour = |n: i64| {
            let (from, to) = (first + n * HOUR, first + (n + 1) * HOUR);
            let (begin, end) = (instant(from, &offset), instant(to, &offset));
            // What is skipped would show as the hour after it.
            (begin + offset(begin) < to).then_some((begin, end))
        };
        Day {
            number,
            begin: instant(first, &offset),
            end: instant(first + DAY, &offset),
            hours: (0..HOURS).map(hour).collect(),
        }
    }

    /// How far a moment of this day is below its top, in seconds of the clock's face.
    pub fn place(&self, at: i64, offset: impl Fn(i64) -> i64) -> i64 {
        if at >= self.end {
            return DAY;
        }
        (at + offset(at) - self.number * DAY).clamp(0, DAY)
    }

    /// What of something that lasts from `from` to `to` is on this day.
    pub fn block(&self, (from, to): (i64, i64), offset: impl Fn(i64) -> i64) -> Option<Block> {
        let (first, last) = (from.max(self.begin), to.min(self.end));
        if first >= last {
            return None;
        }
        let top = self.place(first, &offset).min(DAY - LEAST);
        // Where the clock is set back in between it may end above where it began.
        let bottom = self.place(last, &offset).max(top + LEAST);
        Some(Block {
            top,
            bottom,
            begins: from >= self.begin,
            ends: to <= self.end,
        })
    }
}

/// A part of a day, in seconds below its top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    pub top: i64,
    pub bottom: i64,
    /// Its own beginning and end are on this day.
    pub begins: bool,
    pub ends: bool,
}

/// Where a block stands beside those that it overlaps: in which column of how many. `None`: there is no
/// room.
pub type Beside = Option<(usize, usize)>;

/// The columns of blocks that are in the order of their beginnings.
pub fn beside(blocks: &[Block]) -> Vec<Beside> {
    let mut all = Vec::new();
    let mut rest = blocks;
    while let Some(first) = rest.first() {
        // Those that hang together, each by the next.
        let mut bottom = first.bottom;
        let hang = rest.iter().take_while(|block| {
            let hangs = block.top < bottom;
            bottom = bottom.max(block.bottom);
            hangs
        });
        let (these, others) = rest.split_at(hang.count().max(1));
        let spans: Vec<(i64, i64)> = these.iter().map(|one| (one.top, one.bottom)).collect();
        let columns = pack(&spans, MOST_BESIDE);
        let of = height(&columns);
        all.extend(columns.into_iter().map(|column| Some((column?, of))));
        rest = others;
    }
    all
}

#[cfg(test)]
mod tests {
    use berth_domain::Timestamp;
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().expect("a time").as_second()
    }

    fn number(text: &str) -> i64 {
        at(&format!("{text}T00:00:00Z")) / DAY
    }

    /// Berlin in 2026: forward on 29 March, back on 25 October, both at 01:00 UTC.
    fn berlin(second: i64) -> i64 {
        let summer = at("2026-03-29T01:00:00Z")..at("2026-10-25T01:00:00Z");
        if summer.contains(&second) {
            2 * HOUR
        } else {
            HOUR
        }
    }

    /// New York in 2026: forward on 8 March, back on 1 November, at 07:00 and 06:00 UTC.
    fn new_york(second: i64) -> i64 {
        let summer = at("2026-03-08T07:00:00Z")..at("2026-11-01T06:00:00Z");
        if summer.contains(&second) {
            -4 * HOUR
        } else {
            -5 * HOUR
        }
    }

    /// Lord Howe in 2026: half an hour, back on 5 April and forward on 4 October.
    fn lord_howe(second: i64) -> i64 {
        let winter = at("2026-04-04T15:00:00Z")..at("2026-10-03T15:30:00Z");
        if winter.contains(&second) {
            21 * HOUR / 2
        } else {
            11 * HOUR
        }
    }

    /// Cairo in 2026: forward on 24 April at midnight, so that the day begins at one.
    fn cairo(second: i64) -> i64 {
        if second < at("2026-04-23T22:00:00Z") {
            2 * HOUR
        } else {
            3 * HOUR
        }
    }

    #[test]
    fn weeks_begin_on_mondays() {
        for day in ["2026-11-23", "2026-11-26", "2026-11-29"] {
            assert_eq!(monday(number(day)), number("2026-11-23"), "{day}");
        }
        assert_eq!(monday(0), -3);
    }

    #[test]
    fn a_day_that_is_like_others() {
        // Kathmandu is 5:45 ahead.
        let day = Day::of(number("2026-11-26"), |_| 20_700);
        assert_eq!(day.begin, at("2026-11-25T18:15:00Z"));
        assert_eq!(day.end, at("2026-11-26T18:15:00Z"));
        let nine = (at("2026-11-26T03:15:00Z"), at("2026-11-26T04:15:00Z"));
        assert_eq!(day.hours[9], Some(nine));
        let block = day.block(nine, |_| 20_700);
        let block = block.map(|block| (block.top, block.bottom));
        assert_eq!(block, Some((9 * HOUR, 10 * HOUR)));
    }

    #[test]
    fn the_hour_that_is_skipped_is_not_there() {
        let day = Day::of(number("2026-03-29"), berlin);
        assert_eq!(day.end - day.begin, 23 * HOUR);
        assert_eq!(day.hours[2], None);
        assert_eq!(day.hours.iter().flatten().count(), 23);
        let one = (at("2026-03-29T00:00:00Z"), at("2026-03-29T01:00:00Z"));
        let three = (at("2026-03-29T01:00:00Z"), at("2026-03-29T02:00:00Z"));
        assert_eq!((day.hours[1], day.hours[3]), (Some(one), Some(three)));
        // Two hours, from one to four by the clock's face.
        let block = day.block((one.0, three.1), berlin).expect("it is there");
        assert_eq!((block.top, block.bottom), (HOUR, 4 * HOUR));
        // In New York too.
        let day = Day::of(number("2026-03-08"), new_york);
        assert_eq!((day.end - day.begin, &day.hours[2]), (23 * HOUR, &None));
    }

    #[test]
    fn the_hour_that_comes_twice_is_twice_as_long() {
        let day = Day::of(number("2026-10-25"), berlin);
        assert_eq!(day.end - day.begin, 25 * HOUR);
        let two = (at("2026-10-25T00:00:00Z"), at("2026-10-25T02:00:00Z"));
        assert_eq!(day.hours[2], Some(two));
        assert!(day.hours.iter().all(Option::is_some));
        // Both times at half past two: it ends where it began, and is seen all the same.
        let half = (at("2026-10-25T00:30:00Z"), at("2026-10-25T01:30:00Z"));
        let block = day.block(half, berlin).expect("it is there");
        assert_eq!(
            (block.top, block.bottom),
            (5 * HOUR / 2, 5 * HOUR / 2 + LEAST)
        );
        let day = Day::of(number("2026-11-01"), new_york);
        assert_eq!(day.end - day.begin, 25 * HOUR);
    }

    #[test]
    fn half_an_hour_and_midnight_may_be_skipped() {
        let day = Day::of(number("2026-10-04"), lord_howe);
        assert_eq!(day.end - day.begin, 47 * HOUR / 2);
        let two = (at("2026-10-03T15:30:00Z"), at("2026-10-03T16:00:00Z"));
        assert_eq!(day.hours[2], Some(two));
        let day = Day::of(number("2026-04-24"), cairo);
        assert_eq!(day.begin, at("2026-04-23T22:00:00Z"));
        assert_eq!((day.end - day.begin, &day.hours[0]), (23 * HOUR, &None));
        let before = Day::of(number("2026-04-23"), cairo);
        assert_eq!((before.end, before.end - before.begin), (day.begin, DAY));
    }

    #[test]
    fn what_goes_over_midnight_is_on_both_days() {
        let night = (at("2026-11-26T21:00:00Z"), at("2026-11-27T05:00:00Z"));
        let on = |day: &str| Day::of(number(day), berlin).block(night, berlin);
        let block = |top: i64, bottom: i64, begins: bool, ends: bool| {
            Some(Block {
                top: top * HOUR,
                bottom: bottom * HOUR,
                begins,
                ends,
            })
        };
        assert_eq!(on("2026-11-25"), None);
        assert_eq!(on("2026-11-26"), block(22, 24, true, false));
        assert_eq!(on("2026-11-27"), block(0, 6, false, true));
        assert_eq!(on("2026-11-28"), None);
    }

    #[test]
    fn only_what_overlaps_stands_side_by_side() {
        let block = |top: i64, bottom: i64| Block {
            top: top * HOUR,
            bottom: bottom * HOUR,
            begins: true,
            ends: true,
        };
        // Two and one that begins when the first is over; then one alone; then six at once.
        let mut all = vec![block(1, 3), block(2, 5), block(3, 4), block(6, 7)];
        all.extend([block(8, 9); 6]);
        let found = beside(&all);
        assert_eq!(
            found[..4],
            [Some((0, 2)), Some((1, 2)), Some((0, 2)), Some((0, 1))]
        );
        assert_eq!(found[4..8], [0, 1, 2, 3].map(|column| Some((column, 4))));
        assert_eq!(found[8..], [None, None]);
    }

    proptest! {
        /// Whatever the clock does in a year: days follow one another, hours do in each day, and a moment
        /// is on one day only.
        #[test]
        fn every_moment_is_in_one_hour_of_one_day(
            zone in 0usize..4,
            day in 20_454i64..20_819,
            second in 0i64..DAY,
        ) {
            let offset = [berlin, new_york, lord_howe, cairo][zone];
            let (here, next) = (Day::of(day, offset), Day::of(day + 1, offset));
            prop_assert_eq!(here.end, next.begin);
            let hours: Vec<(i64, i64)> = here.hours.iter().copied().flatten().collect();
            prop_assert_eq!(hours.first().map(|hour| hour.0), Some(here.begin));
            prop_assert_eq!(hours.last().map(|hour| hour.1), Some(here.end));
            prop_assert!(hours.windows(2).all(|pair| pair[0].1 == pair[1].0));
            let moment = here.begin + second.min(here.end - here.begin - 1);
            prop_assert_eq!((moment + offset(moment)).div_euclid(DAY), day);
            let span = (moment, moment + 1);
            prop_assert!(here.block(span, offset).is_some());
            prop_assert!(next.block(span, offset).is_none());
        }

        /// Blocks in the same column do not overlap, and a column is one of its own.
        #[test]
        fn nothing_is_drawn_over_another(
            mut spans in prop::collection::vec((0i64..DAY - LEAST, LEAST..DAY), 0..40),
        ) {
            spans.sort_unstable();
            let blocks: Vec<Block> = spans.iter().map(|(top, length)| Block {
                top: *top,
                bottom: (top + length).min(DAY),
                begins: true,
                ends: true,
            }).collect();
            let places = beside(&blocks);
            prop_assert_eq!(places.len(), blocks.len());
            for (n, (place, one)) in places.iter().zip(&blocks).enumerate() {
                let Some((column, of)) = place else { continue };
                prop_assert!(column < of && *of <= MOST_BESIDE);
                for (other_place, other) in places[n + 1..].iter().zip(&blocks[n + 1..]) {
                    let Some((other_column, other_of)) = other_place else { continue };
                    if other.top < one.bottom {
                        prop_assert!(column != other_column);
                        prop_assert_eq!(of, other_of);
                    }
                }
            }
        }
    }
}
