//! What would help: a shorter time limit, fewer GPUs, a place at the top. Nothing is proposed
//! that was not planned with.

use std::sync::Arc;
use std::time::Duration;

use berth_domain::{Constraint, JobId, MoveTo, Timestamp};
use serde::{Deserialize, Serialize};

use crate::dispatch;
use crate::forecast::{Experience, Forecast, moved};
use crate::plan::plan_and_forecast;
use crate::policy::Policy;
use crate::snapshot::{Facts, Gate, Pending, Snapshot};

/// A change that its owner could make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    TimeLimit(Duration),
    Size {
        nodes: u32,
        gpus_per_node: u32,
    },
    Move(MoveTo),
    /// Not ask this any more.
    Without(Constraint),
    /// Release it, where its owner holds it.
    Release,
}

/// What planning with the change came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    StartsNow,
    Starts(Forecast),
}

impl Effect {
    fn start(self, now: Timestamp) -> Timestamp {
        match self {
            Effect::StartsNow => now,
            Effect::Starts(forecast) => forecast.p50,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    pub remedy: Remedy,
    pub effect: Effect,
}

/// Time limits that people ask for, longest first.
const LIMITS_MIN: [u64; 9] = [1440, 720, 480, 240, 120, 60, 30, 15, 5];
/// How many actions are named.
const MOST: usize = 3;
/// A later start is worth naming if it is sooner by at least this part of the wait.
const WORTH: f64 = 0.25;

/// Tries what could help, and keeps what does: what starts at once before what starts sooner.
pub(super) fn that_help(
    snapshot: &Snapshot,
    policy: &Policy,
    now: Timestamp,
    experience: &Experience,
    pending: &Pending,
    forecast: Option<Forecast>,
) -> Vec<Action> {
    let bench = Bench {
        snapshot,
        policy,
        now,
        experience,
        job: pending.job.id,
    };
    let mut found = Vec::new();
    if let Gate::Closed(berth_domain::PendingReason::JobHeldUser) = &pending.gate {
        found.extend(bench.effect(Remedy::Release).map(|effect| Action {
            remedy: Remedy::Release,
            effect,
        }));
        return found;
    }
    if pending.gate != Gate::Open {
        // It waits for something that none of these changes.
        return found;
    }
    found.extend(bench.less_asked(&pending.job));
    found.extend(bench.first_that_starts(shorter_limits(&pending.job)));
    found.extend(bench.best_size(&pending.job));
    found.extend(
        bench
            .effect(Remedy::Move(MoveTo::Top))
            .map(|effect| Action {
                remedy: Remedy::Move(MoveTo::Top),
                effect,
            }),
    );
    found.retain(|action| match (action.effect, forecast) {
        (Effect::StartsNow, _) | (Effect::Starts(_), None) => true,
        (Effect::Starts(then), Some(before)) => {
            let wait = before.p50.duration_since(now).as_secs_f64();
            let sooner = before.p50.duration_since(then.p50).as_secs_f64();
            sooner > 60.0 && sooner >= WORTH * wait
        }
    });
    found.sort_by_key(|action| action.effect.start(now));
    found.truncate(MOST);
    found
}

fn shorter_limits(job: &Facts) -> impl Iterator<Item = Remedy> {
    let limit = job.time_limit;
    LIMITS_MIN
        .into_iter()
        .map(|minutes| Duration::from_secs(minutes * 60))
        .filter(move |shorter| *shorter < limit)
        .map(Remedy::TimeLimit)
}

struct Bench<'a> {
    snapshot: &'a Snapshot,
    policy: &'a Policy,
    now: Timestamp,
    experience: &'a Experience,
    job: JobId,
}

impl Bench<'_> {
    fn effect(&self, remedy: Remedy) -> Option<Effect> {
        let changed = with(self.snapshot, self.job, remedy);
        let (plan, forecasts) = plan_and_forecast(&changed, self.policy, self.now, self.experience);
        if plan.starts.iter().any(|(id, _)| *id == self.job) {
            return Some(Effect::StartsNow);
        }
        forecasts.get(&self.job).copied().map(Effect::Starts)
    }

    /// Without forecasts, which are not needed to know that: many are tried.
    fn first_that_starts(&self, mut remedies: impl Iterator<Item = Remedy>) -> Option<Action> {
        let starts = |remedy: &Remedy| {
            let changed = with(self.snapshot, self.job, *remedy);
            let decision = dispatch::decide(&changed, self.policy, self.now);
            let mut starts = decision.starts.iter();
            starts.any(|(index, _)| changed.pending[*index].job.id == self.job)
        };
        let remedy = remedies.find(starts)?;
        Some(Action {
            remedy,
            effect: Effect::StartsNow,
        })
    }

    /// The first thing that it could do without and start at once; if there is none, the one
    /// without which it starts soonest.
    fn less_asked(&self, job: &Facts) -> Option<Action> {
        let asks = job.constraints.as_deref()?;
        let asked = || Constraint::ALL.into_iter().filter(|one| asks.asks(*one));
        self.first_that_starts(asked().map(Remedy::Without))
            .or_else(|| {
                let without = asked().filter_map(|one| {
                    let remedy = Remedy::Without(one);
                    let effect = self.effect(remedy)?;
                    Some(Action { remedy, effect })
                });
                without.min_by_key(|action| action.effect.start(self.now))
            })
    }

    /// The largest smaller size that starts at once; if none does, half the size.
    fn best_size(&self, job: &Facts) -> Option<Action> {
        let halves = |gpus: u32| std::iter::successors(Some(gpus / 2), |size| Some(size / 2));
        let fewer_nodes = halves(job.nodes)
            .take_while(|nodes| *nodes > 0)
            .map(|nodes| Remedy::Size {
                nodes,
                gpus_per_node: job.gpus_per_node,
            });
        let smaller = halves(job.gpus_per_node)
            .take_while(|gpus| *gpus > 0)
            .map(|gpus_per_node| Remedy::Size {
                nodes: 1,
                gpus_per_node,
            });
        let sizes: Vec<Remedy> = fewer_nodes.chain(smaller).collect();
        self.first_that_starts(sizes.iter().copied()).or_else(|| {
            let remedy = *sizes.first()?;
            let effect = self.effect(remedy)?;
            Some(Action { remedy, effect })
        })
    }
}

/// The snapshot with one job changed.
#[must_use]
pub(crate) fn with(snapshot: &Snapshot, job: JobId, remedy: Remedy) -> Snapshot {
    if let Remedy::Move(to) = remedy {
        return moved(snapshot, job, to);
    }
    let mut changed = snapshot.clone();
    let Some(pending) = changed.pending.iter_mut().find(|one| one.job.id == job) else {
        return changed;
    };
    match remedy {
        Remedy::TimeLimit(limit) => {
            pending.job.time_limit = limit;
            let predicted = pending.job.predicted.take();
            pending.job.predicted = predicted
                .map(|run_time| Arc::new((*run_time).clone().limited(limit.as_secs_f64())));
        }
        Remedy::Size {
            nodes,
            gpus_per_node,
        } => {
            pending.job.nodes = nodes;
            pending.job.gpus_per_node = gpus_per_node;
        }
        Remedy::Without(one) => {
            let asks = pending.job.constraints.take();
            let less = asks.map(|asks| asks.without(one));
            pending.job.constraints = less.filter(|less| !less.is_empty()).map(Arc::new);
        }
        Remedy::Release => pending.gate = Gate::Open,
        Remedy::Move(_) => {}
    }
    changed
}

impl Remedy {
    /// The snapshot as it would be if the job's owner did this: for tests and previews.
    #[must_use]
    pub fn apply(self, snapshot: &Snapshot, job: JobId) -> Snapshot {
        with(snapshot, job, self)
    }
}
