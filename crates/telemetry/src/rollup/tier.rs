//! How wide buckets are, and how long those are kept.

use super::block::BLOCK_S;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    Second,
    TenSeconds,
    Minute,
    Hour,
}

impl Tier {
    /// Finest first.
    pub const ALL: [Tier; 4] = [Tier::Second, Tier::TenSeconds, Tier::Minute, Tier::Hour];

    /// How wide a bucket is.
    #[must_use]
    pub fn width_s(self) -> i64 {
        match self {
            Tier::Second => 1,
            Tier::TenSeconds => 10,
            Tier::Minute => 60,
            Tier::Hour => 3600,
        }
    }

    /// For how many seconds a bucket is kept; `None`: for good.
    #[must_use]
    pub fn kept_s(self) -> Option<i64> {
        match self {
            Tier::Second => Some(3600),
            Tier::TenSeconds => Some(24 * 3600),
            Tier::Minute => Some(30 * 24 * 3600),
            Tier::Hour => None,
        }
    }

    /// The time that one blob of it covers, in seconds.
    #[must_use]
    pub fn blob_s(self) -> i64 {
        self.width_s().max(BLOCK_S)
    }

    /// As it is stored.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8
    }
}
