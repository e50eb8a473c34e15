//! What is expected to come free when, and what of it is promised: the profile that backfill must
//! keep. It is made when somebody is first protected; before that nobody can be delayed.

use rustc_hash::FxHashMap;

use super::order::{ran_s, seconds_until};
use super::profile::Profile;
use super::walk::Walk;
use crate::policy::{Policy, RunTimeSource};
use crate::reserve::Reservation;
use crate::snapshot::{Facts, Snapshot};

/// One profile for each set of reservations that a job is not a holder of: a holder's job may use
/// what is reserved for it.
pub(super) struct Expected<'a> {
    policy: &'a Policy,
    profiles: Vec<(Vec<usize>, Profile)>,
    /// What was promised since.
    promised: Vec<Promise<'a>>,
    needed: bool,
}

/// GPUs for a job from some time on; what starts now is promised from now on.
struct Promise<'a> {
    job: &'a Facts,
    nodes: Vec<usize>,
    at: f64,
    length: f64,
}

impl<'a> Expected<'a> {
    pub(super) fn new(walk: &Walk<'a>) -> Self {
        Expected {
            policy: walk.policy,
            profiles: Vec::new(),
            promised: Vec::new(),
            needed: !walk.snapshot.reservations.is_empty(),
        }
    }

    /// How long a waiting job is taken to run, in seconds.
    pub(super) fn length_s(&self, job: &Facts) -> f64 {
        length_s(job, self.policy)
    }

    /// The profile that this job must keep; `None` while nothing is promised to anybody.
    pub(super) fn profile(&mut self, walk: &Walk<'a>, job: &Facts) -> Option<&Profile> {
        self.needed
            .then(|| &*self.made(walk, others(walk.snapshot, job, walk)))
    }

    fn made(&mut self, walk: &Walk<'a>, reserved: Vec<usize>) -> &mut Profile {
        let known = self.profiles.iter().position(|(of, _)| *of == reserved);
        let place = known.unwrap_or_else(|| {
            let mut profile = self.without_promises(walk);
            for promise in &self.promised {
                let gpus = promise.job.gpus_per_node;
                profile.occupy(&promise.nodes, gpus, promise.at, promise.length);
            }
            for index in &reserved {
                let reservation = &walk.snapshot.reservations[*index];
                hold(&mut profile, walk, &self.promised, reservation);
            }
            self.profiles.push((reserved, profile));
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
            let left = left_s(&active.job, ran_s(active, walk.now), self.policy);
            for part in &active.lease.0 {
                let node = place(&part.node).filter(|node| !snapshot.nodes[*node].cordoned);
                if let Some(node) = node {
                    let gpus = u32::try_from(part.gpus.len()).unwrap_or(u32::MAX);
                    ends.push((node, left, gpus));
                }
            }
        }
        // What was started before anything was promised is not in the promises.
        let promised = |job: &Facts| self.promised.iter().any(|one| one.job.id == job.id);
        for (index, nodes) in &walk.decision.starts {
            let job = &snapshot.pending[*index].job;
            if !promised(job) {
                let length = self.length_s(job);
                ends.extend(nodes.iter().map(|node| (*node, length, job.gpus_per_node)));
            }
        }
        let mut free = walk.room.free.clone();
        for promise in self.promised.iter().filter(|promise| promise.at <= 0.0) {
            for node in &promise.nodes {
                free[*node] += promise.job.gpus_per_node;
            }
        }
        Profile::new(&free, &ends)
    }

    pub(super) fn occupy(&mut self, job: &'a Facts, nodes: &[usize], at: f64, length: f64) {
        if !self.needed {
            return;
        }
        for (_, profile) in &mut self.profiles {
            profile.occupy(nodes, job.gpus_per_node, at, length);
        }
        self.promised.push(Promise {
            job,
            nodes: nodes.to_vec(),
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
    ) -> Option<(f64, Vec<usize>)> {
        self.needed = true;
        let reserved = others(walk.snapshot, job, walk);
        let profile = self.made(walk, reserved);
        let (at, nodes) = profile.earliest(job.nodes, job.gpus_per_node, length, 0.0)?;
        self.occupy(job, &nodes, at.max(f64::MIN_POSITIVE), length);
        Some((at, nodes))
    }

    /// The first reservation without which the job could start now.
    pub(super) fn reservation_in_the_way(
        &mut self,
        walk: &Walk<'a>,
        job: &Facts,
        length: f64,
    ) -> Option<usize> {
        let reserved = others(walk.snapshot, job, walk);
        let first = *reserved.first()?;
        let (count, gpus) = (job.nodes, job.gpus_per_node);
        let profile = self.made(walk, Vec::new());
        let allowed = |node| profile.fits(node, gpus, 0.0, length);
        walk.room.choose_if(count, gpus, allowed).map(|_| first)
    }

    /// What is free now on these nodes, and the GPU-seconds that stay idle there until `at`.
    pub(super) fn idle_before(&self, nodes: &[usize], gpus: u32, at: f64) -> (u32, f64) {
        let any = self.profiles.first();
        any.map_or((0, 0.0), |(_, profile)| profile.idle(nodes, gpus, at))
    }
}

/// Reservations that this job must keep: those that are not for it and still stand.
fn others(snapshot: &Snapshot, job: &Facts, walk: &Walk<'_>) -> Vec<usize> {
    if snapshot.reservations.is_empty() {
        return Vec::new();
    }
    let stands = |reservation: &Reservation| {
        let shown_up = snapshot
            .active
            .iter()
            .any(|active| reservation.includes(&active.job));
        reservation.stands(walk.now, shown_up)
    };
    let all = snapshot.reservations.iter().enumerate();
    all.filter(|(_, reservation)| !reservation.includes(job) && stands(reservation))
        .map(|(index, _)| index)
        .collect()
}

/// Takes a reservation's GPUs out of the profile from its start to its end. What its holder's
/// jobs have or are promised in that time is part of it.
fn hold(
    profile: &mut Profile,
    walk: &Walk<'_>,
    promised: &[Promise<'_>],
    reservation: &Reservation,
) {
    let from = seconds_until(walk.now, reservation.start);
    let end = seconds_until(walk.now, reservation.end);
    let nodes = &walk.snapshot.nodes;
    let mut places: Vec<_> = (0..nodes.len())
        .filter(|node| reservation.may_be_on(&nodes[*node].name))
        .filter(|node| nodes[*node].gpus >= reservation.gpus_per_node as usize)
        .map(|node| {
            let used = used_by_holder(walk, promised, reservation, node);
            let rest = left_of(reservation.gpus_per_node, &used, from, end);
            let fits = |(gpus, at, to): &(u32, f64, f64)| profile.fits(node, *gpus, *at, to - at);
            let kept = rest.iter().all(fits);
            let first = rest.first().map_or(0, |(gpus, ..)| *gpus);
            (!kept, first, node, rest)
        })
        .collect();
    // Where it can be kept, and of those where most of it is there already.
    places.sort_by_key(|(not_kept, first, node, _)| (*not_kept, *first, *node));
    for (_, _, node, rest) in places.into_iter().take(reservation.nodes as usize) {
        for (gpus, at, to) in rest {
            profile.occupy(&[node], gpus, at, to - at);
        }
    }
}

/// What the holder's jobs use of a node: from when, until when, how many GPUs.
fn used_by_holder(
    walk: &Walk<'_>,
    promised: &[Promise<'_>],
    reservation: &Reservation,
    node: usize,
) -> Vec<(f64, f64, u32)> {
    let name = &walk.snapshot.nodes[node].name;
    let all = walk.snapshot.active.iter();
    let running = all.filter(|active| reservation.includes(&active.job));
    let running = running.flat_map(|active| {
        let left = left_s(&active.job, ran_s(active, walk.now), walk.policy);
        let here = active.lease.0.iter().filter(|part| part.node == *name);
        here.map(move |part| {
            (
                0.0,
                left,
                u32::try_from(part.gpus.len()).unwrap_or(u32::MAX),
            )
        })
    });
    let theirs = promised
        .iter()
        .filter(|promise| reservation.includes(promise.job) && promise.nodes.contains(&node));
    let theirs = theirs.map(|promise| {
        let to = promise.at + promise.length;
        (promise.at, to, promise.job.gpus_per_node)
    });
    running.chain(theirs).collect()
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

/// How long a waiting job is taken to run, in seconds.
fn length_s(job: &Facts, policy: &Policy) -> f64 {
    let limit = job.time_limit.as_secs_f64();
    let served = job.service.as_secs_f64();
    match (&job.predicted, policy.run_time) {
        (Some(run_time), RunTimeSource::Predicted) => {
            let surety = policy.shortest.surety;
            (run_time.quantile_after(served, surety) - served).min(limit)
        }
        _ => limit,
    }
}

/// How long a running job is taken to run on, in seconds.
fn left_s(job: &Facts, ran: f64, policy: &Policy) -> f64 {
    let limit = (job.time_limit.as_secs_f64() - ran).max(1.0);
    let served = job.service.as_secs_f64() + ran;
    match (&job.predicted, policy.run_time) {
        (Some(run_time), RunTimeSource::Predicted) => {
            let surety = policy.shortest.surety;
            (run_time.quantile_after(served, surety) - served).clamp(1.0, limit)
        }
        _ => limit,
    }
}
