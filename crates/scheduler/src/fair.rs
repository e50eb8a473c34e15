//! Fair share: who used how much of late, beside the shares that they have.

use std::collections::HashMap;
use std::hash::Hash;

use berth_domain::{Quotas, Timestamp, UserName};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::math;
use crate::snapshot::Facts;

/// GPU-seconds by name, each halved every `half_life`: Slurm's `PriorityDecayHalfLife`
/// (<https://slurm.schedmd.com/priority_multifactor.html#fairshare>).
///
/// All amounts are kept as of one reference time and grow instead of shrinking, so that charging
/// one does not touch the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound(
    serialize = "K: Serialize",
    deserialize = "K: DeserializeOwned + Eq + Hash"
))]
pub struct Ledger<K: Eq + Hash> {
    half_life_s: f64,
    reference: Timestamp,
    scaled: HashMap<K, f64>,
    total: f64,
}

impl<K: Eq + Hash + Clone> Default for Ledger<K> {
    fn default() -> Self {
        Ledger::new(std::time::Duration::from_secs(7 * 86_400))
    }
}

impl<K: Eq + Hash + Clone> Ledger<K> {
    #[must_use]
    pub fn new(half_life: std::time::Duration) -> Self {
        Ledger {
            half_life_s: half_life.as_secs_f64().max(1.0),
            reference: Timestamp::UNIX_EPOCH,
            scaled: HashMap::new(),
            total: 0.0,
        }
    }

    /// Adds what was used up to `at`.
    pub fn charge(&mut self, whom: &K, gpu_seconds: f64, at: Timestamp) {
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
            return self.charge(whom, gpu_seconds, at);
        }
        let amount = gpu_seconds * math::exp2(age);
        self.total += amount;
        match self.scaled.get_mut(whom) {
            Some(used) => *used += amount,
            None => {
                self.scaled.insert(whom.clone(), amount);
            }
        }
    }

    /// Their part of everything that was used, between 0 and 1.
    #[must_use]
    pub fn part(&self, whom: &K) -> f64 {
        let used = self.scaled.get(whom).copied().unwrap_or(0.0);
        if self.total > 0.0 {
            used / self.total
        } else {
            0.0
        }
    }

    /// The shares of all who have used anything, together; at least one.
    fn all_shares(&self, shares: impl Fn(&K) -> u32) -> f64 {
        let sum: u64 = self.scaled.keys().map(|one| u64::from(shares(one))).sum();
        #[expect(clippy::cast_precision_loss, reason = "exact up to millions of users")]
        let sum = sum.max(1) as f64;
        sum
    }
}

/// Who used how much of late, by user and by project.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    users: Ledger<UserName>,
    /// `""`: without a project.
    projects: Ledger<String>,
}

impl Usage {
    /// Adds what a user's job used up to `at`.
    pub fn charge(
        &mut self,
        user: &UserName,
        project: Option<&str>,
        gpu_seconds: f64,
        at: Timestamp,
    ) {
        self.users.charge(user, gpu_seconds, at);
        let project = project.unwrap_or_default().to_owned();
        self.projects.charge(&project, gpu_seconds, at);
    }

    /// This user's part of everything that was used, between 0 and 1.
    #[must_use]
    pub fn part(&self, user: &UserName) -> f64 {
        self.users.part(user)
    }
}

/// What fair share says of jobs at one moment.
pub(crate) struct FairShare<'a> {
    usage: &'a Usage,
    quotas: &'a Quotas,
    user_shares: f64,
    /// `None`: projects are not told apart.
    project_shares: Option<f64>,
}

impl<'a> FairShare<'a> {
    pub(crate) fn new(usage: &'a Usage, quotas: &'a Quotas) -> Self {
        let of_user = |user: &UserName| quotas.shares_of_user(user);
        let of_project = |project: &String| quotas.shares_of_project(project);
        let projects = &usage.projects;
        FairShare {
            usage,
            quotas,
            user_shares: usage.users.all_shares(of_user),
            project_shares: quotas
                .projects_share()
                .then(|| projects.all_shares(of_project)),
        }
    }

    /// What was used of late for each share, beside what all used for each of theirs: 0 for who used
    /// nothing, 1 for who used exactly their part. Where projects have shares it is the mean of the
    /// owner's and the project's.
    pub(crate) fn load(&self, job: &Facts) -> f64 {
        let shares = f64::from(self.quotas.shares_of_user(&job.owner));
        let user = self.usage.users.part(&job.owner) * self.user_shares / shares;
        let Some(all) = self.project_shares else {
            return user;
        };
        let none = String::new();
        let project = job.project.as_ref().unwrap_or(&none);
        let shares = f64::from(self.quotas.shares_of_project(project));
        let project = self.usage.projects.part(project) * all / shares;
        f64::midpoint(user, project)
    }

    /// Slurm's fair-share factor `2^(-usage / shares)`: 1 for who used nothing, 0.5 for who used
    /// exactly their part.
    pub(crate) fn factor(&self, job: &Facts) -> f64 {
        math::exp2(-self.load(job))
    }
}

#[cfg(test)]
mod tests {
    use berth_domain::quota::{SetTo, Whose};

    use super::*;

    fn day(n: i64) -> Timestamp {
        Timestamp::from_second(n * 86_400).unwrap()
    }

    fn job(owner: &str, project: Option<&str>) -> Facts {
        Facts {
            owner: UserName::from(owner),
            project: project.map(str::to_owned),
            ..Facts::new(berth_domain::JobId(1))
        }
    }

    #[test]
    fn what_was_used_a_half_life_ago_counts_half() {
        let (ana, ben) = (UserName::from("ana"), UserName::from("ben"));
        let mut usage = Usage::default();
        usage.charge(&ana, None, 200.0, day(0));
        usage.charge(&ben, None, 100.0, day(7));
        assert!((usage.part(&ana) - 0.5).abs() < 1e-9);
        let quotas = Quotas::default();
        let fair = FairShare::new(&usage, &quotas);
        assert!((fair.factor(&job("ana", None)) - 0.5).abs() < 1e-9);
        assert!((fair.factor(&job("cleo", None)) - 1.0).abs() < 1e-9);
        // A year later nothing overflows and the old is forgotten.
        usage.charge(&ben, None, 1.0, day(7 * 200));
        assert!(usage.part(&ana) < 1e-9);
    }

    #[test]
    fn who_has_more_shares_may_use_more() {
        let mut usage = Usage::default();
        usage.charge(&UserName::from("ana"), Some("vision"), 300.0, day(0));
        usage.charge(&UserName::from("ben"), Some("audio"), 100.0, day(0));
        let set = |whose, shares| Quotas::default().with(whose, SetTo::Shares(Some(shares)));
        let ana = Whose::User(UserName::from("ana"));
        let three = set(ana, 3);
        let fair = FairShare::new(&usage, &three);
        let load = |fair: &FairShare<'_>, owner, project| fair.load(&job(owner, project));
        assert!((load(&fair, "ana", Some("vision")) - 1.0).abs() < 1e-9);
        assert!((load(&fair, "ben", Some("audio")) - 1.0).abs() < 1e-9);
        // Projects count as soon as one has shares: half of it.
        let vision = set(Whose::Project("vision".to_owned()), 3);
        let fair = FairShare::new(&usage, &vision);
        assert!((load(&fair, "ana", Some("vision")) - f64::midpoint(1.5, 1.0)).abs() < 1e-9);
        assert!((load(&fair, "ben", Some("vision")) - f64::midpoint(0.5, 1.0)).abs() < 1e-9);
        assert!((load(&fair, "ben", None) - 0.25).abs() < 1e-9);
    }
}
