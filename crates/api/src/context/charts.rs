//! What a job's GPUs did, from what was kept.

use berth_domain::{GpuUuid, Job, JobId, Lease, Timestamp};
use berth_orchestrator::{Metric, Row, Series, SeriesRows};

use super::history::history_error;
use super::{Context, usage};
use crate::charts::{ChartMetric, ChartSeries, ChartsAnswer};
use crate::{ApiError, ErrorCode};

const POINTS: u32 = 120;
const MOST_POINTS: u32 = 500;
const GIB: f64 = 1024.0 * 1024.0 * 1024.0;

impl Context {
    pub(crate) async fn job_charts(
        &self,
        id: JobId,
        attempt: Option<u32>,
        gpu: Option<&str>,
        points: Option<u32>,
    ) -> Result<Option<ChartsAnswer>, ApiError> {
        let job = self.job(id).await?;
        let now = self.state.clock.now();
        let held: Vec<usage::Attempt> = usage::attempts(&job, now)
            .filter(|one| one.lease.gpu_count() > 0)
            .filter(|one| attempt.is_none_or(|number| one.number == number))
            .collect();
        let gpus = names(held.iter().map(|one| one.lease));
        let alone = match gpu {
            Some(name) => Some(named(&job, name).ok_or_else(|| {
                let sentence = format!("Job {id} held no GPU '{}'.", name.escape_debug());
                ApiError::new(ErrorCode::NotFound, sentence)
            })?),
            None => None,
        };
        // A GPU that is looked at alone is another's when this job does not hold it.
        let held = held
            .iter()
            .filter(|one| alone.as_ref().is_none_or(|gpu| holds(one.lease, gpu)));
        let spans: Vec<_> = held.map(|one| (one.from, one.until)).collect();
        let (Some(from), Some(until)) = (
            spans.iter().map(|span| span.0).min(),
            spans.iter().map(|span| span.1).max(),
        ) else {
            return Ok(None);
        };
        let series = alone.map_or(Series::Job(id), Series::Gpu);
        let points = points.unwrap_or(POINTS).clamp(1, MOST_POINTS);
        let history = self.state.handle.history();
        let kept = history.series(&series, (from, until), points).await;
        let mut kept = kept.map_err(history_error)?;
        let within = |row: &Row| {
            let ends = row.start_s + kept.step_s;
            spans
                .iter()
                .any(|(from, to)| row.start_s <= to.as_second() && ends > from.as_second())
        };
        let rows: Vec<Row> = std::mem::take(&mut kept.rows);
        let rows = rows.into_iter().filter(within).collect();
        let usage = self.use_of(&job).await?;
        Ok(Some(charts(
            (from, until),
            &SeriesRows {
                step_s: kept.step_s,
                rows,
            },
            gpus,
            usage,
        )))
    }
}

fn charts(
    (from, until): (Timestamp, Timestamp),
    kept: &SeriesRows,
    gpus: Vec<String>,
    usage: Option<crate::history::JobUse>,
) -> ChartsAnswer {
    let step_s = kept.step_s.max(1);
    let first = from.as_second().div_euclid(step_s) * step_s;
    let steps = (until.as_second() - first).max(0) / step_s + 1;
    let steps = usize::try_from(steps).unwrap_or(1);
    let one = |metric: ChartMetric| {
        let mut bands = vec![None; steps];
        for row in &kept.rows {
            let place = usize::try_from((row.start_s - first).div_euclid(step_s)).ok();
            if let Some(band) = place.and_then(|place| bands.get_mut(place)) {
                *band = self::band(row, metric);
            }
        }
        let known = bands.iter().any(Option::is_some);
        known.then_some(ChartSeries { metric, bands })
    };
    ChartsAnswer {
        since: Timestamp::from_second(first).unwrap_or(from),
        step_s,
        steps,
        gpus,
        series: ChartMetric::ALL.into_iter().filter_map(one).collect(),
        usage,
    }
}

fn band(row: &Row, metric: ChartMetric) -> Option<[f32; 3]> {
    let (kept, unit) = match metric {
        ChartMetric::Allocated => (Metric::Allocated, 1.0),
        ChartMetric::Busy => (Metric::Busy, 1.0),
        ChartMetric::Working => (Metric::Working, 1.0),
        ChartMetric::Memory => (Metric::Memory, GIB),
        ChartMetric::Power => (Metric::Power, 1.0),
        ChartMetric::Temperature => (Metric::Temperature, 1.0),
    };
    let bucket = row.get(kept)?;
    #[expect(clippy::cast_possible_truncation, reason = "to one decimal")]
    let rounded = |value: f64| ((value / unit * 10.0).round() / 10.0) as f32;
    Some([
        rounded(bucket.min.into()),
        rounded(bucket.avg),
        rounded(bucket.max.into()),
    ])
}

/// All GPUs of some leases, each once, in order.
fn names<'a>(leases: impl Iterator<Item = &'a Lease>) -> Vec<String> {
    let mut all = Vec::new();
    for lease in leases {
        for (node, gpu) in lease.gpus() {
            let name = format!("{node}:{}", gpu.index);
            if !all.contains(&name) {
                all.push(name);
            }
        }
    }
    all
}

fn named(job: &Job, name: &str) -> Option<GpuUuid> {
    let (node, index) = name.rsplit_once(':')?;
    let index: u32 = index.parse().ok()?;
    let live = job.attempt().map(|attempt| &attempt.lease);
    let leases = live
        .into_iter()
        .chain(job.past.iter().rev().map(|past| &past.lease));
    let mut gpus = leases.flat_map(Lease::gpus);
    gpus.find_map(|(on, gpu)| (on.as_str() == node && gpu.index == index).then(|| gpu.uuid.clone()))
}

fn holds(lease: &Lease, wanted: &GpuUuid) -> bool {
    lease.gpus().any(|(_, gpu)| gpu.uuid == *wanted)
}
