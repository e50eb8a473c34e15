//! Lanes: what overlaps is drawn one below the other.

/// Gives each of these the first lane in which nothing of what came before it overlaps it, of `most`
/// lanes; `None` where all are taken. A span is a beginning and an end.
pub fn pack(spans: &[(i64, i64)], most: usize) -> Vec<Option<usize>> {
    let mut lanes: Vec<Vec<(i64, i64)>> = Vec::new();
    let overlaps = |a: (i64, i64), b: (i64, i64)| a.0 < b.1 && b.0 < a.1;
    spans
        .iter()
        .map(|span| {
            let span = (span.0, span.1.max(span.0 + 1));
            let free = lanes
                .iter()
                .position(|lane| !lane.iter().any(|other| overlaps(*other, span)));
            let lane = free.unwrap_or(lanes.len());
            if lane >= most {
                return None;
            }
            if lane == lanes.len() {
                lanes.push(Vec::new());
            }
            lanes[lane].push(span);
            Some(lane)
        })
        .collect()
}

/// How many lanes are used.
pub fn height(lanes: &[Option<usize>]) -> usize {
    lanes.iter().flatten().max().map_or(0, |last| last + 1)
}

/// Indices as runs: where each begins and how many follow one another. They rise.
pub fn runs(indices: &[u32]) -> Vec<(u32, u32)> {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for index in indices {
        match runs.last_mut() {
            Some((first, count)) if *first + *count == *index => *count += 1,
            _ => runs.push((*index, 1)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn spans() -> impl Strategy<Value = Vec<(i64, i64)>> {
        let span = (0i64..200, 0i64..60).prop_map(|(from, length)| (from, from + length));
        prop::collection::vec(span, 0..60)
    }

    proptest! {
        #[test]
        fn nothing_overlaps_in_a_lane(spans in spans(), most in 0usize..8) {
            let lanes = pack(&spans, most);
            prop_assert_eq!(lanes.len(), spans.len());
            prop_assert!(height(&lanes) <= most);
            let placed: Vec<_> = lanes.iter().zip(&spans).filter_map(|(lane, span)| Some((*lane, *span)).filter(|(lane, _)| lane.is_some())).collect();
            for (n, (lane, a)) in placed.iter().enumerate() {
                for (other, b) in &placed[n + 1..] {
                    prop_assert!(lane != other || a.1.max(a.0 + 1) <= b.0 || b.1.max(b.0 + 1) <= a.0);
                }
            }
        }

        /// In the order of their beginnings they need as many lanes as there are at once, no more.
        #[test]
        fn no_lane_too_many(mut spans in spans()) {
            spans.sort_unstable();
            let lanes = pack(&spans, usize::MAX);
            prop_assert!(lanes.iter().all(Option::is_some));
            let at_once = spans.iter().map(|(at, _)| {
                spans.iter().filter(|(from, to)| from <= at && at < to.max(&(from + 1))).count()
            });
            prop_assert_eq!(height(&lanes), at_once.max().unwrap_or(0));
        }

        #[test]
        fn runs_hold_every_index_once(indices in prop::collection::btree_set(0u32..40, 0..20)) {
            let list: Vec<u32> = indices.iter().copied().collect();
            let runs = runs(&list);
            let again: Vec<u32> = runs.iter().flat_map(|(first, count)| *first..*first + *count).collect();
            prop_assert_eq!(&again, &list);
            prop_assert_eq!(again.into_iter().collect::<BTreeSet<_>>(), indices);
            prop_assert!(runs.windows(2).all(|pair| pair[0].0 + pair[0].1 < pair[1].0));
        }
    }
}
