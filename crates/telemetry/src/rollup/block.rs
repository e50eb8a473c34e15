//! Five minutes of seconds, of every series.

use std::collections::HashMap;

use berth_domain::Timestamp;

use super::bucket::{Bucket, Row};
use super::metric::{Metric, OverGpus, Values};
use super::series::{NONE, SeriesId};
use super::tier::Tier;

/// How much time a block covers.
pub const BLOCK_S: i64 = 300;
#[expect(clippy::cast_possible_truncation, reason = "300")]
pub(crate) const SLOTS: usize = BLOCK_S as usize;

/// The start of the block of a second.
#[must_use]
pub fn block_of(second: i64) -> i64 {
    second - second.rem_euclid(BLOCK_S)
}

/// The second of a moment.
pub(crate) fn second_of(at: Timestamp) -> i64 {
    at.as_microsecond().div_euclid(1_000_000)
}

/// What one GPU adds at one second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry {
    pub(crate) second: i64,
    /// Its own series; none for a second that it has no sample of, but which its last one stands for.
    pub(crate) gpu: SeriesId,
    /// What it belongs to.
    pub(crate) groups: [SeriesId; 5],
    pub(crate) values: Values,
}

/// One metric of one series.
#[derive(Clone, Debug)]
pub(crate) enum Column {
    /// Of a GPU; NaN where it is not known.
    One(Box<[f32; SLOTS]>),
    /// Of a group: of how many GPUs it is known, and their sum, or the most of them.
    Many(Box<([u16; SLOTS], [f64; SLOTS])>),
}

impl Column {
    pub(crate) fn one() -> Self {
        Column::One(Box::new([f32::NAN; SLOTS]))
    }

    pub(crate) fn many() -> Self {
        Column::Many(Box::new(([0; SLOTS], [0.0; SLOTS])))
    }

    fn add(&mut self, slot: usize, value: f32, over: OverGpus) {
        match self {
            Column::One(values) => values[slot] = value,
            Column::Many(column) => {
                let (counts, sums) = &mut **column;
                let value = f64::from(value);
                sums[slot] = match over {
                    OverGpus::Most if counts[slot] > 0 => sums[slot].max(value),
                    OverGpus::Most => value,
                    OverGpus::Mean | OverGpus::Sum => sums[slot] + value,
                };
                counts[slot] = counts[slot].saturating_add(1);
            }
        }
    }

    fn value(&self, slot: usize, over: OverGpus) -> Option<f64> {
        match self {
            Column::One(values) => Some(f64::from(values[slot])).filter(|value| !value.is_nan()),
            Column::Many(column) => {
                let (counts, sums) = &**column;
                let count = Some(counts[slot]).filter(|count| *count > 0)?;
                Some(match over {
                    OverGpus::Mean => sums[slot] / f64::from(count),
                    OverGpus::Sum | OverGpus::Most => sums[slot],
                })
            }
        }
    }
}

/// The seconds of a series, by [`Metric::index`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Seconds {
    pub(crate) columns: [Option<Column>; Metric::ALL.len()],
    /// Not as it is on disk.
    changed: bool,
}

impl Seconds {
    fn add(&mut self, slot: usize, values: &Values, new: fn() -> Column) {
        self.changed = true;
        for (metric, column) in Metric::ALL.into_iter().zip(&mut self.columns) {
            let value = values[metric.index()];
            if !value.is_nan() {
                let column = column.get_or_insert_with(new);
                column.add(slot, value, metric.over_gpus());
            }
        }
    }

    /// As buckets of a tier up to a minute.
    pub(crate) fn rows(&self, start: i64, tier: Tier) -> Vec<Row> {
        let mut rows: Vec<Row> = Vec::new();
        let width = tier.width_s();
        for (slot, second) in (0..SLOTS).zip(start..) {
            let at = second - second.rem_euclid(width);
            for (metric, column) in Metric::ALL.into_iter().zip(&self.columns) {
                let value = column
                    .as_ref()
                    .and_then(|column| column.value(slot, metric.over_gpus()));
                let Some(value) = value else { continue };
                if rows.last().is_none_or(|row| row.start_s != at) {
                    rows.push(Row::new(at));
                }
                if let Some(row) = rows.last_mut() {
                    row.metrics[metric.index()].merge(&Bucket::of(value));
                }
            }
        }
        rows
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) start: i64,
    series: HashMap<SeriesId, Seconds>,
    /// When something was added last.
    touched: i64,
}

impl Block {
    /// From what is on disk of it.
    pub(crate) fn new(start: i64, on_disk: HashMap<SeriesId, Seconds>) -> Self {
        Block {
            start,
            series: on_disk,
            touched: start,
        }
    }

    pub(crate) fn add(&mut self, entry: &Entry, now: i64) {
        let Ok(slot) = usize::try_from(entry.second - self.start) else {
            return;
        };
        if slot >= SLOTS {
            return;
        }
        self.touched = now;
        if entry.gpu != NONE {
            let own = self.series.entry(entry.gpu).or_default();
            own.add(slot, &entry.values, Column::one);
        }
        for id in entry.groups.iter().filter(|id| **id != NONE) {
            let group = self.series.entry(*id).or_default();
            group.add(slot, &entry.values, Column::many);
        }
    }

    /// Whether its time is over and nothing came for a while.
    pub(crate) fn is_quiet(&self, now: i64, patience: i64) -> bool {
        now >= (self.start + BLOCK_S).max(self.touched) + patience
    }

    pub(crate) fn changed(&self) -> impl Iterator<Item = (SeriesId, &Seconds)> {
        let changed = self.series.iter().filter(|(_, seconds)| seconds.changed);
        changed.map(|(id, seconds)| (*id, seconds))
    }

    /// Of an hour those of a minute: the rest of the hour is not here.
    pub(crate) fn rows(&self, id: SeriesId, tier: Tier) -> Vec<Row> {
        let seconds = self.series.get(&id);
        seconds.map_or_else(Vec::new, |seconds| self.rows_of(seconds, tier))
    }

    pub(crate) fn rows_of(&self, seconds: &Seconds, tier: Tier) -> Vec<Row> {
        seconds.rows(self.start, tier.min(Tier::Minute))
    }
}
