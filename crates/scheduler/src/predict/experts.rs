//! The experts: different ideas of what a job's run time depends on. Each is a row of contexts
//! from general to special; a special one with few observations keeps to the general one.

use std::collections::HashMap;

use super::Features;
use super::histogram::Histogram;
use super::run_time::{BINS, bin_of};

/// What one expert goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Expert {
    /// Everybody's jobs.
    Everybody,
    /// Jobs that asked for as much time.
    SameLimit,
    /// The user's jobs.
    User,
    /// The user's last few jobs.
    Recent,
    /// The user's jobs of this size and limit.
    Alike,
    /// The user's last few jobs of this size and limit.
    RecentAlike,
    /// The user's last jobs of this name or command.
    SameName,
    /// The part of their limits that everybody's jobs use.
    LimitPart,
    /// The part of their limits that the user's jobs use.
    UserLimitPart,
}

impl Expert {
    pub const ALL: [Expert; 9] = [
        Expert::Everybody,
        Expert::SameLimit,
        Expert::User,
        Expert::Recent,
        Expert::Alike,
        Expert::RecentAlike,
        Expert::SameName,
        Expert::LimitPart,
        Expert::UserLimitPart,
    ];
}

/// How many observations a general context counts as, beside the special one's own.
const STRENGTH: f64 = 2.0;
/// What the last few jobs keep of those before, a job.
const RECENT_KEEP: f64 = 0.6;
/// What everything else keeps, a job of its context.
const KEEP: f64 = 0.98;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Context {
    expert: Expert,
    owner: Option<String>,
    name: Option<String>,
    size: u32,
    limit: usize,
}

/// Everything that was observed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Experts {
    contexts: HashMap<Context, Histogram>,
}

impl Experts {
    /// What each expert thinks, as chances of the intervals.
    pub(super) fn think(&self, job: &Features) -> [[f64; BINS]; Expert::ALL.len()] {
        let uniform = [1.0 / 48.0; BINS];
        let limit = bin_of(job.time_limit.as_secs_f64());
        let of = |expert: Expert, prior: &[f64; BINS], strength: f64| match self
            .contexts
            .get(&context(expert, job))
        {
            Some(seen) => seen.smoothed(prior, strength),
            None => *prior,
        };
        let everybody = of(Expert::Everybody, &uniform, 1.0);
        let same_limit = of(Expert::SameLimit, &everybody, STRENGTH);
        let user = of(Expert::User, &everybody, STRENGTH);
        let recent = of(Expert::Recent, &user, 0.5);
        let alike = of(Expert::Alike, &user, STRENGTH);
        let recent_alike = of(Expert::RecentAlike, &alike, 0.5);
        let same_name = match job.name {
            Some(_) => of(Expert::SameName, &recent, 0.5),
            None => recent,
        };
        let part = of(Expert::LimitPart, &uniform, 1.0);
        let user_part = of(Expert::UserLimitPart, &part, STRENGTH);
        let thoughts = [
            everybody,
            same_limit,
            user,
            recent,
            alike,
            recent_alike,
            same_name,
            below(&part, limit),
            below(&user_part, limit),
        ];
        // Nothing is impossible: no expert may be infinitely wrong.
        thoughts.map(|thought| thought.map(|chance| 0.95 * chance + 0.05 / 48.0))
    }

    pub(super) fn observe(&mut self, job: &Features, seconds: f64) {
        let (bin, limit) = (bin_of(seconds), bin_of(job.time_limit.as_secs_f64()));
        for expert in Expert::ALL {
            if expert == Expert::SameName && job.name.is_none() {
                continue;
            }
            let seen = self.contexts.entry(context(expert, job)).or_default();
            match expert {
                Expert::LimitPart | Expert::UserLimitPart => {
                    seen.add(limit.saturating_sub(bin), KEEP);
                }
                Expert::Recent | Expert::RecentAlike | Expert::SameName => {
                    seen.add(bin, RECENT_KEEP);
                }
                _ => seen.add(bin, KEEP),
            }
        }
    }
}

fn context(expert: Expert, job: &Features) -> Context {
    let limit = bin_of(job.time_limit.as_secs_f64());
    let owner = Some(job.owner.as_str().to_owned());
    let (owner, size, limit) = match expert {
        Expert::Everybody | Expert::LimitPart => (None, 0, 0),
        Expert::SameLimit => (None, 0, limit),
        Expert::User | Expert::Recent | Expert::SameName | Expert::UserLimitPart => (owner, 0, 0),
        Expert::Alike | Expert::RecentAlike => (owner, job.gpus, limit),
    };
    let name = match expert {
        Expert::SameName => job.name.clone(),
        _ => None,
    };
    Context {
        expert,
        owner,
        name,
        size,
        limit,
    }
}

/// Chances of parts of the limit, as chances of run times.
fn below(parts: &[f64; BINS], limit: usize) -> [f64; BINS] {
    let mut mass = [0.0; BINS];
    for (below, chance) in parts.iter().enumerate() {
        mass[limit.saturating_sub(below)] += chance;
    }
    mass
}
