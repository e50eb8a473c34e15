//! Where rules try things out: what they share in one look, and how much of it they may use.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use berth_domain::agent::{AgentRule, Draft};
use berth_domain::{Act, Job, JobId, JobPatch, JobState, Timestamp};
use berth_scheduler::{Gate, Pending};
use jiff::SignedDuration;

use super::arrivals::Arrivals;
use super::likes::Likes;
use super::predict::Base;
use super::seen::{Seen, later};

/// What all rules of one look may try together, in jobs planned: about a tenth of a second.
const WORK: u64 = 120_000;
/// So many waiting jobs are looked at, in the order in which they are planned, and as many further
/// behind at each turn.
const LOOKED_AT: usize = 200;

pub(super) struct Bench<'a> {
    pub(super) seen: &'a Seen<'a>,
    pending: OnceCell<HashMap<JobId, &'a Pending>>,
    likes: OnceCell<Likes>,
    arrivals: OnceCell<Arrivals>,
    /// What the queue comes to as it is, by the job that was to be part of it although it is far behind.
    pub(super) bases: RefCell<HashMap<Option<JobId>, Rc<Base>>>,
    work: Cell<u64>,
}

impl<'a> Bench<'a> {
    pub(super) fn new(seen: &'a Seen<'a>) -> Self {
        Bench {
            seen,
            pending: OnceCell::new(),
            likes: OnceCell::new(),
            arrivals: OnceCell::new(),
            bases: RefCell::default(),
            work: Cell::new(0),
        }
    }

    /// Whether nothing more is to be tried this turn.
    pub(super) fn is_spent(&self) -> bool {
        self.work.get() >= WORK
    }

    pub(super) fn spend(&self, work: u64) {
        self.work.set(self.work.get() + work);
    }

    /// A waiting job as the planner sees it.
    pub(super) fn pending(&self, job: JobId) -> Option<&'a Pending> {
        let snapshot = &self.seen.planning.snapshot;
        let all = self.pending.get_or_init(|| {
            let all = snapshot.pending.iter();
            all.map(|one| (one.job.id, one)).collect()
        });
        all.get(&job).copied()
    }

    pub(super) fn likes(&self) -> &Likes {
        self.likes.get_or_init(|| Likes::of(self.seen.state))
    }

    /// Who is taken to come.
    pub(super) fn arrivals(&self) -> &Arrivals {
        let Seen {
            state,
            planning,
            now,
            ..
        } = self.seen;
        self.arrivals
            .get_or_init(|| Arrivals::as_yesterday(state, planning, *now))
    }

    /// Jobs that wait for their turn and for nothing else: the first of the line, and some of those behind
    /// them, others at each turn.
    pub(super) fn waiting(&self) -> Vec<&'a Job> {
        let order = &self.seen.plan.order;
        let (first, behind) = order.split_at(order.len().min(LOOKED_AT));
        let pages = behind.len().div_ceil(LOOKED_AT).max(1);
        let page = self.place(pages);
        let behind = behind.iter().skip(page * LOOKED_AT).take(LOOKED_AT);
        let jobs = first.iter().chain(behind);
        let jobs = jobs.filter_map(|id| self.seen.state.live_job(*id));
        jobs.filter(|job| self.waits_its_turn(job)).collect()
    }

    fn waits_its_turn(&self, job: &Job) -> bool {
        let queued = matches!(job.state, JobState::Queued { .. });
        let open = |one: &Pending| match &one.gate {
            Gate::Open => true,
            Gate::Until(at, _) => *at <= self.seen.now,
            Gate::Closed(_) => false,
        };
        queued && job.spec.gpus() > 0 && self.pending(job.id).is_some_and(open)
    }

    /// The same in another order at each turn, so that all are tried sooner or later.
    pub(super) fn take_turns<T>(&self, mut all: Vec<T>) -> Vec<T> {
        if !all.is_empty() {
            let first = self.place(all.len());
            all.rotate_left(first);
        }
        all
    }

    /// One of so many places, another at each turn. Turns are spread over them (Knuth's multiplicative
    /// hashing): a rule that comes first at every eighth turn would otherwise see the same places each time.
    fn place(&self, of: usize) -> usize {
        let spread = self.seen.turn.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        usize::try_from(spread).unwrap_or_default() % of.max(1)
    }

    /// Whether something is to be said of this; asked before anything is tried.
    pub(super) fn is_news(&self, rule: AgentRule, subject: &str) -> bool {
        self.seen.is_news(rule, subject)
    }

    /// When it is now, and so long after.
    pub(super) fn within(&self, hours: i64) -> Timestamp {
        later(self.seen.now, SignedDuration::from_hours(hours))
    }
}

/// A proposal about a job that asks its owner; what it is about is said by the rule.
pub(super) fn about(job: &Job, rule: AgentRule, subject: String, until: Timestamp) -> Draft {
    Draft {
        rule,
        subject,
        job: Some(job.id),
        project: job.spec.project.clone(),
        asks: Some(job.owner.clone()),
        title: String::new(),
        saw: vec![],
        considered: vec![],
        act: None,
        undo: None,
        predicted: None,
        until,
    }
}

pub(super) fn update(job: JobId, patch: JobPatch) -> Act {
    Act::Update {
        job,
        patch: Box::new(patch),
    }
}

/// Since when a queued job waits.
pub(super) fn queued_since(job: &Job) -> Option<Timestamp> {
    match job.state {
        JobState::Queued { since, .. } => Some(since),
        _ => None,
    }
}
