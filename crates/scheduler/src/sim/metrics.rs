//! What a simulation is judged by.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::trace::TraceJob;

/// What became of one job; times in seconds of the trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobResult {
    pub id: u64,
    pub first_start_s: Option<i64>,
    /// `None`: it never ran to its end, because it fits nowhere.
    pub end_s: Option<i64>,
    pub preemptions: u32,
    /// When it had run usefully for ten minutes, or to its end if that is sooner.
    pub(super) ten_s: Option<i64>,
}

impl JobResult {
    pub(super) fn new(id: u64) -> Self {
        JobResult {
            id,
            first_start_s: None,
            end_s: None,
            preemptions: 0,
            ten_s: None,
        }
    }
}

/// `job_id,first_start_s,end_s,preemptions`, one line a job that ended.
#[must_use]
pub fn jobs_csv(jobs: &[JobResult]) -> String {
    let mut text = "job_id,first_start_s,end_s,preemptions\n".to_owned();
    for job in jobs {
        if let (Some(start), Some(end)) = (job.first_start_s, job.end_s) {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{},{start},{end},{}", job.id, job.preemptions);
        }
    }
    text
}

/// How long each job that ended was kept from running, in minutes, in the order of the trace:
/// completion - submission - duration.
#[must_use]
pub fn waits_min(jobs: &[TraceJob], results: &[JobResult]) -> Vec<f64> {
    let both = jobs.iter().zip(results);
    let wait = |(job, result): (&TraceJob, &JobResult)| {
        Some(to_f64(result.end_s? - job.submit_s - job.duration_s) / 60.0)
    };
    both.filter_map(wait).collect()
}

/// The areas under the curves, followed while the simulation runs.
#[derive(Debug)]
pub(super) struct Meter {
    total: f64,
    last: Option<i64>,
    first: i64,
    present: f64,
    allocated: f64,
    waiting: u32,
    /// GPU-seconds: allocated at all, allocated while somebody waits, and what could have been.
    used: f64,
    used_contended: f64,
    fillable: f64,
    pub(super) plans: u64,
}

impl Meter {
    pub(super) fn new(total: f64) -> Self {
        Meter {
            total,
            last: None,
            first: 0,
            present: 0.0,
            allocated: 0.0,
            waiting: 0,
            used: 0.0,
            used_contended: 0.0,
            fillable: 0.0,
            plans: 0,
        }
    }

    pub(super) fn advance(&mut self, now: i64) {
        let Some(last) = self.last.replace(now) else {
            self.first = now;
            return;
        };
        let span = to_f64(now - last);
        self.used += self.allocated * span;
        if self.waiting > 0 {
            self.used_contended += self.allocated * span;
            // Sizes are powers of two up to a node, or whole nodes: they always pack.
            self.fillable += self.present.min(self.total) * span;
        }
    }

    pub(super) fn arrive(&mut self, gpus: u32) {
        self.present += f64::from(gpus);
        self.waiting += 1;
    }

    pub(super) fn start(&mut self, gpus: u32) {
        self.allocated += f64::from(gpus);
        self.waiting -= 1;
    }

    pub(super) fn stop(&mut self, gpus: u32) {
        self.allocated -= f64::from(gpus);
        self.waiting += 1;
    }

    pub(super) fn leave(&mut self, gpus: u32) {
        self.present -= f64::from(gpus);
        self.waiting -= 1;
    }
}

/// All metrics of one run; `shared/traces/README.md` has their definitions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    pub trace: String,
    pub policy: String,
    /// How many ran to their end.
    pub jobs: usize,
    /// Completion - submission - duration, in minutes.
    pub wait_mean_min: f64,
    pub wait_p50_min: f64,
    pub wait_p95_min: f64,
    pub wait_p99_min: f64,
    /// Mean delay until min(10 min, duration) of service, in minutes.
    pub d10_mean_min: f64,
    /// Allocated of what the jobs present could fill, over the time when some job waits.
    pub pack_pct: f64,
    /// Allocated of all GPUs, from the first submission to the last end.
    pub alloc_pct: f64,
    /// Bounded slowdown with a floor of 600 s (Feitelson and Rudolph 1998).
    pub slowdown_mean: f64,
    /// The greatest mean slowdown of any user.
    pub worst_user_slowdown: f64,
    /// Jain's index over users of GPU-time / GPU-weighted completion time (Jain 1984).
    pub jain: f64,
    /// From the first submission to the last end.
    pub makespan_s: i64,
    pub preemptions: u64,
    /// How often the planner was asked.
    pub plans: u64,
    /// How long the simulation took; filled in by the caller, who has a clock.
    pub wall_s: f64,
}

#[derive(Default)]
struct User {
    jobs: f64,
    slowdown: f64,
    work: f64,
    completion: f64,
}

impl Summary {
    pub(super) fn of(
        trace: &str,
        policy: &str,
        jobs: &[TraceJob],
        results: &[JobResult],
        meter: &Meter,
    ) -> Self {
        let mut waits = Vec::with_capacity(jobs.len());
        let mut users: BTreeMap<&str, User> = BTreeMap::new();
        let (mut slowdowns, mut d10, mut last_end) = (0.0, 0.0, 0);
        for (job, result) in jobs.iter().zip(results) {
            let (Some(end), Some(ten)) = (result.end_s, result.ten_s) else {
                continue;
            };
            let duration = to_f64(job.duration_s);
            let response = to_f64(end - job.submit_s);
            waits.push((response - duration) / 60.0);
            d10 += to_f64(ten - job.submit_s - job.duration_s.min(600)) / 60.0;
            let slowdown = (response / duration.max(600.0)).max(1.0);
            slowdowns += slowdown;
            last_end = last_end.max(end);
            let user = users.entry(job.user.as_str()).or_default();
            let gpus = f64::from(job.gpus);
            user.jobs += 1.0;
            user.slowdown += slowdown;
            user.work += gpus * duration;
            user.completion += gpus * response;
        }
        waits.sort_by(f64::total_cmp);
        let count = to_f64(i64::try_from(waits.len()).unwrap_or(i64::MAX)).max(1.0);
        let makespan_s = (last_end - meter.first).max(0);
        let worst = users.values().map(|user| user.slowdown / user.jobs);
        Summary {
            trace: trace.to_owned(),
            policy: policy.to_owned(),
            jobs: waits.len(),
            wait_mean_min: waits.iter().sum::<f64>() / count,
            wait_p50_min: percentile(&waits, 50),
            wait_p95_min: percentile(&waits, 95),
            wait_p99_min: percentile(&waits, 99),
            d10_mean_min: d10 / count,
            pack_pct: percent(meter.used_contended, meter.fillable),
            alloc_pct: percent(meter.used, meter.total * to_f64(makespan_s)),
            slowdown_mean: slowdowns / count,
            worst_user_slowdown: worst.fold(0.0, f64::max),
            jain: jain(
                users
                    .values()
                    .map(|user| user.work / user.completion.max(1.0)),
            ),
            makespan_s,
            preemptions: results.iter().map(|job| u64::from(job.preemptions)).sum(),
            plans: meter.plans,
            wall_s: 0.0,
        }
    }
}

/// `(sum x)^2 / (n sum x^2)`: 1 when all are equal, 1/n when one has everything.
fn jain(shares: impl Iterator<Item = f64>) -> f64 {
    let (mut count, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for share in shares {
        count += 1.0;
        sum += share;
        squares += share * share;
    }
    if squares > 0.0 {
        sum * sum / (count * squares)
    } else {
        1.0
    }
}

/// The nearest rank.
fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.max(1) - 1).copied().unwrap_or(0.0)
}

fn percent(part: f64, whole: f64) -> f64 {
    if whole > 0.0 {
        100.0 * part / whole
    } else {
        100.0
    }
}

/// Exact for any time a trace can have: seconds stay far below 2^53.
fn to_f64(count: i64) -> f64 {
    let low = u32::try_from(count.rem_euclid(1 << 32)).unwrap_or(0);
    let high = i32::try_from(count.div_euclid(1 << 32)).unwrap_or(i32::MAX);
    f64::from(high) * 4_294_967_296.0 + f64::from(low)
}
