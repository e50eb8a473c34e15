//! A time of the cluster: what ended is read from the store, the rest is the view's.

mod attempts;
mod held;
mod many;
mod promises;
mod words;

use std::collections::BTreeSet;

use berth_domain::{Job, NodeName, Timestamp};
use berth_orchestrator::View;
use jiff::SignedDuration;

use self::attempts::Attempts;
use self::held::Held;
use self::words::{of_reservations, sentences};
use super::reservations::time;
use super::{Context, store_error};
use crate::timeline::{ActiveView, CalendarAnswer, LeftOut, TimelineAnswer, WaitingView};
use crate::{ApiError, convert};

const BEFORE: SignedDuration = SignedDuration::from_hours(6);
const AFTER: SignedDuration = SignedDuration::from_hours(18);
const LONGEST: SignedDuration = SignedDuration::from_hours(100 * 24);
/// So many jobs that ended are read.
const MOST_JOBS: u32 = 20_000;
/// So many attempts that hold GPUs are told, some 350 bytes each.
const MOST_ACTIVE: usize = 400;
const MOST_WAITING: usize = 100;
/// As many nodes as are told one by one without being asked for, and at most.
const OPEN_UNASKED: usize = 4;
const MOST_OPEN: usize = 16;
const NAME: usize = 60;

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
        let span = span(from, to)?;
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
        let told = attempts.told(span);
        left_out.attempts = told.together;
        let (active, fewer) = active(&view, now, &open);
        left_out.active = fewer;
        let (waiting, fewer) = waiting(&view, to);
        left_out.waiting = fewer;
        let (reservations, fewer) = self.promises(&view, span, now);
        left_out.occurrences = fewer;
        Ok(TimelineAnswer {
            now,
            from,
            to,
            nodes: held.nodes(&view, &open, told.many),
            attempts: told.single,
            active,
            waiting,
            reservations,
            left_out_text: sentences(&left_out),
            left_out,
        })
    }

    pub(crate) async fn calendar(&self, from: &str, to: &str) -> Result<CalendarAnswer, ApiError> {
        let now = self.state.clock.now();
        let span = span(time("from", from)?, time("to", to)?)?;
        let view = self.state.handle.current().await;
        let (reservations, left_out) = self.promises(&view, span, now);
        Ok(CalendarAnswer {
            now,
            from: span.0,
            to: span.1,
            reservations,
            left_out,
            left_out_text: of_reservations(left_out),
        })
    }
}

fn span(from: Timestamp, to: Timestamp) -> Result<Span, ApiError> {
    if to <= from {
        return Err(ApiError::invalid("to", "`to` is not after `from`."));
    }
    if to.duration_since(from) > LONGEST {
        return Err(ApiError::invalid(
            "to",
            "At most 100 days are shown at once.",
        ));
    }
    Ok((from, to))
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

/// Those on nodes that are told one by one go before others, where not all fit.
fn active(view: &View, now: Timestamp, open: &BTreeSet<NodeName>) -> (Vec<ActiveView>, usize) {
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
    let mut all: Vec<ActiveView> = view.active.iter().filter_map(one).collect();
    let fewer = all.len().saturating_sub(MOST_ACTIVE);
    if fewer > 0 {
        let drawn = |one: &ActiveView| one.lease.iter().any(|part| open.contains(&part.node));
        all.sort_by_key(|one| (!drawn(one), one.job));
        all.truncate(MOST_ACTIVE);
        all.sort_by_key(|one| one.job);
    }
    (all, fewer)
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

fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{kept}…")
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
