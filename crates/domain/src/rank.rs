//! A job's place in the order: a fractional index, so that a job can always be put between two
//! others without touching them. Live jobs never share a rank.

use std::fmt;

use fractional_index::FractionalIndex;
use serde::{Deserialize, Serialize};

/// Lower comes first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rank(#[serde(with = "fractional_index::stringify")] FractionalIndex);

impl Rank {
    /// The rank of the `n`th submission: nine bytes whatever `n` is, in the order of `n`.
    #[must_use]
    pub fn ordinal(n: u64) -> Self {
        // 0x80 is the terminator that a fractional index ends with.
        let bytes = n.to_be_bytes().into_iter().chain([0x80]).collect();
        Rank(FractionalIndex::from_bytes(bytes).expect("the last byte is the terminator"))
    }

    #[must_use]
    pub fn before(&self) -> Self {
        Rank(FractionalIndex::new_before(&self.0))
    }

    /// A rank strictly between the two; `None` when `low` is not below `high`.
    #[must_use]
    pub fn between(low: &Rank, high: &Rank) -> Option<Self> {
        FractionalIndex::new_between(&low.0, &high.0).map(Rank)
    }
}

impl fmt::Display for Rank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_string())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ordinals_keep_the_order(a in 1u64.., b in 1u64..) {
            prop_assert_eq!(Rank::ordinal(a).cmp(&Rank::ordinal(b)), a.cmp(&b));
        }

        #[test]
        fn there_is_always_room_between(low in 1u64..u64::MAX, steps in prop::collection::vec(any::<bool>(), 0..200)) {
            let (mut low, mut high) = (Rank::ordinal(low), Rank::ordinal(low + 1));
            for left in steps {
                let middle = Rank::between(&low, &high).unwrap();
                prop_assert!(low < middle && middle < high);
                if left { high = middle } else { low = middle }
            }
            prop_assert!(low.before() < low);
        }
    }

    #[test]
    fn is_written_as_text() {
        let rank = Rank::ordinal(258);
        let text = serde_json::to_string(&rank).unwrap();
        assert_eq!(text, "\"000000000000010280\"");
        assert_eq!(serde_json::from_str::<Rank>(&text).unwrap(), rank);
    }
}
