//! Many values as five numbers.

use super::metric::Metric;

/// What is known of a metric over a time. Without values all numbers are 0.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bucket {
    /// In how many seconds it was known.
    pub count: u32,
    pub min: f32,
    pub avg: f64,
    pub max: f32,
    pub last: f32,
}

impl Bucket {
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "stored no finer")]
    pub fn of(value: f64) -> Self {
        let stored = value as f32;
        Bucket {
            count: 1,
            min: stored,
            avg: value,
            max: stored,
            last: stored,
        }
    }

    /// Adds what came later.
    pub fn merge(&mut self, later: &Bucket) {
        if self.count == 0 {
            *self = *later;
        } else if later.count > 0 {
            let (before, after) = (f64::from(self.count), f64::from(later.count));
            self.avg = (self.avg * before + later.avg * after) / (before + after);
            self.min = self.min.min(later.min);
            self.max = self.max.max(later.max);
            self.last = later.last;
            self.count = self.count.saturating_add(later.count);
        }
    }

    /// One value, however often it was seen.
    pub(crate) fn is_flat(&self) -> bool {
        #[expect(clippy::cast_possible_truncation, reason = "stored no finer")]
        let avg = self.avg as f32;
        let same = |value: f32| value.to_bits() == self.min.to_bits();
        same(self.max) && same(self.last) && same(avg)
    }
}

/// All metrics of a series over one bucket's time.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// When the bucket begins, in seconds since 1970.
    pub start_s: i64,
    /// By [`Metric::index`].
    pub metrics: [Bucket; Metric::ALL.len()],
}

impl Row {
    #[must_use]
    pub fn new(start_s: i64) -> Self {
        Row {
            start_s,
            metrics: [Bucket::default(); Metric::ALL.len()],
        }
    }

    /// `None` when the metric was not known.
    #[must_use]
    pub fn get(&self, metric: Metric) -> Option<&Bucket> {
        Some(&self.metrics[metric.index()]).filter(|bucket| bucket.count > 0)
    }

    pub fn merge(&mut self, later: &Row) {
        for (bucket, later) in self.metrics.iter_mut().zip(&later.metrics) {
            bucket.merge(later);
        }
    }

    /// Rows in order of time, gathered into wider buckets of `step_s` seconds.
    #[must_use]
    pub fn gather(rows: &[Row], step_s: i64) -> Vec<Row> {
        let mut wide: Vec<Row> = Vec::new();
        for row in rows {
            let start = row.start_s - row.start_s.rem_euclid(step_s);
            match wide.last_mut() {
                Some(last) if last.start_s == start => last.merge(row),
                _ => wide.push(Row {
                    start_s: start,
                    metrics: row.metrics,
                }),
            }
        }
        wide
    }
}
