//! Figures over time, and the cluster at a time that is over.

use berth_domain::{Gpu, Node, Timestamp};
use berth_orchestrator::{Heard, HistoryError, Metric, PastError, Series, view_at};
use jiff::SignedDuration;

use super::reservations::{shown, time};
use super::{Context, store_error};
use crate::history::{
    BucketView, PastAnswer, SPARK_STEP_S, SPARK_STEPS, SeriesAnswer, SparklinesAnswer,
    whole_percent,
};
use crate::{ApiError, ErrorCode, convert};

const POINTS: u32 = 500;
const MOST_POINTS: u32 = 5000;
const LAST_HOUR: SignedDuration = SignedDuration::from_hours(1);

impl Context {
    pub(crate) async fn series(
        &self,
        kind: &str,
        name: Option<&str>,
        metric: &str,
        range: (Option<&str>, Option<&str>),
        points: Option<u32>,
    ) -> Result<SeriesAnswer, ApiError> {
        let series = Series::of(kind, name.unwrap_or_default()).ok_or_else(|| {
            let sentence = "There are series of a gpu, node, job, user or project by its name, and \
                            of the cluster without one.";
            ApiError::invalid("kind", sentence)
        })?;
        let metric = Metric::ALL.into_iter().find(|one| one.as_str() == metric);
        let metric = metric.ok_or_else(|| {
            let all = Metric::ALL.map(Metric::as_str).join(", ");
            ApiError::invalid("metric", format!("The metrics are {all}."))
        })?;
        let (since, until) = self.range(range, LAST_HOUR)?;
        let points = points.unwrap_or(POINTS).clamp(1, MOST_POINTS);
        let history = self.state.handle.history();
        let found = history.series(&series, (since, until), points).await;
        let found = found.map_err(history_error)?;
        let bucket = |row: &berth_orchestrator::Row| {
            let bucket = row.get(metric)?;
            Some(BucketView {
                at: Timestamp::from_second(row.start_s).ok()?,
                count: bucket.count,
                min: bucket.min,
                avg: bucket.avg,
                max: bucket.max,
                last: bucket.last,
            })
        };
        Ok(SeriesAnswer {
            since,
            until,
            step_s: found.step_s,
            buckets: found.rows.iter().filter_map(bucket).collect(),
        })
    }

    /// From `since` to `until`, which is now at the latest.
    pub(super) fn range(
        &self,
        (since, until): (Option<&str>, Option<&str>),
        usual: SignedDuration,
    ) -> Result<(Timestamp, Timestamp), ApiError> {
        let now = self.state.clock.now();
        let since = since.map(|text| time("since", text)).transpose()?;
        let until = until.map(|text| time("until", text)).transpose()?;
        let until = until.unwrap_or(now).min(now);
        let since = since.unwrap_or_else(|| until.checked_sub(usual).unwrap_or(Timestamp::MIN));
        if since >= until {
            let sentence = "`since` is not before `until` and now.";
            return Err(ApiError::invalid("since", sentence));
        }
        Ok((since, until))
    }

    pub(crate) async fn sparklines(&self) -> Result<SparklinesAnswer, ApiError> {
        let now = self.state.clock.now();
        let step = i64::from(SPARK_STEP_S);
        let last = now.as_second() - now.as_second().rem_euclid(step);
        let first = last - (i64::try_from(SPARK_STEPS).unwrap_or(1) - 1) * step;
        let since = Timestamp::from_second(first).unwrap_or(now);
        let history = self.state.handle.history();
        let kept = history.of_each_gpu(Metric::Busy, (since, now), step);
        let kept = kept.await.map_err(history_error)?;
        let view = self.view();
        let nodes = view.nodes.iter();
        let gpus = nodes.flat_map(|node| node.gpus.iter().map(move |gpu| (node, gpu)));
        let line = |(node, gpu): (&Node, &Gpu)| {
            let mut line = vec![None; SPARK_STEPS];
            for (start, busy) in kept.get(&gpu.uuid)? {
                let place = usize::try_from((start - first) / step).ok();
                if let Some(place) = place.and_then(|place| line.get_mut(place)) {
                    *place = Some(whole_percent(*busy));
                }
            }
            let known = line.iter().any(Option::is_some);
            known.then(|| (format!("{}:{}", node.name, gpu.index), line))
        };
        Ok(SparklinesAnswer {
            since,
            step_s: SPARK_STEP_S,
            busy: gpus.filter_map(line).collect(),
        })
    }

    pub(crate) async fn cluster_at(&self, at: &str) -> Result<PastAnswer, ApiError> {
        let at = time("at", at)?;
        let now = self.state.clock.now();
        let cpu_jobs = self.view().planning.policy.cpu_jobs_per_node;
        let view = view_at(&self.state.store, at, now, cpu_jobs).await;
        let view = view.map_err(past_error)?;
        let samples = self.state.handle.history().samples_at(at).await;
        let samples = std::sync::Arc::new(samples.map_err(history_error)?);
        let to = at.checked_add(SignedDuration::from_hours(24));
        let to = to.unwrap_or(Timestamp::MAX);
        let reservations = view.reservations.iter();
        let reservations = reservations
            .map(|one| shown(one, (at, to), at))
            .filter(|one| one.next.is_some() || !one.occurrences.is_empty());
        Ok(PastAnswer {
            at,
            reservations: reservations.collect(),
            // How it was known then is not kept.
            picture: convert::picture(&view, &samples, &Heard::default(), at),
        })
    }
}

#[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
pub(super) fn history_error(error: HistoryError) -> ApiError {
    tracing::error!(%error, "what GPUs did cannot be read");
    ApiError::new(
        ErrorCode::Internal,
        "What GPUs did cannot be read at the moment. Try again.",
    )
}

pub(super) fn past_error(error: PastError) -> ApiError {
    match error {
        PastError::NotOver | PastError::Before { .. } | PastError::Nothing => {
            ApiError::invalid("at", error.to_string())
        }
        PastError::Store(error) => store_error(error),
        PastError::Illegal(_) | PastError::Failed => {
            tracing::error!(%error, "the past cannot be shown");
            ApiError::new(
                ErrorCode::Internal,
                "That time cannot be put together from the journal.",
            )
        }
    }
}
