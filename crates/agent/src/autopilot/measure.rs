//! What came of something that was done: when those who waited then really started, against the same queue
//! replayed without it, with the run times and the new jobs as they turned out to be.
//!
//! That is no experiment: nobody knows what would have been. But what a forecast could not know then, how
//! long jobs run and who comes, is known now and is the same on both sides; what is left is how far the
//! replay is from life (holds, cancels, nodes that went).

use std::collections::HashSet;

use berth_domain::agent::{AgentRule, Card, CardBy, CardState, Effect};
use berth_domain::{Job, JobId, JobState, State, Timestamp};
use berth_orchestrator::Planning;
use berth_scheduler::{Facts, Gate, Pending, Script, replay};
use jiff::SignedDuration;

use super::arrivals::{DAY, Foretold};
use super::predict::{Sum, quantile_s};
use super::seen::later;
use super::words::seconds;

/// It is looked at when all who waited have started, or after so long.
const LATEST: SignedDuration = DAY;
/// What is older is not measured any more: too little is known of it.
const TOO_OLD: SignedDuration = SignedDuration::from_hours(72);
const SOONEST: SignedDuration = SignedDuration::from_mins(5);
/// So many of those that waited are followed, and so far.
const JOBS: usize = 500;
const PLANS: u32 = 5000;

/// When it was done, if something was.
pub(super) fn acted_at(card: &Card) -> Option<Timestamp> {
    let rule = matches!(card.by, CardBy::Rule { .. });
    let acted = rule && card.state == CardState::Acted && card.act.is_some();
    acted.then(|| card.settled.as_ref().map_or(card.at, |end| end.at))
}

/// Whether it is time to say what came of a card.
#[must_use]
pub fn due(state: &State, card: &Card, now: Timestamp) -> bool {
    let Some(at) = acted_at(card).filter(|_| card.measured.is_none()) else {
        return false;
    };
    if now < later(at, SOONEST) || now > later(at, TOO_OLD) {
        return false;
    }
    let waits = |job: &Job| match job.state {
        JobState::Queued { since, .. } => since <= at || card.job == Some(job.id),
        _ => false,
    };
    now >= later(at, LATEST) || !state.live().any(waits)
}

/// What came of it. `before` is what planning rested on just before it was done. `None` when nobody who
/// waited then can be compared.
#[must_use]
pub fn measured(before: &Planning, state: &State, card: &Card, now: Timestamp) -> Option<Effect> {
    let at = acted_at(card)?;
    let policy = &before.policy;
    let own: Vec<JobId> = card.job.into_iter().collect();
    let mut snapshot = before.snapshot.first(policy, at, JOBS, &own);
    // Who was cancelled while it waited took nobody's place.
    snapshot.pending.retain(|one| {
        let job = state.job(one.job.id);
        job.is_none_or(|job| !job.is_finished() || started(job, at).is_some())
    });
    let idle = CardBy::Rule {
        rule: AgentRule::IdleLadder,
    };
    let past = Past { state, at, now };
    let script = Script {
        left_s: &|job, ran_s| {
            // Without the act it would have gone on.
            let stopped = card.by == idle && card.job == Some(job.id);
            let real = state.job(job.id).filter(|_| !stopped);
            real.and_then(|real| past.left_s(real, job))
                .unwrap_or_else(|| quantile_s(job, ran_s, 0.5))
        },
        arrivals: &past.arrivals(&snapshot.pending, &Foretold::of(before)),
        until: now,
        most_plans: PLANS,
    };
    let without = replay(snapshot.clone(), policy, at, &script);
    let end = without.until.min(now);
    let mut sum = Sum::default();
    let mut own_wait_s = None;
    for one in &snapshot.pending {
        let Some(job) = state.job(one.job.id) else {
            continue;
        };
        let real = started(job, at).unwrap_or(end).min(end);
        let would = without.starts.get(&job.id).copied().unwrap_or(end).min(end);
        let delay = seconds(at, real) - seconds(at, would);
        let is_own = card.job == Some(job.id);
        if is_own {
            own_wait_s = Some(delay);
        }
        sum.add(delay, one.job.gpus(), is_own);
    }
    sum.any().then(|| Effect {
        mean_wait_s: sum.mean(),
        // It happened once.
        worst_mean_s: sum.mean(),
        own_wait_s,
        worst_delay_s: sum.worst(),
        wasted_gpu_s: 0.0,
    })
}

/// When a job that waited at this time started.
fn started(job: &Job, at: Timestamp) -> Option<Timestamp> {
    let past = job.past.iter().map(|past| past.granted_at);
    let live = job.attempt().map(|attempt| attempt.granted_at);
    past.chain(live).filter(|granted| *granted >= at).min()
}

/// What happened since.
struct Past<'a> {
    state: &'a State,
    at: Timestamp,
    now: Timestamp,
}

impl Past<'_> {
    /// How long it ran on from then, or from its start after that.
    fn left_s(&self, job: &Job, facts: &Facts) -> Option<f64> {
        let mut sum = 0.0;
        let mut ran = false;
        for past in job.past.iter().filter(|past| past.ended_at > self.at) {
            sum += seconds(past.granted_at.max(self.at), past.ended_at);
            ran = true;
        }
        if let Some(attempt) = job.attempt() {
            let so_far = seconds(attempt.granted_at.max(self.at), self.now);
            // It still runs: longer than that, and that is all that matters up to now.
            sum += so_far + quantile_s(facts, so_far, 0.5);
            ran = true;
        }
        ran.then_some(sum.max(1.0))
    }

    /// Who came since, and when it could have started.
    fn arrivals(&self, known: &[Pending], foretold: &Foretold<'_>) -> Vec<(Timestamp, Pending)> {
        let known: HashSet<JobId> = known.iter().map(|one| one.job.id).collect();
        let all = self.state.live().chain(self.state.recent());
        let new = all.filter(|job| {
            let held = matches!(job.state, JobState::Held { .. });
            let never = job.is_finished() && started(job, self.at).is_none();
            let other = !known.contains(&job.id) && job.spec.gpus() > 0;
            job.submitted_at > self.at && other && !held && !never
        });
        let mut arrivals: Vec<(Timestamp, Pending)> = new
            .filter_map(|job| {
                let pending = Pending {
                    job: foretold.as_it_came(job),
                    gate: Gate::Open,
                };
                Some((self.ready_at(job)?, pending))
            })
            .collect();
        arrivals.sort_by_key(|(at, one)| (*at, one.job.id));
        arrivals
    }

    fn ready_at(&self, job: &Job) -> Option<Timestamp> {
        let mut ready = job
            .submitted_at
            .max(job.spec.begin.unwrap_or(Timestamp::MIN));
        for needed in &job.spec.dependencies {
            // Of what ended long ago nothing more is known than that.
            if let Some(needed) = self.state.job(needed.job) {
                ready = ready.max(needed.finished_at()?);
            }
        }
        Some(ready)
    }
}
