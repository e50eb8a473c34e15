//! A whole node as one lane: how many of its GPUs were, are and may stay held.

use std::fmt::Write;

use berth_api::timeline::SLOTS;

use super::range::Range;

/// GPUs held in each slot of the time, as means.
#[derive(Clone, Debug, PartialEq)]
pub struct Steps {
    /// Up to now.
    pub held: Vec<f64>,
    /// From now on, up to the time limits of what runs.
    pub ahead: Vec<f64>,
}

/// Adds what holds or held GPUs, each with its beginning, its end or limit and how many, to what is
/// known of those that ended before.
pub fn steps(known: &[f32], spans: &[(i64, i64, u32)], range: Range, now: i64) -> Steps {
    let known = known.iter().map(|held| f64::from(*held));
    let mut held: Vec<f64> = known.chain(std::iter::repeat(0.0)).take(SLOTS).collect();
    let mut ahead = vec![0.0; SLOTS];
    for (from, to, gpus) in spans {
        add(&mut held, range, *from, *to.min(&now), *gpus);
        add(&mut ahead, range, *from.max(&now), *to, *gpus);
    }
    Steps { held, ahead }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "seconds of ages are below 2^53, slots are few"
)]
fn add(slots: &mut [f64], range: Range, from: i64, to: i64, gpus: u32) {
    let width = range.span() as f64 / slots.len() as f64;
    let (from, to) = ((from - range.from) as f64, (to - range.from) as f64);
    for (slot, held) in slots.iter_mut().enumerate() {
        let (begin, end) = (slot as f64 * width, (slot + 1) as f64 * width);
        let within = to.min(end) - from.max(begin);
        *held += f64::from(gpus) * within.max(0.0) / width;
    }
}

/// The outline of an area, of one unit a slot and a GPU, downwards from `top`.
pub fn outline(slots: &[f64], top: u32) -> String {
    let top = f64::from(top);
    let mut path = format!("M0 {top}");
    let mut level = 0.0;
    for (slot, held) in slots.iter().enumerate() {
        let next = held.min(top);
        if (next - level).abs() > 0.005 {
            // Writing to a string cannot fail.
            let _ = write!(path, "H{slot}V{:.2}", top - next);
            level = next;
        }
    }
    let _ = write!(path, "H{}V{top}Z", slots.len());
    path
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY: Range = Range {
        from: 0,
        to: 96 * 900,
    };

    #[test]
    fn what_runs_is_held_up_to_now_and_may_be_up_to_its_limit() {
        let now = 10 * 900 + 450;
        let found = steps(&[1.0; SLOTS], &[(9 * 900, 12 * 900, 4)], DAY, now);
        assert_eq!(found.held[8..12], [1.0, 5.0, 3.0, 1.0]);
        assert_eq!(found.ahead[9..13], [0.0, 2.0, 4.0, 0.0]);
    }

    #[test]
    fn an_outline_turns_where_the_level_does() {
        assert_eq!(outline(&[0.0, 2.0, 2.0, 9.0], 8), "M0 8H1V6.00H3V0.00H4V8Z");
        assert_eq!(outline(&[0.0; 4], 8), "M0 8H4V8Z");
    }

    proptest! {
        /// No second is lost and none is counted twice.
        #[test]
        fn every_second_in_view_is_counted(
            spans in prop::collection::vec((-90_000i64..90_000, 0i64..90_000, 0u32..9), 0..20),
            now in 0i64..86_400,
        ) {
            let spans: Vec<_> = spans.iter().map(|(from, length, gpus)| (*from, from + length, *gpus)).collect();
            let found = steps(&[], &spans, DAY, now);
            let sum = |slots: &[f64]| slots.iter().sum::<f64>() * 900.0;
            let within = |from: i64, to: i64| (to.min(DAY.to) - from.max(DAY.from)).max(0) as f64;
            let held: f64 = spans.iter().map(|(from, to, gpus)| f64::from(*gpus) * within(*from, *to.min(&now))).sum();
            let ahead: f64 = spans.iter().map(|(from, to, gpus)| f64::from(*gpus) * within(*from.max(&now), *to)).sum();
            prop_assert!((sum(&found.held) - held).abs() < 1e-3);
            prop_assert!((sum(&found.ahead) - ahead).abs() < 1e-3);
        }
    }
}
