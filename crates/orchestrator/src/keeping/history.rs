//! Reading what was kept: from disk, and for the last minutes from what is not put away yet.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use berth_domain::{GpuSample, GpuUuid, Timestamp};
use berth_store::{Store, StoreError};
use berth_telemetry::Batch;
use berth_telemetry::rollup::{BadBlob, Metric, Row, Series, SeriesId, Tier, rows};
use tokio::sync::mpsc;

use super::Shared;
use crate::clock::Clock;

/// A tier may have so many times more buckets than were asked for: they are gathered.
const GATHERED: i64 = 8;
/// How far before a time the last sample may be to tell of it.
const NEAR_S: i64 = 15;

/// What GPUs did, and the door for batches of samples. Cheap to clone.
#[derive(Clone, Debug)]
pub struct History {
    store: Store,
    keeper: Shared,
    clock: Clock,
    batches: mpsc::Sender<Batch>,
}

/// A range of a series.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SeriesRows {
    /// How wide each bucket is.
    pub step_s: i64,
    /// Oldest first; times of which nothing is known have none.
    pub rows: Vec<Row>,
}

/// Why what was kept cannot be read, or not be written.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Bad(#[from] BadBlob),
}

impl History {
    pub(super) fn new(
        store: Store,
        keeper: Shared,
        clock: Clock,
        batches: mpsc::Sender<Batch>,
    ) -> Self {
        History {
            store,
            keeper,
            clock,
            batches,
        }
    }

    /// Where batches of samples go. It waits while the disk cannot keep up.
    #[must_use]
    pub fn batches(&self) -> mpsc::Sender<Batch> {
        self.batches.clone()
    }

    /// A range of a series in at most so many buckets, and one more where it begins within one; as fine
    /// as it is still kept.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn series(
        &self,
        series: &Series,
        (from, until): (Timestamp, Timestamp),
        most: u32,
    ) -> Result<SeriesRows, HistoryError> {
        let (from, until) = (
            from.as_second(),
            until.as_second().max(from.as_second()) + 1,
        );
        let most = i64::from(most.max(1));
        let age = self.clock.now().as_second() - from;
        let kept = |tier: &Tier| tier.kept_s().is_none_or(|kept| age <= kept);
        let fits = |tier: &Tier| (until - from) / tier.width_s() <= most * GATHERED;
        let mut tiers = Tier::ALL.into_iter().filter(kept);
        let tier = tiers.find(fits).unwrap_or(Tier::Hour);
        let count = (until - from + tier.width_s() - 1) / tier.width_s();
        let step_s = tier.width_s() * ((count + most - 1) / most).max(1);
        let found = self.keeper.read().find(series);
        let Some(id) = found else {
            return Ok(SeriesRows {
                step_s,
                rows: vec![],
            });
        };
        let mut rows = self.read(id, tier, from, until).await?;
        rows.retain(|row| row.start_s + tier.width_s() > from && row.start_s < until);
        Ok(SeriesRows {
            step_s,
            rows: Row::gather(&rows, step_s),
        })
    }

    /// Buckets of a tier that touch `from..until`, and some around them.
    async fn read(
        &self,
        id: SeriesId,
        tier: Tier,
        from: i64,
        until: i64,
    ) -> Result<Vec<Row>, HistoryError> {
        if tier == Tier::Hour {
            return self.hours(id, from, until).await;
        }
        // First what is not put away: it may be on disk as well a moment later.
        let open = self.keeper.read().open_rows(id, tier, (from, until));
        let begin = from - from.rem_euclid(tier.blob_s());
        let on_disk = self
            .store
            .buckets(id.0, tier.number(), begin, until)
            .await?;
        let mut blocks: BTreeMap<i64, Vec<Row>> = BTreeMap::new();
        for one in on_disk {
            blocks.insert(one.start_s, rows(&one.blob, one.start_s, tier)?);
        }
        blocks.extend(open);
        Ok(blocks.into_values().flatten().collect())
    }

    /// Hours; those of which a part is not put away are made of their minutes.
    async fn hours(&self, id: SeriesId, from: i64, until: i64) -> Result<Vec<Row>, HistoryError> {
        let width = Tier::Hour.width_s();
        let (begin, end) = (from - from.rem_euclid(width), until);
        let end = end + (-end).rem_euclid(width);
        let open = self.keeper.read().open_rows(id, Tier::Minute, (begin, end));
        let unfinished: BTreeSet<i64> = open
            .iter()
            .map(|(start, _)| start - start.rem_euclid(width))
            .collect();
        let tier = Tier::Hour.number();
        let on_disk = self.store.buckets(id.0, tier, begin, end).await?;
        let mut hours: Vec<Row> = Vec::new();
        for one in on_disk {
            if !unfinished.contains(&one.start_s) {
                hours.extend(rows(&one.blob, one.start_s, Tier::Hour)?);
            }
        }
        for hour in unfinished {
            let minutes = Box::pin(self.read(id, Tier::Minute, hour, hour + width)).await?;
            hours.extend(Row::gather(&minutes, width));
        }
        hours.sort_by_key(|row| row.start_s);
        Ok(hours)
    }

    /// Every GPU's buckets of a tier that touch `from..until`, and some around them, oldest first.
    async fn each(
        &self,
        tier: Tier,
        from: i64,
        until: i64,
    ) -> Result<Vec<(GpuUuid, Vec<Row>)>, HistoryError> {
        // First what is not put away: it may be on disk as well a moment later.
        let (gpus, open) = {
            let keeper = self.keeper.read();
            let gpus = keeper.gpus();
            let rows = |id: SeriesId| keeper.open_rows(id, tier, (from, until));
            let open: Vec<_> = gpus.iter().map(|(_, id)| (*id, rows(*id))).collect();
            (gpus, open)
        };
        let begin = from - from.rem_euclid(tier.blob_s());
        let on_disk = self.store.all_buckets(tier.number(), begin, until).await?;
        let mut blocks: HashMap<SeriesId, BTreeMap<i64, Vec<Row>>> = HashMap::new();
        for one in on_disk {
            let rows = rows(&one.blob, one.start_s, tier)?;
            let of_it = blocks.entry(SeriesId(one.series)).or_default();
            of_it.insert(one.start_s, rows);
        }
        for (id, open) in open {
            blocks.entry(id).or_default().extend(open);
        }
        let rows = |(gpu, id): (GpuUuid, SeriesId)| {
            let blocks = blocks.remove(&id)?;
            Some((gpu, blocks.into_values().flatten().collect()))
        };
        Ok(gpus.into_iter().filter_map(rows).collect())
    }

    /// A metric of every GPU over some time, gathered into steps of `step_s` seconds that begin at
    /// multiples of it: for each GPU when a step begins, and the mean in it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn of_each_gpu(
        &self,
        metric: Metric,
        (from, until): (Timestamp, Timestamp),
        step_s: i64,
    ) -> Result<HashMap<GpuUuid, Vec<(i64, f64)>>, HistoryError> {
        let (from, until) = (from.as_second(), until.as_second());
        let rows = self.each(Tier::TenSeconds, from, until).await?;
        let steps = |(gpu, rows): (GpuUuid, Vec<Row>)| {
            let steps = Row::gather(&rows, step_s).into_iter();
            let steps = steps.filter(|row| row.start_s + step_s > from && row.start_s < until);
            let steps = steps.filter_map(|row| Some((row.start_s, row.get(metric)?.avg)));
            (gpu, steps.collect())
        };
        Ok(rows.into_iter().map(steps).collect())
    }

    /// What each GPU did at a time, as fine as it is still kept; none of a GPU of which nothing is
    /// known then.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn samples_at(
        &self,
        at: Timestamp,
    ) -> Result<HashMap<GpuUuid, GpuSample>, HistoryError> {
        let second = at.as_second();
        let age = self.clock.now().as_second() - second;
        let kept = |tier: &Tier| tier.kept_s().is_none_or(|kept| age <= kept);
        let tier = Tier::ALL.into_iter().find(kept).unwrap_or(Tier::Hour);
        // The last before that time, if it is not far.
        let near = second - NEAR_S.max(tier.width_s());
        let rows = self.each(tier, near + 1, second + 1).await?;
        let sample = |(gpu, rows): (GpuUuid, Vec<Row>)| {
            let last = rows.into_iter().rfind(|row| row.start_s <= second);
            let last = last.filter(|row| row.start_s > near)?;
            Some((gpu.clone(), sample(gpu, &last)))
        };
        Ok(rows.into_iter().filter_map(sample).collect())
    }
}

/// A bucket's averages, as if they had been sampled.
fn sample(gpu: GpuUuid, row: &Row) -> GpuSample {
    #[expect(clippy::cast_possible_truncation, reason = "kept no finer")]
    let avg = |metric: Metric| row.get(metric).map(|bucket| bucket.avg as f32);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "bytes are no fewer than none"
    )]
    let bytes = |metric: Metric| row.get(metric).map(|bucket| bucket.avg.max(0.0) as u64);
    GpuSample {
        busy_pct: avg(Metric::Busy),
        sm_active_pct: avg(Metric::Working),
        sm_occupancy_pct: avg(Metric::Occupancy),
        tensor_active_pct: avg(Metric::Tensor),
        mem_used_bytes: bytes(Metric::Memory),
        power_w: avg(Metric::Power),
        temp_c: avg(Metric::Temperature),
        ..GpuSample::of(gpu)
    }
}
