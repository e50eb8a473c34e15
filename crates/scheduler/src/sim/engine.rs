//! The event loop: submissions, ends and the planner's own wake-ups, in order of time.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use berth_domain::{GpuRef, GpuUuid, JobId, NodeName, Rank, Timestamp};

use super::cluster::Cluster;
use super::metrics::{JobResult, Meter, Summary};
use super::score::Scorer;
use super::trace::TraceJob;
use crate::dispatch;
use crate::forecast::ForecastScore;
use crate::plan;
use crate::policy::{Order, Policy, RunTimeSource};
use crate::predict::{Features, Guess, Predictor, RunTime};
use crate::snapshot::{Active, Facts, FreeNode, Gate, Pending, Snapshot};

/// What came of a simulation.
#[derive(Clone, Debug)]
pub struct Run {
    pub summary: Summary,
    /// In the order of the trace.
    pub jobs: Vec<JobResult>,
}

/// Runs a trace under a policy. `trace` is the name for the summary.
#[must_use]
pub fn simulate(trace: &str, jobs: &[TraceJob], cluster: &Cluster, policy: &Policy) -> Run {
    let mut engine = Engine::new(jobs, cluster, policy);
    engine.run();
    let (results, meter) = (engine.results, engine.meter);
    let summary = Summary::of(trace, &policy.name, jobs, &results, &meter);
    Run {
        summary,
        jobs: results,
    }
}

/// Runs a trace and scores what the forecasts said, learning from each as it goes.
#[must_use]
pub fn score_forecasts(jobs: &[TraceJob], cluster: &Cluster, policy: &Policy) -> ForecastScore {
    let mut engine = Engine::new(jobs, cluster, policy);
    engine.scorer = Some(Scorer::default());
    engine.run();
    engine.scorer.map(Scorer::finish).unwrap_or_default()
}

struct Engine<'a> {
    trace: &'a [TraceJob],
    cluster: &'a Cluster,
    policy: &'a Policy,
    snapshot: Snapshot,
    /// Of the job at each place of the trace.
    results: Vec<JobResult>,
    features: Vec<Features>,
    /// Of the jobs that are present.
    guesses: HashMap<usize, Guess>,
    predictor: Option<Predictor>,
    /// `(time, place, attempt)`; an end of an attempt that was preempted is stale.
    ends: BinaryHeap<Reverse<(i64, usize, u32)>>,
    attempts: Vec<Attempts>,
    meter: Meter,
    scorer: Option<Scorer>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Attempts {
    count: u32,
    since: i64,
    /// Useful seconds before this attempt.
    served: i64,
    /// Repeated seconds at the beginning of this attempt.
    repeats: i64,
}

impl<'a> Engine<'a> {
    fn new(trace: &'a [TraceJob], cluster: &'a Cluster, policy: &'a Policy) -> Self {
        let node = |(n, gpus): (usize, &u32)| {
            let name = NodeName(format!("node-{}", n + 1));
            let gpu = |index| GpuRef {
                index,
                uuid: GpuUuid(format!("{n}-{index}")),
            };
            FreeNode {
                name,
                gpus: *gpus as usize,
                free: (0..*gpus).map(gpu).collect(),
                cpu_jobs: 0,
                cordoned: false,
                kept: Vec::new(),
                pools: Arc::default(),
            }
        };
        let predicts =
            policy.order == Order::Shortest || policy.run_time == RunTimeSource::Predicted;
        Engine {
            trace,
            cluster,
            policy,
            snapshot: Snapshot {
                nodes: cluster.nodes.iter().enumerate().map(node).collect(),
                ..Snapshot::default()
            },
            results: trace.iter().map(|job| JobResult::new(job.id)).collect(),
            features: trace.iter().map(features).collect(),
            guesses: HashMap::new(),
            predictor: predicts.then(Predictor::default),
            ends: BinaryHeap::new(),
            attempts: vec![Attempts::default(); trace.len()],
            meter: Meter::new(f64::from(cluster.gpus())),
            scorer: None,
        }
    }

    fn run(&mut self) {
        let mut next = 0;
        let mut wake: Option<i64> = None;
        loop {
            let submit = self.trace.get(next).map(|job| job.submit_s);
            let end = self.ends.peek().map(|Reverse((at, ..))| *at);
            let Some(now) = [submit, end, wake].into_iter().flatten().min() else {
                break;
            };
            if submit.is_none() && end.is_none() && self.snapshot.active.is_empty() {
                // Nothing runs and nothing comes: what waits never fits.
                break;
            }
            self.meter.advance(now);
            let mut changed = wake == Some(now);
            while let Some(Reverse((at, place, attempt))) = self.ends.peek().copied()
                && at == now
            {
                self.ends.pop();
                if self.attempts[place].count == attempt {
                    self.finish(place, now);
                    changed = true;
                }
            }
            while let Some(job) = self.trace.get(next)
                && job.submit_s == now
            {
                self.submit(next, now);
                next += 1;
                changed = true;
            }
            if changed {
                wake = self.plan(now);
            }
        }
    }

    fn submit(&mut self, place: usize, now: i64) {
        let job = &self.trace[place];
        let nodes = self.cluster.nodes_for(job);
        let predictor = self.predictor.as_ref();
        if let Some(predictor) = predictor {
            let guess = predictor.guess(self.features[place].clone());
            self.guesses.insert(place, guess);
        }
        let facts = Facts {
            nodes,
            gpus_per_node: job.gpus / nodes,
            owner: job.user.clone(),
            project: Some(job.group.clone()),
            submitted_at: at(now),
            time_limit: seconds(job.estimate_s),
            class: job.class,
            preemptible: job.preemptible,
            rank: Rank::ordinal(place as u64 + 1),
            predicted: predictor.and_then(|predictor| predictor.predict(&self.features[place])),
            ..Facts::new(JobId(place as u64))
        };
        self.meter.arrive(facts.gpus());
        self.snapshot.pending.push(Pending {
            job: facts,
            gate: Gate::Open,
        });
    }

    /// Plans and does what the plan says, until it stops nobody more. Returns when to plan again.
    fn plan(&mut self, now: i64) -> Option<i64> {
        // Each round stops jobs for others that have less left; that ends by itself, and if it
        // should not, the next event goes on from here.
        for _ in 0..64 {
            self.meter.plans += 1;
            let decision = dispatch::decide(&self.snapshot, self.policy, at(now));
            if let Some(scorer) = &mut self.scorer {
                scorer.forecast(&self.snapshot, self.policy, &decision, at(now));
            }
            let leases = plan::leases(&self.snapshot, self.policy, at(now), &decision);
            let mut started: Vec<usize> = decision.starts.iter().map(|(index, _)| *index).collect();
            for ((_, lease), index) in leases.into_iter().zip(&started) {
                let mut job = self.snapshot.pending[*index].job.clone();
                let place = place_of(job.id);
                for part in &lease.0 {
                    let node = self
                        .snapshot
                        .nodes
                        .iter_mut()
                        .find(|node| node.name == part.node);
                    if let Some(node) = node {
                        let before = node.free.len();
                        node.free.retain(|gpu| !part.gpus.contains(gpu));
                        debug_assert_eq!(
                            before,
                            node.free.len() + part.gpus.len(),
                            "all were free"
                        );
                    }
                }
                self.start(place, &mut job, now);
                self.snapshot.active.push(Active {
                    job,
                    lease,
                    since: Some(at(now)),
                    checkpoint_at: None,
                    stopping: false,
                });
            }
            started.sort_unstable();
            for index in started.into_iter().rev() {
                self.snapshot.pending.remove(index);
            }
            let stops = plan::preemptions(&self.snapshot, &decision);
            for stop in &stops {
                self.preempt(place_of(stop.job), now);
            }
            if stops.is_empty() {
                let wake = decision.wake_at?;
                let ms = wake.as_millisecond();
                let second = ms.div_euclid(1000) + i64::from(ms.rem_euclid(1000) > 0);
                return Some(second.max(now + 1));
            }
        }
        None
    }

    fn start(&mut self, place: usize, job: &mut Facts, now: i64) {
        let attempt = &mut self.attempts[place];
        attempt.repeats = if attempt.count > 0 {
            self.cluster.resume_s
        } else {
            0
        };
        attempt.count += 1;
        attempt.since = now;
        let left = self.trace[place].duration_s - attempt.served + attempt.repeats;
        self.ends
            .push(Reverse((now + left.max(1), place, attempt.count)));
        let result = &mut self.results[place];
        result.first_start_s.get_or_insert(now);
        // When it would have had its first ten minutes, unless it is stopped before.
        let ten = self.trace[place].duration_s.min(600);
        if attempt.served < ten {
            result.ten_s = Some(now + attempt.repeats + ten - attempt.served);
        }
        self.meter.start(job.gpus());
        if let Some(scorer) = &mut self.scorer {
            scorer.started(job.id.0, at(now));
        }
    }

    fn preempt(&mut self, place: usize, now: i64) {
        let Some(active) = self.remove(place) else {
            return;
        };
        let attempt = &mut self.attempts[place];
        attempt.served += (now - attempt.since - attempt.repeats).max(0);
        // The end that was expected is stale: no attempt has this number.
        let last = attempt.count;
        self.ends
            .retain(|Reverse((_, other, count))| *other != place || *count != last);
        let (served, since) = (attempt.served, attempt.since);
        let result = &mut self.results[place];
        result.preemptions += 1;
        if served < self.trace[place].duration_s.min(600) {
            result.ten_s = None;
        }
        self.meter.stop(active.job.gpus());
        self.charge(&active.job, since, now);
        let job = Facts {
            service: seconds(served),
            preemptions: active.job.preemptions + 1,
            ..active.job
        };
        self.snapshot.pending.push(Pending {
            job,
            gate: Gate::Open,
        });
    }

    fn finish(&mut self, place: usize, now: i64) {
        let Some(active) = self.remove(place) else {
            return;
        };
        self.results[place].end_s = Some(now);
        self.meter.stop(active.job.gpus());
        self.meter.leave(active.job.gpus());
        self.charge(&active.job, self.attempts[place].since, now);
        let Some(predictor) = &mut self.predictor else {
            return;
        };
        if let Some(guess) = self.guesses.remove(&place) {
            predictor.observe(&guess, seconds(self.trace[place].duration_s));
        }
        // What was learned changes what is thought of the same user's other jobs.
        let owner = &active.job.owner;
        let waiting = self
            .snapshot
            .pending
            .iter_mut()
            .map(|pending| &mut pending.job);
        let running = self
            .snapshot
            .active
            .iter_mut()
            .map(|active| &mut active.job);
        let mut known: HashMap<&Features, Option<Arc<RunTime>>> = HashMap::new();
        for job in waiting.chain(running).filter(|job| job.owner == *owner) {
            let features = &self.features[place_of(job.id)];
            let predicted = known
                .entry(features)
                .or_insert_with(|| predictor.predict(features));
            job.predicted.clone_from(predicted);
        }
    }

    fn charge(&mut self, job: &Facts, since: i64, now: i64) {
        if let Ok(ran) = u32::try_from(now - since) {
            let amount = f64::from(job.gpus()) * f64::from(ran);
            let project = job.project.as_deref();
            let usage = &mut self.snapshot.usage;
            usage.charge(&job.owner, project, amount, at(now));
        }
    }

    fn remove(&mut self, place: usize) -> Option<Active> {
        let id = JobId(place as u64);
        let index = self
            .snapshot
            .active
            .iter()
            .position(|active| active.job.id == id)?;
        let active = self.snapshot.active.remove(index);
        for part in &active.lease.0 {
            if let Some(node) = self
                .snapshot
                .nodes
                .iter_mut()
                .find(|node| node.name == part.node)
            {
                node.free.extend(part.gpus.iter().cloned());
                node.free.sort_by_key(|gpu| gpu.index);
            }
        }
        Some(active)
    }
}

/// What the predictor gets to know of a job of a trace.
#[must_use]
pub fn features(job: &TraceJob) -> Features {
    Features {
        owner: job.user.clone(),
        project: Some(job.group.clone()),
        name: job.name.clone(),
        gpus: job.gpus,
        time_limit: seconds(job.estimate_s),
    }
}

/// A job's number is its place in the trace.
fn place_of(id: JobId) -> usize {
    usize::try_from(id.0).unwrap_or(usize::MAX)
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
}

fn seconds(count: i64) -> Duration {
    Duration::from_secs(count.max(0).unsigned_abs())
}
