//! What really ran, as a load: jobs that lived, from the domain's records, and how they fared, in
//! the same terms as a simulation.

use std::collections::HashMap;

use berth_domain::{Job, JobId, Timestamp};
use serde::{Deserialize, Serialize};

use super::cluster::Cluster;
use super::engine::Run;
use super::metrics::{JobResult, Meter, Summary};
use super::trace::TraceJob;
use crate::learn::pattern;

/// Jobs of the past that can be run again in the simulator.
#[derive(Clone, Debug)]
pub struct History {
    pub trace: Vec<TraceJob>,
    /// What really happened to these jobs, under the policy name `what happened`.
    pub real: Run,
    pub left_out: LeftOut,
}

/// How many jobs are not part of it, by why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Still running: nobody knows for how long.
    pub running: u32,
    /// Still waiting.
    pub waiting: u32,
    /// Cancelled while they waited, or never launched.
    pub never_ran: u32,
    /// They needed no GPU.
    pub without_gpus: u32,
    /// No present nodes could hold them.
    pub too_large: u32,
}

impl LeftOut {
    /// What is not part of it, for people; `None` when everything is.
    #[must_use]
    pub fn sentence(&self) -> Option<String> {
        let all = [
            (self.running, "still running"),
            (self.waiting, "still waiting"),
            (self.never_ran, "cancelled or lost before they ran"),
            (self.without_gpus, "without GPUs"),
            (self.too_large, "too large for the present nodes"),
        ];
        let some = all.iter().filter(|(count, _)| *count > 0);
        let parts: Vec<String> = some.map(|(count, why)| format!("{count} {why}")).collect();
        (!parts.is_empty()).then(|| format!("Left out: {}.", parts.join(", ")))
    }
}

impl History {
    /// Takes jobs that were submitted since `from`. `releases` says when held jobs were let go, in
    /// the order in which it happened.
    ///
    /// A job counts from when it could have run: when it was submitted, its begin time had come,
    /// whatever it depended on had ended, and nobody held it. Its run time is that of all its
    /// attempts together.
    #[must_use]
    pub fn of(
        name: &str,
        jobs: &[Job],
        releases: &[(JobId, Timestamp)],
        from: Timestamp,
        cluster: &Cluster,
    ) -> Self {
        let ends = jobs
            .iter()
            .filter_map(|job| Some((job.id, job.finished_at()?)));
        let past = Past {
            from,
            ends: ends.collect(),
            releases: all_of_each(releases),
        };
        let mut left_out = LeftOut::default();
        let mut lives: Vec<Life> = jobs
            .iter()
            .filter(|job| stays(job, cluster, &mut left_out))
            .map(|job| past.life(job))
            .collect();
        lives.sort_by_key(|life| (life.job.submit_s, life.job.id));
        let real = real(name, &lives, cluster);
        History {
            trace: lives.into_iter().map(|life| life.job).collect(),
            real,
            left_out,
        }
    }
}

fn all_of_each(releases: &[(JobId, Timestamp)]) -> HashMap<JobId, Vec<Timestamp>> {
    let mut all: HashMap<JobId, Vec<Timestamp>> = HashMap::new();
    for (job, at) in releases {
        all.entry(*job).or_default().push(*at);
    }
    all
}

/// Whether a job can be run again; if not, it is counted.
fn stays(job: &Job, cluster: &Cluster, left_out: &mut LeftOut) -> bool {
    let count = if job.attempt().is_some() {
        &mut left_out.running
    } else if !job.is_finished() {
        &mut left_out.waiting
    } else if job.past.iter().all(|past| past.started_at.is_none()) {
        &mut left_out.never_ran
    } else if job.spec.gpus() == 0 {
        &mut left_out.without_gpus
    } else if !cluster.holds(job.spec.nodes, job.spec.gpus_per_node) {
        &mut left_out.too_large
    } else {
        return true;
    };
    *count += 1;
    false
}

struct Past {
    from: Timestamp,
    ends: HashMap<JobId, Timestamp>,
    releases: HashMap<JobId, Vec<Timestamp>>,
}

/// A job and its attempts, in seconds from the beginning.
struct Life {
    job: TraceJob,
    /// When each attempt began and ended; they do not overlap.
    attempts: Vec<(i64, i64)>,
    preemptions: u32,
}

impl Past {
    fn second(&self, at: Timestamp) -> i64 {
        let exact = at.duration_since(self.from);
        exact.as_secs() + i64::from(exact.subsec_nanos() >= 500_000_000)
    }

    /// When it could have run, had there been room.
    fn ready_at(&self, job: &Job) -> Timestamp {
        let needed = &job.spec.dependencies;
        let ends = needed
            .iter()
            .filter_map(|needed| self.ends.get(&needed.job));
        let releases = self.releases.get(&job.id).into_iter().flatten();
        let first = job.past.first().map(|past| past.granted_at);
        let before_it_ran = |at: &&Timestamp| first.is_none_or(|first| **at <= first);
        let conditions = ends.chain(releases).chain(&job.spec.begin);
        let last = conditions.filter(before_it_ran).max();
        last.map_or(job.submitted_at, |last| job.submitted_at.max(*last))
    }

    fn life(&self, job: &Job) -> Life {
        let submit_s = self.second(self.ready_at(job));
        let mut last = submit_s;
        let mut attempts = Vec::new();
        for past in job.past.iter().filter(|past| past.started_at.is_some()) {
            let from = self.second(past.granted_at).max(last);
            // The simulator knows no job shorter than a second.
            last = self.second(past.ended_at).max(from + 1);
            attempts.push((from, last));
        }
        Life {
            job: TraceJob {
                id: job.id.0,
                submit_s,
                duration_s: attempts.iter().map(|(from, to)| to - from).sum(),
                gpus: job.spec.gpus(),
                nodes: Some(job.spec.nodes),
                user: job.owner.clone(),
                group: job.spec.project.clone().unwrap_or_default(),
                name: Some(pattern(&job.spec.name)),
                estimate_s: i64::try_from(job.spec.time_limit.as_secs()).unwrap_or(i64::MAX),
                class: job.spec.class,
                preemptible: job.spec.preemptible,
            },
            attempts,
            preemptions: u32::try_from(job.past.iter().filter(|past| past.was_preempted()).count())
                .unwrap_or(u32::MAX),
        }
    }
}

/// What a turn of a job's life does to the curves, given its GPUs.
type Turn = fn(&mut Meter, u32);

/// The metrics of what happened.
fn real(name: &str, lives: &[Life], cluster: &Cluster) -> Run {
    let mut turns: Vec<(i64, Turn, u32)> = Vec::new();
    for Life { job, attempts, .. } in lives {
        turns.push((job.submit_s, Meter::arrive, job.gpus));
        for (from, to) in attempts {
            turns.push((*from, Meter::start, job.gpus));
            turns.push((*to, Meter::stop, job.gpus));
        }
        let end = attempts.last().map_or(job.submit_s, |(_, to)| *to);
        turns.push((end, Meter::leave, job.gpus));
    }
    // Stable: a job's own turns stay in order.
    turns.sort_by_key(|(at, ..)| *at);
    let mut meter = Meter::new(f64::from(cluster.gpus()));
    for (at, turn, gpus) in turns {
        meter.advance(at);
        turn(&mut meter, gpus);
    }
    let jobs: Vec<JobResult> = lives.iter().map(Life::result).collect();
    let trace: Vec<TraceJob> = lives.iter().map(|life| life.job.clone()).collect();
    let summary = Summary::of(name, "what happened", &trace, &jobs, &meter);
    Run { summary, jobs }
}

impl Life {
    fn result(&self) -> JobResult {
        let mut left = self.job.duration_s.min(600);
        let mut result = JobResult::new(self.job.id);
        for (from, to) in &self.attempts {
            result.first_start_s.get_or_insert(*from);
            result.end_s = Some(*to);
            if left > 0 && to - from >= left {
                result.ten_s = Some(from + left);
            }
            left -= to - from;
        }
        result.preemptions = self.preemptions;
        result
    }
}
