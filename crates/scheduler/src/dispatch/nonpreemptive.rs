//! The walk of policies that stop nobody: in order, what fits starts; those behind a job that
//! does not may pass it only as the backfill rule allows.

use super::expected::Expected;
use super::order::Candidate;
use super::places::Part;
use super::room::Gauge;
use super::walk::Walk;
use super::{Decision, Why};
use crate::policy::Backfill;
use crate::snapshot::{Facts, Snapshot};

pub(super) fn walk<'a>(mut walk: Walk<'a>, open: &[Candidate<'a>]) -> Decision {
    let mut line = Line {
        expected: Expected::new(&walk),
        reserved: Expected::by_limits(&walk),
        blocked: false,
        protected: Vec::new(),
        to_protect: None,
        whole: None,
        gauge: None,
    };
    for candidate in open {
        line.next(&mut walk, candidate);
    }
    for candidate in walk.borrowers() {
        line.next(&mut walk, &candidate);
    }
    if line
        .to_protect
        .as_ref()
        .is_some_and(|one| one.job.nodes > 1)
    {
        line.protect(&walk);
    }
    line.name_drains(&mut walk);
    walk.decision
}

struct Line<'a> {
    /// What is promised to whom; everything that starts must keep it.
    expected: Expected<'a>,
    /// What is reserved, for certain.
    reserved: Expected<'a>,
    /// Somebody waits for GPUs.
    blocked: bool,
    /// Places in [`Decision::waiting`] of who is protected, when each starts at the latest, in
    /// seconds from now, and where.
    protected: Vec<(usize, f64, Vec<Part>)>,
    /// Whom to protect as soon as somebody comes who could start: a promise costs a look at all
    /// that runs, and most of the time everybody behind waits for room as well.
    to_protect: Option<ToProtect<'a>>,
    /// See [`is_whole`], once it was asked for.
    whole: Option<bool>,
    /// What is free since the last start, once it was asked for.
    gauge: Option<Gauge>,
}

/// Whether every GPU can be given once all that runs has ended.
fn is_whole(snapshot: &Snapshot) -> bool {
    let leased = snapshot.active.iter().flat_map(|active| &active.lease.0);
    let leased: usize = leased.map(|part| part.gpus.len()).sum();
    let free: usize = snapshot.nodes.iter().map(|node| node.free.len()).sum();
    let all: usize = snapshot.nodes.iter().map(|node| node.gpus).sum();
    leased + free == all && snapshot.nodes.iter().all(|node| !node.cordoned)
}

struct ToProtect<'a> {
    /// Its place in [`Decision::waiting`].
    place: usize,
    job: &'a Facts,
    length: f64,
}

impl<'a> Line<'a> {
    fn next(&mut self, walk: &mut Walk<'a>, candidate: &Candidate<'a>) {
        if !walk.admit(candidate) {
            return;
        }
        let job = candidate.job;
        if self.blocked && walk.policy.backfill == Backfill::None {
            walk.wait(candidate, Why::Behind);
            return;
        }
        let fits = match job.constraints {
            None => self.gauge(walk).best >= job.gpus_per_node,
            Some(_) => walk.room.best(walk.places.of_job(job)) >= job.gpus_per_node,
        };
        // Only who might start or be protected needs to be measured: most of a long queue does
        // neither.
        let may_protect = match walk.policy.backfill {
            Backfill::None => false,
            Backfill::Easy => self.protected.is_empty() && self.to_protect.is_none(),
            Backfill::Conservative => true,
        };
        if !fits && !may_protect {
            self.block(walk, candidate, false);
            return;
        }
        self.protect(walk);
        let length = self.expected.length_s(job);
        let chosen = if fits {
            self.expected.choose(walk, job, &mut self.reserved)
        } else {
            None
        };
        if let Some(chosen) = chosen {
            self.expected.occupy(walk, job, &chosen, length);
            let limit = self.reserved.length_s(job);
            self.reserved.occupy(walk, job, &chosen, limit);
            walk.start(candidate, chosen);
            self.gauge = None;
            return;
        }
        self.block(walk, candidate, fits);
        if may_protect {
            let place = walk.decision.waiting.len() - 1;
            self.to_protect = Some(ToProtect { place, job, length });
            // Where it is not certain that it can be promised anything, the next may be instead.
            if !*self.whole.get_or_insert_with(|| is_whole(walk.snapshot)) {
                self.protect(walk);
            }
        }
    }

    fn gauge(&mut self, walk: &Walk<'a>) -> Gauge {
        *self.gauge.get_or_insert_with(|| walk.gauge())
    }

    fn no_room(&mut self, walk: &Walk<'a>, job: &Facts) -> Why {
        let gauge = self.gauge(walk);
        walk.no_room(job, gauge)
    }

    /// Makes the promise that is due. Nothing started since it was.
    fn protect(&mut self, walk: &Walk<'a>) {
        if let Some(ToProtect { place, job, length }) = self.to_protect.take()
            && let Some((at, parts)) = self.expected.protect(walk, job, length)
        {
            self.protected.push((place, at, parts));
        }
    }

    fn block(&mut self, walk: &mut Walk<'a>, candidate: &Candidate<'a>, fits: bool) {
        self.blocked = true;
        let job = candidate.job;
        let need = walk.places.of_job(job);
        let room = || walk.room.choose(need, job.nodes, job.gpus_per_node);
        let why = if fits && room().is_some() {
            match self.reserved.reservation_in_the_way(walk, job) {
                Some(index) => Why::Reserved(index),
                None => Why::Behind,
            }
        } else {
            self.no_room(walk, job)
        };
        walk.wait(candidate, why);
    }

    /// A protected gang whose GPUs come free one after the other keeps those that are free
    /// already from everybody who would not be done in time.
    fn name_drains(&mut self, walk: &mut Walk<'a>) {
        for (place, at, parts) in &self.protected {
            let (index, why) = walk.decision.waiting[*place];
            let job = &walk.snapshot.pending[index].job;
            if job.nodes > 1 && *at > 0.0 && matches!(why, Why::NoRoom { .. }) {
                let (free, idle_s) = self.expected.idle_before(walk, job, parts, *at);
                let at_s = *at;
                walk.decision.waiting[*place].1 = Why::Draining { at_s, free, idle_s };
            }
        }
    }
}
