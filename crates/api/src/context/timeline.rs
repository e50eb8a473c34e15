//! A time of the cluster: what ended is read from the store, the rest is the view's.

use std::collections::{BTreeMap, BTreeSet};

use berth_domain::job::PastAttempt;
use berth_domain::reservation::Promised;
use berth_domain::{Job, Lease, NodeName, Outcome, StopCause, Timestamp};
use berth_orchestrator::View;
use jiff::SignedDuration;

use super::reservations::{shown, time};
use super::{Context, store_error};
use crate::timeline::{
    ActiveView, LeftOut, PastView, PromiseView, SLOTS, TimelineAnswer, TimelineNode, WaitingView,
};
use crate::views::LeasePart;
use crate::{ApiError, convert};

const BEFORE: SignedDuration = SignedDuration::from_hours(6);
const AFTER: SignedDuration = SignedDuration::from_hours(18);
const LONGEST: SignedDuration = SignedDuration::from_hours(100 * 24);
/// So many jobs that ended are read.
const MOST_JOBS: u32 = 20_000;
/// So many attempts are told one by one, and so many parts of their leases: each is some 300 and 50
/// bytes.
const MOST_ATTEMPTS: usize = 1500;
const MOST_PARTS: usize = 4000;
const MOST_WAITING: usize = 100;
const MOST_OCCURRENCES: usize = 800;
/// As many nodes as are told one by one without being asked for, and at most.
const OPEN_UNASKED: usize = 4;
const MOST_OPEN: usize = 16;
const NAME: usize = 60;
const END: usize = 120;

/// From and to.
type Span = (Timestamp, Timestamp);

impl Context {
    pub(crate) async fn timeline(
        &self,
        (from, to): (Option<&str>, Option<&str>),
        nodes: Option<&str>,
    ) -> Result<TimelineAnswer, ApiError> {
        let now = self.state.clock.now();
        let from = from.map(|text| time("from", text)).transpose()?;
        let to = to.map(|text| time("to", text)).transpose()?;
        let from = from.unwrap_or_else(|| now.checked_sub(BEFORE).unwrap_or(Timestamp::MIN));
        let to = to.unwrap_or_else(|| {
            let usual = from.checked_add(BEFORE + AFTER);
            usual.unwrap_or(Timestamp::MAX)
        });
        if to <= from {
            return Err(ApiError::invalid("to", "`to` is not after `from`."));
        }
        if to.duration_since(from) > LONGEST {
            return Err(ApiError::invalid(
                "to",
                "At most 100 days are shown at once.",
            ));
        }
        let span = (from, to);
        let view = self.state.handle.current().await;
        let store = &self.state.store;
        let (jobs, more) = if from < now {
            let tried = store.tried_within(from, to, MOST_JOBS).await;
            tried.map_err(store_error)?
        } else {
            (Vec::new(), false)
        };
        let mut left_out = LeftOut {
            before: more.then(|| oldest_end(&jobs)).flatten(),
            ..LeftOut::default()
        };
        let (open, not_open) = open(&view, nodes);
        left_out.nodes = not_open;
        let mut held = Held::new(span);
        let mut attempts = Attempts::default();
        for job in &jobs {
            for past in &job.past {
                held.add(past);
                attempts.add(job, past, span, &open);
            }
        }
        let (attempts, fewer) = attempts.largest();
        left_out.attempts = fewer;
        let (waiting, fewer) = waiting(&view, to);
        left_out.waiting = fewer;
        let (reservations, fewer) = self.promises(&view, span, now);
        left_out.occurrences = fewer;
        Ok(TimelineAnswer {
            now,
            from,
            to,
            nodes: held.nodes(&view, &open),
            attempts,
            active: active(&view, now),
            waiting,
            reservations,
            left_out_text: sentences(&left_out),
            left_out,
        })
    }

    fn promises(&self, view: &View, span: Span, now: Timestamp) -> (Vec<PromiseView>, usize) {
        let who = self.whoami();
        let mut all: Vec<PromiseView> = view
            .reservations
            .iter()
            .map(|one| PromiseView {
                reservation: shown(one, span, now),
                request: one.request(),
                exact: match &one.what {
                    Promised::Count { .. } => Vec::new(),
                    Promised::Exact(parts) => {
                        let part = |part: &berth_domain::reservation::ExactGpus| LeasePart {
                            node: part.node.clone(),
                            gpus: part.gpus.clone(),
                        };
                        parts.iter().map(part).collect()
                    }
                },
                may_change: one.may_change(&who.user, who.admin),
            })
            .filter(|one| !one.reservation.occurrences.is_empty())
            .collect();
        all.sort_by_key(|one| {
            let next = one.reservation.next.as_ref().map(|next| next.start);
            (next.is_none(), next, one.reservation.id)
        });
        let (mut room, mut fewer) = (MOST_OCCURRENCES, 0);
        for one in &mut all {
            let occurrences = &mut one.reservation.occurrences;
            fewer += occurrences.len().saturating_sub(room);
            occurrences.truncate(room);
            room -= occurrences.len();
        }
        all.retain(|one| !one.reservation.occurrences.is_empty());
        (all, fewer)
    }
}

/// Nothing is known of those that ended before the first of these.
fn oldest_end(jobs: &[Job]) -> Option<Timestamp> {
    jobs.iter().filter_map(Job::finished_at).min()
}

/// The nodes that are told one by one, and how many more were asked for.
fn open(view: &View, asked: Option<&str>) -> (BTreeSet<NodeName>, usize) {
    match asked {
        Some("none") => (BTreeSet::new(), 0),
        Some(names) => {
            let names = names.split(',').map(str::trim);
            let names = names.filter(|name| !name.is_empty());
            let mut all: BTreeSet<NodeName> = names.map(NodeName::from).collect();
            let more = all.len().saturating_sub(MOST_OPEN);
            while all.len() > MOST_OPEN {
                all.pop_last();
            }
            (all, more)
        }
        None if view.nodes.len() <= OPEN_UNASKED => {
            let all = view.nodes.iter().map(|node| node.name.clone());
            (all.collect(), 0)
        }
        None => (BTreeSet::new(), 0),
    }
}

/// What was held of each node.
struct Held {
    from: f64,
    /// Of a slot, in seconds.
    width: f64,
    nodes: BTreeMap<NodeName, HeldOfNode>,
}

#[derive(Default)]
struct HeldOfNode {
    /// As many GPUs as its highest index tells of.
    gpus: u32,
    /// GPU-seconds in each slot.
    slots: Vec<f64>,
}

impl Held {
    fn new((from, to): Span) -> Self {
        Held {
            from: seconds(from),
            width: (seconds(to) - seconds(from)) / count(SLOTS),
            nodes: BTreeMap::new(),
        }
    }

    fn add(&mut self, past: &PastAttempt) {
        let end = self.width * count(SLOTS);
        let from = (seconds(past.granted_at) - self.from).max(0.0);
        let to = (seconds(past.ended_at) - self.from).min(end);
        if to <= from {
            return;
        }
        for part in past.lease.0.iter().filter(|part| !part.gpus.is_empty()) {
            let node = self.nodes.entry(part.node.clone()).or_default();
            let highest = part.gpus.iter().map(|gpu| gpu.index + 1).max();
            node.gpus = node.gpus.max(highest.unwrap_or(0));
            node.slots.resize(SLOTS, 0.0);
            for (slot, held) in node.slots.iter_mut().enumerate() {
                let (begin, end) = (count(slot) * self.width, count(slot + 1) * self.width);
                let within = to.min(end) - from.max(begin);
                *held += within.max(0.0) * count(part.gpus.len());
            }
        }
    }

    fn nodes(mut self, view: &View, open: &BTreeSet<NodeName>) -> Vec<TimelineNode> {
        let width = self.width;
        let tenths = |held: f64| {
            #[expect(clippy::cast_possible_truncation, reason = "few GPUs")]
            let mean = ((held / width * 10.0).round() / 10.0) as f32;
            mean
        };
        for node in &view.nodes {
            let known = self.nodes.entry(node.name.clone()).or_default();
            known.gpus = u32::try_from(node.gpus.len()).unwrap_or(u32::MAX);
        }
        let present = |name: &NodeName| {
            let node = view.nodes.iter().find(|node| node.name == *name);
            node.is_some_and(|node| node.present)
        };
        let nodes = self.nodes.into_iter();
        let mut nodes: Vec<TimelineNode> = nodes
            .map(|(name, node)| TimelineNode {
                gpus: node.gpus,
                present: present(&name),
                open: open.contains(&name),
                held: node.slots.into_iter().map(tenths).collect(),
                name,
            })
            .collect();
        // As the other pages list them.
        let place = |name: &NodeName| view.nodes.iter().position(|node| node.name == *name);
        nodes.sort_by_key(|node| place(&node.name).unwrap_or(usize::MAX));
        nodes
    }
}

/// Those that ended, with how large each is in view.
#[derive(Default)]
struct Attempts(Vec<(f64, PastView)>);

impl Attempts {
    fn add(&mut self, job: &Job, past: &PastAttempt, (from, to): Span, open: &BTreeSet<NodeName>) {
        if past.ended_at < from || past.granted_at > to {
            return;
        }
        let mut lease = convert::lease(&past.lease);
        lease.retain(|part| open.contains(&part.node) && !part.gpus.is_empty());
        if lease.is_empty() {
            return;
        }
        let shown = past
            .ended_at
            .min(to)
            .duration_since(past.granted_at.max(from));
        let held = count(lease.iter().map(|part| part.gpus.len()).sum());
        let view = PastView {
            job: job.id,
            attempt: past.number,
            name: short(&job.spec.name, NAME),
            user: job.owner.clone(),
            gpus: gpus(&past.lease),
            lease,
            from: past.granted_at,
            to: past.ended_at,
            outcome: outcome(job, past).to_owned(),
            end: short(&convert::how(past), END),
        };
        self.0.push((shown.as_secs_f64() * held, view));
    }

    /// As many as fit, oldest first, and how many do not.
    fn largest(self) -> (Vec<PastView>, usize) {
        let mut all = self.0;
        all.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.job.cmp(&b.1.job)));
        let before = all.len();
        let mut parts = 0;
        let mut kept: Vec<PastView> = all
            .into_iter()
            .take(MOST_ATTEMPTS)
            .map(|(_, one)| one)
            .take_while(|one| {
                parts += one.lease.len();
                parts <= MOST_PARTS
            })
            .collect();
        kept.sort_by_key(|one| (one.from, one.job, one.attempt));
        let fewer = before - kept.len();
        (kept, fewer)
    }
}

/// What became of an attempt: of the last one what became of the job.
fn outcome(job: &Job, past: &PastAttempt) -> &'static str {
    let last = job
        .past
        .last()
        .is_some_and(|last| last.number == past.number);
    if let (true, Some(outcome)) = (last, job.outcome()) {
        return outcome.token();
    }
    match &past.stopped {
        Some(StopCause::Preempted { .. }) => "Preempted",
        Some(StopCause::Requeued { .. }) => "Requeued",
        Some(StopCause::GpuFault { .. }) => "GpuFault",
        Some(StopCause::Idle { .. }) => "Idle",
        Some(StopCause::TimeLimit) => Outcome::TimedOut.token(),
        Some(StopCause::Cancelled { .. }) => "Cancelled",
        None => past.exit.outcome().token(),
    }
}

fn active(view: &View, now: Timestamp) -> Vec<ActiveView> {
    let planned = &view.planning.snapshot.active;
    let expected = |job: &Job| {
        let known = planned.iter().find(|active| active.job.id == job.id)?;
        known.job.predicted.as_ref()?;
        let left = SignedDuration::try_from_secs_f64(known.expected_left_s(now)).ok()?;
        now.checked_add(left).ok().map(convert::to_the_minute)
    };
    let one = |job: &Job| {
        let attempt = job.attempt()?;
        let ran = job.started_at().unwrap_or(attempt.granted_at);
        let limit = ran.checked_add(job.spec.time_limit);
        Some(ActiveView {
            job: job.id,
            attempt: attempt.number,
            name: short(&job.spec.name, NAME),
            user: job.owner.clone(),
            state: job.name(),
            lease: convert::lease(&attempt.lease),
            from: attempt.granted_at,
            started_at: job.started_at(),
            limit_at: limit.unwrap_or(Timestamp::MAX),
            expected_at: expected(job),
        })
    };
    view.active.iter().filter_map(one).collect()
}

fn waiting(view: &View, to: Timestamp) -> (Vec<WaitingView>, usize) {
    let forecast = |job: &Job| {
        let known = view.forecasts.get(&job.id)?;
        let start_p50 = convert::to_the_minute(known.p50);
        (start_p50 < to).then(|| WaitingView {
            job: job.id,
            name: short(&job.spec.name, NAME),
            user: job.owner.clone(),
            gpus: job.spec.gpus(),
            start_p50,
            start_p90: convert::to_the_minute(known.p90),
            time_limit_s: job.spec.time_limit.as_secs(),
        })
    };
    let waits = view.queue.iter().filter(|job| job.is_waiting());
    let mut all: Vec<WaitingView> = waits.filter_map(forecast).collect();
    let fewer = all.len().saturating_sub(MOST_WAITING);
    all.truncate(MOST_WAITING);
    (all, fewer)
}

fn sentences(left_out: &LeftOut) -> String {
    let many = |count: usize, one: &str| match count {
        1 => format!("1 {one} is"),
        count => format!("{count} {one}s are"),
    };
    let mut all = Vec::new();
    if left_out.attempts > 0 {
        let what = many(left_out.attempts, "short attempt");
        all.push(format!(
            "{what} not told one by one: choose a shorter time or fewer nodes."
        ));
    }
    if let Some(before) = left_out.before {
        let before = before.strftime("%Y-%m-%d %H:%M UTC");
        all.push(format!(
            "More jobs ended than are read at once: nothing is told of those that ended before \
             {before}. Choose a shorter time."
        ));
    }
    if left_out.waiting > 0 {
        all.push(format!(
            "{} left out.",
            many(left_out.waiting, "waiting job")
        ));
    }
    if left_out.occurrences > 0 {
        let what = many(left_out.occurrences, "time");
        all.push(format!("{what} left out of reservations."));
    }
    if left_out.nodes > 0 {
        let what = many(left_out.nodes, "more node");
        all.push(format!(
            "{what} not told one by one: at most {MOST_OPEN} are at once."
        ));
    }
    all.join(" ")
}

fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{kept}…")
}

fn gpus(lease: &Lease) -> u32 {
    u32::try_from(lease.gpu_count()).unwrap_or(u32::MAX)
}

fn seconds(at: Timestamp) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds of ages are below 2^53"
    )]
    let milliseconds = at.as_millisecond() as f64;
    milliseconds / 1000.0
}

fn count(n: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "small")]
    let n = n as f64;
    n
}

#[cfg(test)]
mod tests {
    use super::*;

    fn past(job: u64, parts: usize) -> PastView {
        let part = |n: usize| LeasePart {
            node: NodeName(format!("a-node-with-a-long-name-{n}")),
            gpus: (0..8).collect(),
        };
        PastView {
            job: berth_domain::JobId(job),
            attempt: 1,
            name: "x".repeat(NAME),
            user: "somebody.with-a-name".into(),
            gpus: 8,
            lease: (0..parts).map(part).collect(),
            from: Timestamp::from_microsecond(1_790_000_000_123_456).unwrap(),
            to: Timestamp::from_microsecond(1_790_000_100_123_456).unwrap(),
            outcome: "OutOfMemory".to_owned(),
            end: "y".repeat(END),
        }
    }

    /// Whatever happened, it stays well under a megabyte.
    #[test]
    fn the_largest_are_told_and_the_rest_is_counted() {
        for parts in [1, 2, 16] {
            let all = (0u32..5000).map(|job| (f64::from(job), past(job.into(), parts)));
            let (kept, fewer) = Attempts(all.collect()).largest();
            assert_eq!(kept.len() + fewer, 5000);
            assert_eq!(kept.len(), MOST_ATTEMPTS.min(MOST_PARTS / parts));
            // The largest were the last ones.
            assert!(kept.iter().all(|one| one.job.0 >= 5000 - kept.len() as u64));
            assert!(kept.windows(2).all(|pair| pair[0].job < pair[1].job));
            let size = serde_json::to_string(&kept).unwrap().len();
            assert!(size < 800_000, "{size} bytes");
        }
    }

    #[test]
    fn what_is_left_out_is_said() {
        assert_eq!(sentences(&LeftOut::default()), "");
        let left_out = LeftOut {
            attempts: 1,
            waiting: 3,
            before: Some("2026-11-30T18:00:00Z".parse().unwrap()),
            ..LeftOut::default()
        };
        assert_eq!(
            sentences(&left_out),
            "1 short attempt is not told one by one: choose a shorter time or fewer nodes. More jobs \
             ended than are read at once: nothing is told of those that ended before 2026-11-30 18:00 \
             UTC. Choose a shorter time. 3 waiting jobs are left out."
        );
    }
}
