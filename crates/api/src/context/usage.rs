//! Who used how much: what was held from the jobs themselves, what was done with it from what was
//! kept of their attempts.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use berth_domain::{AttemptId, Job, JobId, Lease, Timestamp};
use berth_store::AttemptUse;
use jiff::SignedDuration;

use super::{Context, store_error};
use crate::ApiError;
use crate::history::{JobUse, UsageAnswer, UsageBy, UsageRow};

const ROWS: u32 = 500;
const MOST_ROWS: u32 = 5000;
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);
const HOUR_S: i64 = 3600;

impl Context {
    pub(crate) async fn usage(
        &self,
        by: Option<&str>,
        range: (Option<&str>, Option<&str>),
        limit: Option<u32>,
    ) -> Result<UsageAnswer, ApiError> {
        let by: UsageBy = match by {
            None => UsageBy::default(),
            Some(by) => by.parse().map_err(|why| ApiError::invalid("by", why))?,
        };
        let (since, until) = self.range(range, WEEK)?;
        let store = &self.state.store;
        let jobs = store.jobs_within(since, until).await;
        let jobs = jobs.map_err(store_error)?;
        let first = since.as_second() - since.as_second().rem_euclid(HOUR_S);
        let uses = store.uses_within(first, until.as_second() + 1).await;
        let uses = uses.map_err(store_error)?;
        let names = store.telemetry_names().await.map_err(store_error)?;
        let nodes: HashMap<i64, String> = names.into_iter().map(|one| (one.id, one.name)).collect();
        let counted = Counted::of(&jobs, &uses, &nodes, (since, until), by);
        let mut rows: Vec<UsageRow> = counted
            .groups
            .into_iter()
            .map(|(name, sum)| sum.row(name))
            .collect();
        rows.sort_by(|a, b| b.gpu_hours_allocated.total_cmp(&a.gpu_hours_allocated));
        let limit = limit.unwrap_or(ROWS).clamp(1, MOST_ROWS);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let left_out = rows.len().saturating_sub(limit);
        rows.truncate(limit);
        Ok(UsageAnswer {
            since,
            until,
            by,
            rows,
            left_out,
            total: counted.total.row(None),
        })
    }

    /// What a job did with its GPUs; `None` when it never held any.
    pub(crate) async fn use_of(&self, job: &Job) -> Result<Option<JobUse>, ApiError> {
        Ok(self.uses_of(job).await?.0)
    }

    /// What a job did with its GPUs, in all and by attempt; nothing of those that held none.
    pub(crate) async fn uses_of(
        &self,
        job: &Job,
    ) -> Result<(Option<JobUse>, BTreeMap<u32, JobUse>), ApiError> {
        let now = self.state.clock.now();
        let held: Vec<Attempt> = attempts(job, now).collect();
        if held.iter().all(|attempt| attempt.lease.gpu_count() == 0) {
            return Ok((None, BTreeMap::new()));
        }
        let uses = self.state.store.uses_of(job.id).await;
        let uses = uses.map_err(store_error)?;
        let with_gpus = held.iter().filter(|attempt| attempt.lease.gpu_count() > 0);
        let by_attempt = with_gpus.map(|attempt| {
            let its = uses.iter().filter(|one| one.attempt == attempt.number);
            (attempt.number, used(std::slice::from_ref(attempt), its))
        });
        Ok((Some(used(&held, uses.iter())), by_attempt.collect()))
    }
}

/// What some attempts did, by what was kept of them.
fn used<'a>(held: &[Attempt], uses: impl Iterator<Item = &'a AttemptUse> + Clone) -> JobUse {
    let gpus = held.last().map_or(0, |last| last.lease.gpu_count());
    let mut sum = Sum::default();
    for attempt in held {
        let seconds = seconds(attempt.from, attempt.until);
        sum.allocated_s += seconds * count(attempt.lease.gpu_count());
    }
    for one in uses.clone() {
        sum.add(one, 1.0);
    }
    let row = sum.row(None);
    let mean = |part: f64, known: f64| Some(100.0 * part / known).filter(|_| known > 0.0);
    let peak = uses.map(|one| one.peak_mem_bytes).max();
    JobUse {
        gpus: u32::try_from(gpus).unwrap_or(u32::MAX),
        held_s: held.iter().map(|one| seconds(one.from, one.until)).sum(),
        gpu_hours_allocated: row.gpu_hours_allocated,
        gpu_hours_busy: row.gpu_hours_busy,
        gpu_hours_working: row.gpu_hours_working,
        gpu_hours_unobserved: row.gpu_hours_unobserved,
        busy_pct: mean(sum.busy_s, sum.observed_s),
        working_pct: mean(sum.working_s, sum.working_known_s),
        energy_kwh: row.energy_kwh,
        peak_mem_bytes: peak.filter(|peak| *peak > 0),
    }
}

/// A try at running a job, up to its end or now.
pub(super) struct Attempt<'a> {
    pub(super) number: u32,
    pub(super) lease: &'a Lease,
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
}

pub(super) fn attempts(job: &Job, now: Timestamp) -> impl Iterator<Item = Attempt<'_>> {
    let past = job.past.iter().map(|past| Attempt {
        number: past.number,
        lease: &past.lease,
        from: past.granted_at,
        until: past.ended_at,
    });
    let live = job.attempt().map(|live| Attempt {
        number: live.number,
        lease: &live.lease,
        from: live.granted_at,
        until: now,
    });
    past.chain(live)
}

/// Of one group, in GPU-seconds.
#[derive(Clone, Debug, Default)]
struct Sum {
    allocated_s: f64,
    observed_s: f64,
    busy_s: f64,
    working_known_s: f64,
    working_s: f64,
    power_known_s: f64,
    energy_j: f64,
    jobs: BTreeSet<JobId>,
}

impl Sum {
    /// A part of it, from 0 to 1.
    fn add(&mut self, one: &AttemptUse, part: f64) {
        self.observed_s += one.observed_s * part;
        self.busy_s += one.busy_s * part;
        self.working_known_s += one.working_known_s * part;
        self.working_s += one.working_s * part;
        self.power_known_s += one.power_known_s * part;
        self.energy_j += one.energy_j * part;
    }

    fn row(&self, name: Option<String>) -> UsageRow {
        let hours = |seconds: f64| seconds / 3600.0;
        let known = |value: f64, known_s: f64| Some(value).filter(|_| known_s > 0.0);
        UsageRow {
            name,
            gpu_hours_allocated: hours(self.allocated_s),
            gpu_hours_busy: known(hours(self.busy_s), self.observed_s),
            gpu_hours_working: known(hours(self.working_s), self.working_known_s),
            gpu_hours_unobserved: hours((self.allocated_s - self.observed_s).max(0.0)),
            energy_kwh: known(self.energy_j / 3.6e6, self.power_known_s),
            jobs: self.jobs.len(),
        }
    }
}

#[derive(Debug, Default)]
struct Counted {
    groups: BTreeMap<Option<String>, Sum>,
    total: Sum,
}

impl Counted {
    /// Everything within a range. `uses` are of the hours that the range touches, and `nodes` the
    /// names of the nodes in them.
    fn of(
        jobs: &[Job],
        uses: &[AttemptUse],
        nodes: &HashMap<i64, String>,
        (since, until): (Timestamp, Timestamp),
        by: UsageBy,
    ) -> Self {
        let mut counted = Counted::default();
        let mut spans: HashMap<AttemptId, (&Job, Timestamp, Timestamp)> = HashMap::new();
        for job in jobs {
            for attempt in attempts(job, until) {
                let id = AttemptId {
                    job: job.id,
                    number: attempt.number,
                };
                spans.insert(id, (job, attempt.from, attempt.until));
                let (from, to) = (attempt.from.max(since), attempt.until.min(until));
                for part in &attempt.lease.0 {
                    if from < to && !part.gpus.is_empty() {
                        let held_s = seconds(from, to) * count(part.gpus.len());
                        counted.each(group(by, job, part.node.as_str()), |sum| {
                            sum.allocated_s += held_s;
                            sum.jobs.insert(job.id);
                        });
                    }
                }
            }
        }
        for one in uses {
            let id = AttemptId {
                job: JobId(one.job),
                number: one.attempt,
            };
            let Some((job, from, to)) = spans.get(&id) else {
                continue;
            };
            let part = part_within(one.hour_s, (*from, *to), (since, until));
            if part > 0.0 {
                let node = nodes.get(&one.node).map_or("", String::as_str);
                counted.each(group(by, job, node), |sum| sum.add(one, part));
            }
        }
        counted
    }

    fn each(&mut self, group: Option<String>, mut add: impl FnMut(&mut Sum)) {
        add(self.groups.entry(group).or_default());
        add(&mut self.total);
    }
}

fn group(by: UsageBy, job: &Job, node: &str) -> Option<String> {
    match by {
        UsageBy::User => Some(job.owner.to_string()),
        UsageBy::Project => job.spec.project.clone(),
        UsageBy::Node => Some(node.to_owned()),
        UsageBy::Job => Some(job.id.to_string()),
    }
}

/// Of the time that an attempt had in an hour, how much is within a range: use is kept by the hour,
/// and an hour that is cut is shared out by time.
fn part_within(
    hour_s: i64,
    (from, to): (Timestamp, Timestamp),
    (since, until): (Timestamp, Timestamp),
) -> f64 {
    let edge = |second: i64| Timestamp::from_second(second).unwrap_or(Timestamp::MAX);
    let (from, to) = (from.max(edge(hour_s)), to.min(edge(hour_s + HOUR_S)));
    let had = seconds(from, to);
    if had <= 0.0 {
        return 1.0;
    }
    seconds(from.max(since), to.min(until)) / had
}

/// From one moment to a later one; 0 if it is not later.
fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64().max(0.0)
}

fn count(gpus: usize) -> f64 {
    f64::from(u32::try_from(gpus).unwrap_or(u32::MAX))
}
