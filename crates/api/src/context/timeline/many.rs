//! Attempts that are too many and too short for a bar each: of each GPU those that follow one another
//! are one.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use berth_domain::{NodeName, Timestamp};

use super::Span;
use crate::timeline::{ManyView, PastView};

/// As finely as a wide screen shows the time.
const PIXELS: i64 = 1200;
/// So many are told, each of some 90 bytes.
const MOST: usize = 800;

/// A run of attempts on a GPU, in seconds.
#[derive(Clone, Copy, Debug)]
struct Run {
    gpu: u32,
    from: i64,
    to: i64,
    attempts: u32,
}

/// Each GPU's attempts, in the order of their beginnings.
type Rows<'a> = BTreeMap<(&'a NodeName, u32), Vec<(i64, i64)>>;

/// Runs of attempts with less than a pixel between them, or with more where that would be too many.
pub(super) fn many(all: &[PastView], (from, to): Span) -> BTreeMap<NodeName, Vec<ManyView>> {
    let (begin, end) = (from.as_second(), to.as_second());
    let mut rows = Rows::new();
    for one in all {
        // What lasts less than a second lasts one.
        let first = one.from.as_second().max(begin);
        let last = (one.to.as_second() + 1).min(end).max(first);
        for part in &one.lease {
            for gpu in &part.gpus {
                let row = rows.entry((&part.node, *gpu)).or_default();
                row.push((first, last));
            }
        }
    }
    for row in rows.values_mut() {
        row.sort_unstable();
    }
    let mut gap = ((end - begin) / PIXELS).max(1);
    let mut runs = joined(&rows, gap);
    while runs.len() > MOST && gap < end - begin {
        gap *= 2;
        runs = joined(&rows, gap);
    }
    if runs.len() > MOST {
        // More GPUs than that: those on which most happened.
        runs.sort_by_key(|(_, run)| Reverse(run.attempts));
        runs.truncate(MOST);
        runs.sort_by_key(|(node, run)| (*node, run.gpu, run.from));
    }
    let mut told: BTreeMap<NodeName, Vec<ManyView>> = BTreeMap::new();
    for (node, run) in runs {
        let at =
            |second: i64, otherwise: Timestamp| Timestamp::from_second(second).unwrap_or(otherwise);
        told.entry(node.clone()).or_default().push(ManyView {
            gpu: run.gpu,
            from: at(run.from, from),
            to: at(run.to, to),
            attempts: run.attempts,
        });
    }
    told
}

fn joined<'a>(rows: &Rows<'a>, gap: i64) -> Vec<(&'a NodeName, Run)> {
    let mut all: Vec<(&NodeName, Run)> = Vec::new();
    for ((node, gpu), row) in rows {
        let mut run: Option<Run> = None;
        for (from, to) in row {
            match &mut run {
                Some(run) if *from - run.to <= gap => {
                    run.to = run.to.max(*to);
                    run.attempts += 1;
                }
                _ => {
                    let next = Run {
                        gpu: *gpu,
                        from: *from,
                        to: *to,
                        attempts: 1,
                    };
                    all.extend(run.replace(next).map(|run| (*node, run)));
                }
            }
        }
        all.extend(run.map(|run| (*node, run)));
    }
    all
}

#[cfg(test)]
mod tests {
    use berth_domain::JobId;
    use proptest::prelude::*;

    use super::*;
    use crate::views::LeasePart;

    const DAY: i64 = 24 * 3600;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn past(node: u32, gpu: u32, from: i64, to: i64) -> PastView {
        PastView {
            job: JobId(1),
            attempt: 1,
            name: "short".to_owned(),
            user: "ana".into(),
            gpus: 1,
            lease: vec![LeasePart {
                node: NodeName(format!("node-{node}")),
                gpus: vec![gpu],
            }],
            from: at(from),
            to: at(to),
            outcome: "Succeeded".to_owned(),
            end: String::new(),
        }
    }

    #[test]
    fn those_that_follow_one_another_are_one() {
        // A pixel of a day is 72 seconds.
        let all = [
            past(1, 0, 100, 110),
            past(1, 0, 150, 160),
            past(1, 0, 5000, 5010),
            past(1, 3, 120, 130),
            past(2, 0, -50, 20),
        ];
        let told = many(&all, (at(0), at(DAY)));
        let bar = |one: &ManyView| {
            let (from, to) = (one.from.as_second(), one.to.as_second());
            (one.gpu, from, to, one.attempts)
        };
        let of = |node: &str| {
            told[&NodeName::from(node)]
                .iter()
                .map(bar)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            of("node-1"),
            [(0, 100, 161, 2), (0, 5000, 5011, 1), (3, 120, 131, 1)]
        );
        assert_eq!(of("node-2"), [(0, 0, 21, 1)]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        /// There are never too many, none is forgotten, and those of a GPU do not overlap.
        #[test]
        fn they_are_few_and_count_all(
            spans in prop::collection::vec((0u32..16, 0u32..8, 0i64..DAY, 0i64..600), 0..4000),
        ) {
            let all: Vec<PastView> = spans
                .iter()
                .map(|(node, gpu, from, length)| past(*node, *gpu, *from, from + length))
                .collect();
            let told = many(&all, (at(0), at(DAY)));
            let bars: Vec<&ManyView> = told.values().flatten().collect();
            prop_assert!(bars.len() <= MOST);
            let counted: usize = bars.iter().map(|one| one.attempts as usize).sum();
            prop_assert_eq!(counted, all.len());
            for bars in told.values() {
                for pair in bars.windows(2) {
                    prop_assert!(pair[0].gpu < pair[1].gpu || pair[0].to < pair[1].from);
                }
                prop_assert!(bars.iter().all(|one| one.from <= one.to && one.to <= at(DAY)));
            }
        }
    }
}
