//! What is expected to come free when, and what of it is promised: the profile that backfill must
//! keep. It is made when somebody is first protected; before that nobody can be delayed.

use std::collections::HashMap;

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
    /// What was promised since: nodes, GPUs on each, from when, for how long.
    promised: Vec<(Vec<usize>, u32, f64, f64)>,
    needed: bool,
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
        let limit = job.time_limit.as_secs_f64();
        let served = job.service.as_secs_f64();
        match (&job.predicted, self.policy.run_time) {
            (Some(run_time), RunTimeSource::Predicted) => {
                let surety = self.policy.shortest.surety;
                (run_time.quantile_after(served, surety) - served).min(limit)
            }
            _ => limit,
        }
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
            for index in &reserved {
                hold(&mut profile, walk, &walk.snapshot.reservations[*index]);
            }
            for (nodes, gpus, at, length) in &self.promised {
                profile.occupy(nodes, *gpus, *at, *length);
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
        let places: HashMap<_, usize> = snapshot
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
        let started = &walk.decision.starts[..walk.decision.starts.len() - self.started()];
        for (index, nodes) in started {
            let job = &snapshot.pending[*index].job;
            let length = self.length_s(job);
            ends.extend(nodes.iter().map(|node| (*node, length, job.gpus_per_node)));
        }
        let mut free = walk.room.free.clone();
        for (nodes, gpus, at, _) in &self.promised {
            if *at <= 0.0 {
                nodes.iter().for_each(|node| free[*node] += gpus);
            }
        }
        Profile::new(&free, &ends)
    }

    fn started(&self) -> usize {
        self.promised
            .iter()
            .filter(|(_, _, at, _)| *at <= 0.0)
            .count()
    }

    pub(super) fn occupy(&mut self, nodes: &[usize], gpus: u32, at: f64, length: f64) {
        if !self.needed {
            return;
        }
        for (_, profile) in &mut self.profiles {
            profile.occupy(nodes, gpus, at, length);
        }
        self.promised.push((nodes.to_vec(), gpus, at, length));
    }

    /// Promises a job its earliest start: when, in seconds from now, and where.
    pub(super) fn protect(
        &mut self,
        walk: &Walk<'a>,
        job: &Facts,
        length: f64,
    ) -> Option<(f64, Vec<usize>)> {
        self.needed = true;
        let reserved = others(walk.snapshot, job, walk);
        let profile = self.made(walk, reserved);
        let (at, nodes) = profile.earliest(job.nodes, job.gpus_per_node, length, 0.0)?;
        self.occupy(&nodes, job.gpus_per_node, at.max(f64::MIN_POSITIVE), length);
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
/// jobs have already is part of it.
fn hold(profile: &mut Profile, walk: &Walk<'_>, reservation: &Reservation) {
    let from = seconds_until(walk.now, reservation.start);
    let length = seconds_until(walk.now, reservation.end) - from;
    let nodes = &walk.snapshot.nodes;
    let held = |node: usize| -> u32 {
        let all = walk.snapshot.active.iter();
        let jobs = all.filter(|active| reservation.includes(&active.job));
        let parts = jobs.flat_map(|active| &active.lease.0);
        let here = parts.filter(|part| part.node == nodes[node].name);
        here.map(|part| u32::try_from(part.gpus.len()).unwrap_or(u32::MAX))
            .sum()
    };
    let wanted = |node: usize| match from {
        0.0 => reservation.gpus_per_node.saturating_sub(held(node)),
        _ => reservation.gpus_per_node,
    };
    let mut places: Vec<usize> = (0..nodes.len())
        .filter(|node| reservation.may_be_on(&nodes[*node].name))
        .filter(|node| nodes[*node].gpus >= reservation.gpus_per_node as usize)
        .collect();
    // Where it can be kept, and of those where most of it is there already.
    places.sort_by_key(|node| {
        let kept = profile.fits(*node, wanted(*node), from, length);
        (!kept, wanted(*node), *node)
    });
    for node in places.into_iter().take(reservation.nodes as usize) {
        profile.occupy(&[node], wanted(node), from, length);
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
