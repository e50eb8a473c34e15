//! Fair share: who used how much of late.

use std::collections::HashMap;

use berth_domain::{Timestamp, UserName};
use serde::{Deserialize, Serialize};

use crate::math;

/// GPU-seconds by user, each halved every `half_life`: Slurm's `PriorityDecayHalfLife`
/// (<https://slurm.schedmd.com/priority_multifactor.html#fairshare>).
///
/// All amounts are kept as of one reference time and grow instead of shrinking, so that charging
/// one user does not touch the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    half_life_s: f64,
    reference: Timestamp,
    scaled: HashMap<UserName, f64>,
    total: f64,
}

impl Default for Ledger {
    fn default() -> Self {
        Ledger::new(std::time::Duration::from_secs(7 * 86_400))
    }
}

impl Ledger {
    #[must_use]
    pub fn new(half_life: std::time::Duration) -> Self {
        Ledger {
            half_life_s: half_life.as_secs_f64().max(1.0),
            reference: Timestamp::UNIX_EPOCH,
            scaled: HashMap::new(),
            total: 0.0,
        }
    }

    /// Adds what a user's job used up to `at`.
    pub fn charge(&mut self, user: &UserName, gpu_seconds: f64, at: Timestamp) {
        if self.scaled.is_empty() {
            self.reference = at;
        }
        let age = at.duration_since(self.reference).as_secs_f64() / self.half_life_s;
        // Far from the reference the scale would overflow: move the reference.
        if age > 100.0 {
            let shrink = math::exp2(-age);
            self.scaled.values_mut().for_each(|used| *used *= shrink);
            self.total *= shrink;
            self.reference = at;
            return self.charge(user, gpu_seconds, at);
        }
        let amount = gpu_seconds * math::exp2(age);
        self.total += amount;
        match self.scaled.get_mut(user) {
            Some(used) => *used += amount,
            None => {
                self.scaled.insert(user.clone(), amount);
            }
        }
    }

    /// This user's part of everything that was used, between 0 and 1.
    #[must_use]
    pub fn part(&self, user: &UserName) -> f64 {
        let used = self.scaled.get(user).copied().unwrap_or(0.0);
        if self.total > 0.0 {
            used / self.total
        } else {
            0.0
        }
    }

    /// How many users have used anything.
    #[must_use]
    pub fn users(&self) -> usize {
        self.scaled.len()
    }

    /// Slurm's fair-share factor `2^(-usage / shares)` with equal shares: 1 for somebody who used
    /// nothing, 0.5 for somebody who used exactly their part.
    #[must_use]
    pub fn factor(&self, user: &UserName) -> f64 {
        let users = u32::try_from(self.users().max(1)).unwrap_or(u32::MAX);
        math::exp2(-self.part(user) * f64::from(users))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(n: i64) -> Timestamp {
        Timestamp::from_second(n * 86_400).unwrap()
    }

    #[test]
    fn what_was_used_a_half_life_ago_counts_half() {
        let (ana, ben) = (UserName::from("ana"), UserName::from("ben"));
        let mut ledger = Ledger::default();
        ledger.charge(&ana, 200.0, day(0));
        ledger.charge(&ben, 100.0, day(7));
        assert!((ledger.part(&ana) - 0.5).abs() < 1e-9);
        assert!((ledger.factor(&ana) - 0.5).abs() < 1e-9);
        assert!((ledger.factor(&UserName::from("cleo")) - 1.0).abs() < 1e-9);
        // A year later nothing overflows and the old is forgotten.
        ledger.charge(&ben, 1.0, day(7 * 200));
        assert!(ledger.part(&ana) < 1e-9);
    }
}
