//! Values from a space: at random, the same from the same seed, and at the points of a grid.

use std::collections::{BTreeMap, BTreeSet};

use berth_domain::campaign::{Campaign, Dimension, Range, Scale, Space};

pub(super) type Values = BTreeMap<String, String>;

/// So often is drawn for something that was not tried yet.
const TRIES: u64 = 50;
/// No more combinations are looked through one by one.
const FEW: u64 = 10_000;

/// Numbers that look random: SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
/// generators", 2014).
struct Draws(u64);

impl Draws {
    fn of(seed: u32, configuration: u32, attempt: u64) -> Self {
        let mut draws = Draws(u64::from(seed) << 32 | u64::from(configuration));
        let mixed = draws.next();
        Draws(mixed ^ attempt)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 up to 1, without 1.
    fn share(&mut self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits are exact")]
        let share = (self.next() >> 11) as f64 / (1u64 << 53) as f64;
        share
    }
}

/// The values of a campaign's next configuration, of which none that began has all; `None` when there are no
/// others.
pub(super) fn unseen(campaign: &Campaign, seed: u32, configuration: u32) -> Option<Values> {
    let tried = tried(campaign);
    let space = &campaign.space;
    let draw = |attempt| {
        let mut draws = Draws::of(seed, configuration, attempt);
        let value =
            |(name, dimension): (&String, &Dimension)| (name.clone(), at(dimension, draws.share()));
        space.iter().map(value).collect::<Values>()
    };
    let mut drawn = (0..TRIES).map(draw);
    drawn.find(|values| !tried.contains(values)).or_else(|| {
        // Few are left, or none.
        let count = size(space).filter(|count| *count <= FEW)?;
        let whole = u32::try_from(count).ok()?;
        combinations(space, whole).find(|values| !tried.contains(values))
    })
}

pub(super) fn tried(campaign: &Campaign) -> BTreeSet<&Values> {
    campaign.trials.iter().map(|trial| &trial.values).collect()
}

/// How many combinations there are; `None`: without end.
fn size(space: &Space) -> Option<u64> {
    let mut counts = space.values().map(Dimension::count);
    counts.try_fold(1u64, |all, count| Some(all.saturating_mul(count?)))
}

/// Every combination of so many points of each range, the last parameter turning fastest.
pub(super) fn combinations(space: &Space, points: u32) -> impl Iterator<Item = Values> {
    let lists: Vec<(&String, Vec<String>)> = space
        .iter()
        .map(|(name, dimension)| (name, grid(dimension, points)))
        .collect();
    let count: usize = lists.iter().map(|(_, values)| values.len()).product();
    (0..count).map(move |number| {
        let mut left = number;
        let mut values = Values::new();
        for (name, list) in lists.iter().rev() {
            values.insert((*name).clone(), list[left % list.len()].clone());
            left /= list.len();
        }
        values
    })
}

/// The value at this share of a dimension.
fn at(dimension: &Dimension, share: f64) -> String {
    match dimension {
        Dimension::Choice(values) => {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "a list is short, and a share within 0 and 1"
            )]
            let place = (share * values.len() as f64) as usize;
            values
                .get(place)
                .or(values.last())
                .cloned()
                .unwrap_or_default()
        }
        // Each whole number is as likely as the others.
        Dimension::Range(range) if range.int && range.scale == Scale::Linear => {
            let value = range.from + (share * (range.to - range.from + 1.0)).floor();
            text(range, value)
        }
        Dimension::Range(range) => text(range, between(range, share)),
    }
}

/// Values at the same distance from each other, both ends among them.
fn grid(dimension: &Dimension, points: u32) -> Vec<String> {
    let range = match dimension {
        Dimension::Choice(values) => return values.clone(),
        Dimension::Range(range) => range,
    };
    let points = u32::try_from(dimension.points(points)).unwrap_or(u32::MAX);
    let share = |point: u32| match points {
        1 => 0.5,
        _ => f64::from(point) / f64::from(points - 1),
    };
    let values = (0..points).map(|point| text(range, between(range, share(point))));
    let mut values: Vec<String> = values.collect();
    // Whole numbers may be the same where they lie close.
    values.dedup();
    values
}

fn between(range: &Range, share: f64) -> f64 {
    match range.scale {
        Scale::Linear => range.from + share * (range.to - range.from),
        Scale::Log => {
            let (from, to) = (range.from.ln(), range.to.ln());
            (from + share * (to - from)).exp()
        }
    }
}

/// Five digits say enough.
fn text(range: &Range, value: f64) -> String {
    let rounded = if range.int {
        value.round()
    } else {
        format!("{value:.4e}").parse().unwrap_or(value)
    };
    written(range, rounded.clamp(range.from, range.to))
}

/// As it is written on a command line.
pub(in crate::campaign) fn written(range: &Range, value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-3..1e7).contains(&size) && !range.int {
        format!("{value:e}")
    } else {
        value.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Dimension {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_grid_has_both_ends_and_what_is_between() {
        let of = |text: &str, points| grid(&read(text), points).join(" ");
        let log = r#"{"from":1e-5,"to":0.1,"scale":"log"}"#;
        assert_eq!(of(log, 5), "1e-5 1e-4 0.001 0.01 0.1");
        assert_eq!(of(r#"{"from":0,"to":1}"#, 3), "0 0.5 1");
        assert_eq!(of(r#"{"from":2,"to":4,"int":true}"#, 9), "2 3 4");
        assert_eq!(
            of(r#"{"from":1,"to":64,"int":true,"scale":"log"}"#, 4),
            "1 4 16 64"
        );
        assert_eq!(of(r#"["b","a"]"#, 1), "b a");
        assert_eq!(of(r#"{"from":0,"to":1}"#, 1), "0.5");
    }

    #[test]
    fn combinations_turn_the_last_parameter_fastest() {
        let space: Space =
            serde_json::from_str(r#"{"a":["x","y"],"b":{"from":0,"to":1}}"#).unwrap();
        let all: Vec<String> = combinations(&space, 2)
            .map(|values| format!("{}{}", values["a"], values["b"]))
            .collect();
        assert_eq!(all, ["x0", "x1", "y0", "y1"]);
    }

    proptest! {
        #[test]
        fn what_is_drawn_is_inside(
            from in -1e6f64..1e6, wide in 0.0f64..1e6, share in 0.0f64..1.0,
            log in any::<bool>(), int in any::<bool>(),
        ) {
            let from = if log { from.abs().max(1e-6) } else { from };
            let from = if int { from.round().max(if log { 1.0 } else { -1e6 }) } else { from };
            let to = if int { from + wide.round() } else { from + wide };
            let range = Range { from, to, int, scale: if log { Scale::Log } else { Scale::Linear } };
            let dimension = Dimension::Range(range);
            let value = at(&dimension, share);
            prop_assert!(dimension.holds(&value), "{value} in {range:?}");
            for value in grid(&dimension, 7) {
                prop_assert!(dimension.holds(&value), "{value} in {range:?}");
            }
        }
    }
}
