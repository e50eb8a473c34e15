//! What is expected to come free when, and what of it is promised: the profile that backfill must
//! keep. It is made when somebody is first protected; before that nobody can be delayed.

use rustc_hash::FxHashMap;

use super::order::{ran_s, seconds_until};
use super::places::Part;
use super::profile::Profile;
use super::walk::Walk;
use crate::policy::{Policy, PreemptionMode, RunTimeSource};
use crate::reserve::Reservation;
use crate::snapshot::Facts;

/// The least that anything is taken to run on, in seconds.
const AT_ONCE: f64 = 1.0;

/// One profile for each set of reservations that a job is not a holder of: a holder's job may use
/// what is reserved for it.
pub(super) struct Expected<'a> {
    policy: &'a Policy,
    /// Whose word on run times counts here.
    run_time: RunTimeSource,
    /// Who may be stopped makes way for what is reserved.
    stops: bool,
    profiles: Vec<(Kept, Profile)>,
    /// What was promised since.
    promised: Vec<Promise<'a>>,
    needed: bool,
}

/// Which reservations a profile keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kept {
    /// Those that are not for the holders of these.
    ButFor(Vec<usize>),
    Only(usize),
    Nothing,
}

/// GPUs for a job from some time on; what starts now is promised from now on.
struct Promise<'a> {
    job: &'a Facts,
    parts: Vec<Part>,
    at: f64,
    length: f64,
}

impl<'a> Expected<'a> {
    /// By the run times that the policy goes by, for promises to those that wait.
    pub(super) fn new(walk: &Walk<'a>) -> Self {
        Self::by(walk, walk.policy.run_time)
    }

    /// By time limits, which nobody passes: what is reserved is kept for certain.
    pub(super) fn by_limits(walk: &Walk<'a>) -> Self {
        Self::by(walk, RunTimeSource::Limit)
    }

    fn by(walk: &Walk<'a>, run_time: RunTimeSource) -> Self {
        Expected {
            policy: walk.policy,
            run_time,
            stops: walk.policy.preemption.mode == PreemptionMode::On,
            profiles: Vec::new(),
            promised: Vec::new(),
            needed: !walk.standing.is_empty(),
        }
    }

    /// How long a waiting job is taken to run, in seconds.
    pub(super) fn length_s(&self, job: &Facts) -> f64 {
        if self.stops && job.preemptible {
            return AT_ONCE;
        }
        let limit = job.time_limit.as_secs_f64();
        let served = job.service.as_secs_f64();
        match (&job.predicted, self.run_time) {
            (Some(run_time), RunTimeSource::Predicted) => {
                let surety = self.policy.shortest.surety;
                (run_time.quantile_after(served, surety) - served).min(limit)
            }
            _ => limit,
        }
    }

    /// How long a running job is taken to run on, in seconds.
    fn left_s(&self, job: &Facts, ran: f64) -> f64 {
        if self.stops && job.preemptible {
            return AT_ONCE;
        }
        let limit = (job.time_limit.as_secs_f64() - ran).max(AT_ONCE);
        let served = job.service.as_secs_f64() + ran;
        match (&job.predicted, self.run_time) {
            (Some(run_time), RunTimeSource::Predicted) => {
                let surety = self.policy.shortest.surety;
                (run_time.quantile_after(served, surety) - served).clamp(AT_ONCE, limit)
            }
            _ => limit,
        }
    }

    /// The profile that this job must keep; `None` while nothing is promised to anybody.
    pub(super) fn profile(&mut self, walk: &Walk<'a>, job: &Facts) -> Option<&Profile> {
        self.needed.then(|| &*self.made(walk, &own(walk, job)))
    }

    fn made(&mut self, walk: &Walk<'a>, kept: &Kept) -> &mut Profile {
        let known = self.profiles.iter().position(|(of, _)| of == kept);
        let place = known.unwrap_or_else(|| {
            let mut profile = self.without_promises(walk);
            for promise in &self.promised {
                profile.occupy(&promise.parts, promise.at, promise.length);
            }
            for index in reserved(walk, kept) {
                self.hold(&mut profile, walk, &walk.snapshot.reservations[index]);
            }
            self.profiles.push((kept.clone(), profile));
            self.profiles.len() - 1
        });
        &mut self.profiles[place].1
    }

    /// If all that runs or was just started ends as expected.
    fn without_promises(&self, walk: &Walk<'a>) -> Profile {
        let snapshot = walk.snapshot;
        let mut ends = Vec::new();
        let places: FxHashMap<_, usize> = snapshot
            .nodes
            .iter()
            .enumerate()
            .map(|(place, node)| (&node.name, place))
            .collect();
        let place = |name| places.get(name).copied();
        for active in &snapshot.active {
            let left = self.left_s(&active.job, ran_s(active, walk.now));
            for part in &active.lease.0 {
                let node = place(&part.node).filter(|node| !snapshot.nodes[*node].cordoned);
                if let Some(node) = node {
                    let parts = walk.places.parts(&snapshot.nodes, node, &part.gpus);
                    ends.extend(parts.into_iter().map(|part| (part.pool, left, part.gpus)));
                }
            }
        }
        // What was started before anything was promised is not in the promises.
        let promised = |job: &Facts| self.promised.iter().any(|one| one.job.id == job.id);
        for (index, parts) in &walk.decision.starts {
            let job = &snapshot.pending[*index].job;
            if !promised(job) {
                let length = self.length_s(job);
                ends.extend(parts.iter().map(|part| (part.pool, length, part.gpus)));
            }
        }
        let mut free = walk.room.free.clone();
        for promise in self.promised.iter().filter(|promise| promise.at <= 0.0) {
            for part in &promise.parts {
                free[part.pool] += part.gpus;
            }
        }
        Profile::new(&free, &ends)
    }

    /// A job starts now.
    pub(super) fn occupy(&mut self, walk: &Walk<'a>, job: &'a Facts, parts: &[Part], length: f64) {
        self.promise(walk, job, parts, 0.0, length);
    }

    fn promise(&mut self, walk: &Walk<'a>, job: &'a Facts, parts: &[Part], at: f64, length: f64) {
        if !self.needed {
            return;
        }
        let mut standing = walk.standing.iter();
        if standing.any(|one| walk.snapshot.reservations[*one].includes(job)) {
            // What is kept for its holder is less by that: made anew when it is asked for.
            self.profiles.clear();
        }
        for (_, profile) in &mut self.profiles {
            profile.occupy(parts, at, length);
        }
        self.promised.push(Promise {
            job,
            parts: parts.to_vec(),
            at,
            length,
        });
    }

    /// Promises a job its earliest start: when, in seconds from now, and where.
    pub(super) fn protect(
        &mut self,
        walk: &Walk<'a>,
        job: &'a Facts,
        length: f64,
    ) -> Option<(f64, Vec<Part>)> {
        self.needed = true;
        let profile = self.made(walk, &own(walk, job));
        let need = walk.places.of_job(job);
        let (at, parts) = profile.earliest(need, job.nodes, job.gpus_per_node, length)?;
        self.promise(walk, job, &parts, at.max(f64::MIN_POSITIVE), length);
        Some((at, parts))
    }

    /// The reservation that keeps the job from starting now, if that is what does.
    pub(super) fn reservation_in_the_way(&mut self, walk: &Walk<'a>, job: &Facts) -> Option<usize> {
        let own = own(walk, job);
        if self.starts(walk, job, &own) || !self.starts(walk, job, &Kept::Nothing) {
            return None;
        }
        let length = self.length_s(job);
        let mut near: Vec<usize> = reserved(walk, &own)
            .into_iter()
            .filter(|one| walk.snapshot.reservations[*one].meets(walk.now, length))
            .collect();
        near.sort_by_key(|one| walk.snapshot.reservations[*one].start);
        let alone = near.iter().copied();
        let alone = alone
            .into_iter()
            .find(|one| !self.starts(walk, job, &Kept::Only(*one)));
        // None of them alone: the first of those that together do.
        alone.or(near.first().copied())
    }

    /// Whether the job could start now beside these reservations.
    fn starts(&mut self, walk: &Walk<'a>, job: &Facts, kept: &Kept) -> bool {
        let length = self.length_s(job);
        let counts = |one: usize| match kept {
            Kept::ButFor(_) => true,
            Kept::Only(only) => one == *only,
            Kept::Nothing => false,
        };
        let profile = self.made(walk, kept);
        let allowed = |pool| {
            let open = walk.exact.open(pool, job, length, counts);
            profile.least(pool, 0.0, length).min(open)
        };
        walk.choose(job, allowed).is_some()
    }

    /// What the job would take now, beside what is reserved for others.
    pub(super) fn choose_now(&mut self, walk: &Walk<'a>, job: &Facts) -> Option<Vec<Part>> {
        let limit = self.length_s(job);
        let Some(profile) = self.profile(walk, job) else {
            return walk.choose(job, |_| u32::MAX);
        };
        let allowed = |pool| {
            let open = walk.exact.open(pool, job, limit, |_| true);
            profile.least(pool, 0.0, limit).min(open)
        };
        walk.choose(job, allowed)
    }

    /// The same beside what is promised here too, to those that wait.
    pub(super) fn choose(
        &mut self,
        walk: &Walk<'a>,
        job: &Facts,
        kept: &mut Expected<'a>,
    ) -> Option<Vec<Part>> {
        let (length, limit) = (self.length_s(job), kept.length_s(job));
        let Some(promised) = self.profile(walk, job) else {
            return walk.choose(job, |_| u32::MAX);
        };
        let reserved = kept.profile(walk, job);
        let allowed = |pool| {
            let kept = reserved.map_or(u32::MAX, |profile| profile.least(pool, 0.0, limit));
            let open = walk.exact.open(pool, job, limit, |_| true);
            promised.least(pool, 0.0, length).min(kept).min(open)
        };
        walk.choose(job, allowed)
    }

    /// Takes a reservation's GPUs out of the profile from its start to its end. What its holder's
    /// jobs have or are promised in that time is part of it.
    fn hold(&self, profile: &mut Profile, walk: &Walk<'_>, reservation: &Reservation) {
        let from = seconds_until(walk.now, reservation.start);
        let end = seconds_until(walk.now, reservation.end);
        let nodes = &walk.snapshot.nodes;
        let mut places: Vec<_> = (0..nodes.len())
            .filter(|node| reservation.may_be_on(&nodes[*node].name))
            .filter(|node| nodes[*node].gpus >= reservation.gpus_per_node as usize)
            .map(|node| {
                let used = self.used_by_holder(walk, reservation, node);
                let rest = left_of(reservation.gpus_per_node, &used, from, end);
                let place = &walk.places.any().places[node];
                let fits =
                    |(gpus, at, to): &(u32, f64, f64)| profile.fits(place, *gpus, *at, to - at);
                let kept = rest.iter().all(fits);
                let first = rest.first().map_or(0, |(gpus, ..)| *gpus);
                (!kept, first, node, rest)
            })
            .collect();
        // Where it can be kept, and of those where most of it is there already.
        places.sort_by_key(|(not_kept, first, node, _)| (*not_kept, *first, *node));
        for (_, _, node, rest) in places.into_iter().take(reservation.nodes as usize) {
            for (gpus, at, to) in rest {
                let place = &walk.places.any().places[node];
                let parts = place.split(gpus, |pool| profile.least(pool, at, to - at));
                profile.occupy(&parts, at, to - at);
            }
        }
    }

    /// What the holder's jobs use of a node: from when, until when, how many GPUs.
    fn used_by_holder(
        &self,
        walk: &Walk<'_>,
        reservation: &Reservation,
        node: usize,
    ) -> Vec<(f64, f64, u32)> {
        let name = &walk.snapshot.nodes[node].name;
        let all = walk.snapshot.active.iter();
        let running = all.filter(|active| reservation.includes(&active.job));
        let running = running.map(|active| {
            let left = self.left_s(&active.job, ran_s(active, walk.now));
            (0.0, left, reservation.within(&active.lease, name))
        });
        let promised = self.promised.iter();
        let theirs = promised.filter(|promise| reservation.includes(promise.job));
        let theirs = theirs.flat_map(|promise| {
            let to = promise.at + promise.length;
            let here = promise.parts.iter().filter(|part| part.node == node);
            here.map(move |part| (promise.at, to, part.gpus))
        });
        running.chain(theirs).collect()
    }

    /// What is free now of this, and the GPU-seconds of it that stay idle until `at`.
    pub(super) fn idle_before(
        &mut self,
        walk: &Walk<'a>,
        job: &Facts,
        parts: &[Part],
        at: f64,
    ) -> (u32, f64) {
        let profile = self.profile(walk, job);
        profile.map_or((0, 0.0), |profile| profile.idle(parts, at))
    }
}

/// The reservations that this job need not keep, because it is of their holder.
fn own(walk: &Walk<'_>, job: &Facts) -> Kept {
    let all = walk.standing.iter().copied();
    Kept::ButFor(
        all.filter(|one| walk.snapshot.reservations[*one].includes(job))
            .collect(),
    )
}

/// Places of the reservations that are kept.
fn reserved(walk: &Walk<'_>, kept: &Kept) -> Vec<usize> {
    match kept {
        Kept::Nothing => Vec::new(),
        Kept::Only(one) => vec![*one],
        Kept::ButFor(own) => {
            let all = walk.standing.iter().copied();
            all.filter(|one| !own.contains(one)).collect()
        }
    }
}

/// What is left of `gpus` beside what is used, from `from` to `end`, in pieces of constant size.
fn left_of(gpus: u32, used: &[(f64, f64, u32)], from: f64, end: f64) -> Vec<(u32, f64, f64)> {
    let turns = used.iter().flat_map(|(at, to, _)| [*at, *to]);
    let mut turns: Vec<f64> = turns.filter(|turn| *turn > from && *turn < end).collect();
    turns.extend([from, end]);
    turns.sort_by(f64::total_cmp);
    let piece = |pair: &[f64]| {
        let (at, to) = (pair[0], pair[1]);
        let here = used
            .iter()
            .filter(|(begins, ends, _)| *begins <= at && *ends >= to);
        let theirs: u32 = here.map(|(_, _, gpus)| gpus).sum();
        (gpus.saturating_sub(theirs), at, to)
    };
    let pieces = turns.windows(2).filter(|pair| pair[1] > pair[0]).map(piece);
    pieces.filter(|(gpus, ..)| *gpus > 0).collect()
}
