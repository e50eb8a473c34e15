//! A job's place in the order: a fractional index, so that a job can always be put between two
//! others without touching them. Live jobs never share a rank.
//!
//! A rank is a fraction between 0 and 1 in base 256, compared digit by digit. (The crates for this
//! were tried: `fractional_index` 2.0 overflows between two neighbours that differ late.)

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Lower comes first. The digits never end in 0, so that there is always room before a rank.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank(Vec<u8>);

impl Rank {
    /// The rank of the `n`th submission: nine digits whatever `n` is, in the order of `n`.
    #[must_use]
    pub fn ordinal(n: u64) -> Self {
        Rank(n.to_be_bytes().into_iter().chain([0x80]).collect())
    }

    #[must_use]
    pub fn before(&self) -> Self {
        Rank(middle(&[], &self.0))
    }

    /// A rank strictly between the two; `None` when `low` is not below `high`.
    #[must_use]
    pub fn between(low: &Rank, high: &Rank) -> Option<Self> {
        (low < high).then(|| Rank(middle(&low.0, &high.0)))
    }
}

/// The digits of a short fraction strictly between two; `low` must be below `high`.
fn middle(low: &[u8], high: &[u8]) -> Vec<u8> {
    let mut digits = Vec::new();
    // Whether `digits` is still a prefix of `high`, so that its next digit is a bound.
    let mut bounded = true;
    for place in 0.. {
        let from = u16::from(low.get(place).copied().unwrap_or(0));
        let to = if bounded {
            u16::from(high.get(place).copied().unwrap_or(0))
        } else {
            256
        };
        let half = u8::try_from((from + to) / 2).expect("below 256, as from is below to");
        digits.push(half);
        if to > from + 1 {
            break;
        }
        bounded = bounded && from == to;
    }
    digits
}

impl fmt::Display for Rank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|digit| write!(f, "{digit:02x}"))
    }
}

impl Serialize for Rank {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Rank {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digit = |at: usize| {
            text.get(at..at + 2)
                .and_then(|hex| u8::from_str_radix(hex, 16).ok())
        };
        let digits: Option<Vec<u8>> = (0..text.len()).step_by(2).map(digit).collect();
        digits
            .filter(|digits| digits.last().is_some_and(|last| *last != 0))
            .map(Rank)
            .ok_or_else(|| serde::de::Error::custom("a rank is hex digits that do not end in 00"))
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
        fn there_is_always_room_between(
            low in 1u64..u64::MAX,
            steps in prop::collection::vec(any::<bool>(), 0..200),
        ) {
            let (mut low, mut high) = (Rank::ordinal(low), Rank::ordinal(low + 1));
            for left in steps {
                let middle = Rank::between(&low, &high).unwrap();
                prop_assert!(low < middle && middle < high);
                if left { high = middle } else { low = middle }
            }
            let first = low.before();
            prop_assert!(first < low && first.before() < first);
        }
    }

    #[test]
    fn is_written_as_text() {
        let rank = Rank::ordinal(258);
        let text = serde_json::to_string(&rank).unwrap();
        assert_eq!(text, "\"000000000000010280\"");
        assert_eq!(serde_json::from_str::<Rank>(&text).unwrap(), rank);
        for nonsense in ["\"\"", "\"0\"", "\"zz\"", "\"00\"", "\"é0\""] {
            assert!(
                serde_json::from_str::<Rank>(nonsense).is_err(),
                "{nonsense}"
            );
        }
    }
}
