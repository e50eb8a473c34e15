//! The walk of policies that stop nobody: in order, what fits starts; those behind a job that
//! does not may pass it only as the backfill rule allows.

use super::expected::Expected;
use super::order::Candidate;
use super::places::Part;
use super::walk::Walk;
use super::{Decision, Why};
use crate::policy::Backfill;

pub(super) fn walk<'a>(mut walk: Walk<'a>, open: &[Candidate<'a>]) -> Decision {
    let mut line = Line {
        expected: Expected::new(&walk),
        reserved: Expected::by_limits(&walk),
        blocked: false,
        protected: Vec::new(),
    };
    for candidate in open {
        line.next(&mut walk, candidate);
    }
    for candidate in walk.borrowers() {
        line.next(&mut walk, &candidate);
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
        let need = walk.places.of_job(job);
        let fits = walk.room.best(need) >= job.gpus_per_node;
        // Only who might start or be protected needs to be measured: most of a long queue does
        // neither.
        let may_protect = match walk.policy.backfill {
            Backfill::None => false,
            Backfill::Easy => self.protected.is_empty(),
            Backfill::Conservative => true,
        };
        if !fits && !may_protect {
            self.block(walk, candidate, false);
            return;
        }
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
            return;
        }
        self.block(walk, candidate, fits);
        if may_protect {
            let place = walk.decision.waiting.len() - 1;
            if let Some((at, parts)) = self.expected.protect(walk, job, length) {
                self.protected.push((place, at, parts));
            }
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
            walk.no_room(job)
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
