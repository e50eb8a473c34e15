//! The walk of policies that stop running jobs: in order, each waiting job takes what is free, or
//! what running jobs hold that have much more left to do.
//!
//! Every job's key is its expected remaining work (see [`Keys`](super::order::Keys)); nothing runs to its end just
//! because it came first. Each resume repeats work, so that a job is only stopped for one that has
//! less left by a factor, and never before it ran for a while.

mod entitled;
mod market;
mod migrate;
mod running;
mod waiting;

use std::collections::HashSet;

use berth_domain::{Constraints, PriorityClass};

use super::expected::Expected;
use super::order::{Candidate, NEW};
use super::room::Gauge;
use super::walk::Walk;
use super::{Decision, Stop, Why};
use crate::reserve::Reservation;
use crate::snapshot::Facts;
use entitled::Entitlements;
use market::{Found, Market};
use running::AllRunning;
use waiting::Waiting;

pub(super) fn walk<'a>(mut walk: Walk<'a>, open: &[Candidate<'a>]) -> Decision {
    running::wake(&mut walk);
    let mut line = Line {
        reserved: Expected::by_limits(&walk),
        running: None,
        hopeless: HashSet::new(),
        waiting: Waiting::of(open),
        leftover: running::ending(&walk),
        any_waits: false,
        gauge: None,
    };
    // What is reserved for them they get before anybody else.
    let entitlements = Entitlements::of(&walk);
    let (entitled, others): (Vec<_>, Vec<_>) = open
        .iter()
        .partition(|one| entitlements.of_job(one.job).is_some());
    for candidate in entitled.into_iter().chain(others) {
        line.next(&mut walk, candidate, entitlements.of_job(candidate.job));
    }
    for candidate in walk.borrowers() {
        line.next(&mut walk, &candidate, None);
    }
    if line.any_waits
        && let Ok(at) = walk.now.checked_add(walk.policy.preemption.review)
    {
        walk.decision.wake(at);
    }
    walk.decision
}

/// Whether a job could still run when something begins that is reserved for others.
fn meets_a_reservation(walk: &Walk<'_>, job: &Facts) -> bool {
    let limit = job.time_limit.as_secs_f64();
    let all = walk.standing.iter();
    all.map(|one| &walk.snapshot.reservations[*one])
        .any(|one| !one.includes(job) && one.meets(walk.now, limit))
}

/// Class, whether it is new, nodes, GPUs on each, what it asks.
type Kind<'a> = (PriorityClass, bool, u32, u32, Option<&'a Constraints>);

struct Line<'a> {
    /// What jobs that may not be stopped must leave to reservations.
    reserved: Expected<'a>,
    /// Who runs, as far as stopping goes: looked at when somebody first finds no room.
    running: Option<AllRunning>,
    /// Classes, sizes and what is asked for which nothing could be stopped, since anything last
    /// changed: those
    /// who come later have more to do, so that even less can be stopped for them.
    hopeless: HashSet<Kind<'a>>,
    waiting: Waiting,
    /// What jobs on their way out will leave, by pool, as far as it is for nobody yet.
    leftover: Vec<u32>,
    any_waits: bool,
    /// What is free since the last change, once it was asked for.
    gauge: Option<Gauge>,
}

impl<'a> Line<'a> {
    fn next(
        &mut self,
        walk: &mut Walk<'a>,
        candidate: &Candidate<'a>,
        entitled: Option<&'a Reservation>,
    ) {
        if !walk.admit(candidate) {
            return;
        }
        let job = candidate.job;
        let (count, gpus) = (job.nodes, job.gpus_per_node);
        self.waiting.remove(count, gpus);
        let stays = !job.preemptible && meets_a_reservation(walk, job);
        if stays && entitled.is_none() {
            self.next_that_stays(walk, candidate);
            return;
        }
        let best = self.gauge(walk).best;
        let chosen = if best < gpus {
            None
        } else if stays {
            // What is reserved for it is none of what is reserved for others.
            self.reserved.choose_now(walk, job)
        } else {
            walk.choose(job, |_| u32::MAX)
        };
        if let Some(chosen) = chosen {
            let length = self.reserved.length_s(job);
            self.reserved.occupy(walk, job, &chosen, length);
            walk.start(candidate, chosen);
            self.changed();
            return;
        }
        self.any_waits = true;
        let no_room = self.no_room(walk, job);
        let new = candidate.key < -NEW / 2.0;
        let kind = (job.class, new, count, gpus, job.constraints.as_deref());
        if entitled.is_none() && self.hopeless.contains(&kind) {
            walk.wait(candidate, no_room);
            return;
        }
        let running = self.running.get_or_insert_with(|| AllRunning::of(walk));
        let mut market = Market {
            places: walk.places,
            by_pool: &running.by_pool,
            running: &mut running.all,
            room: &mut walk.room,
            leftover: &mut self.leftover,
            waiting: &self.waiting,
            snapshot: walk.snapshot,
            policy: walk.policy,
        };
        let why = match market.make_room(candidate, entitled) {
            Found::Stops(stops) => {
                let stop = |active| Stop {
                    active,
                    beneficiary: job.id,
                };
                walk.decision.stops.extend(stops.into_iter().map(stop));
                self.changed();
                Why::Preempting
            }
            Found::Soon => {
                self.changed();
                Why::Preempting
            }
            Found::Nothing => {
                self.hopeless.insert(kind);
                no_room
            }
        };
        walk.wait(candidate, why);
    }

    /// A job that could not be stopped when a reservation begins starts only if it is done by
    /// then, and only on what is free.
    fn next_that_stays(&mut self, walk: &mut Walk<'a>, candidate: &Candidate<'a>) {
        let job = candidate.job;
        let limit = self.reserved.length_s(job);
        if let Some(chosen) = self.reserved.choose_now(walk, job) {
            self.reserved.occupy(walk, job, &chosen, limit);
            walk.start(candidate, chosen);
            self.changed();
            return;
        }
        self.any_waits = true;
        let why = match self.reserved.reservation_in_the_way(walk, job) {
            Some(index) => Why::Reserved(index),
            None => self.no_room(walk, job),
        };
        walk.wait(candidate, why);
    }

    fn gauge(&mut self, walk: &Walk<'a>) -> Gauge {
        *self.gauge.get_or_insert_with(|| walk.gauge())
    }

    fn no_room(&mut self, walk: &Walk<'a>, job: &Facts) -> Why {
        let gauge = self.gauge(walk);
        walk.no_room(job, gauge)
    }

    /// Something started, or room was made: what was so before need not be so now.
    fn changed(&mut self) {
        self.hopeless.clear();
        self.gauge = None;
    }
}
