//! What GPUs did, written: what was added since the last time in one small transaction, and now and
//! then a block of five minutes as a whole. What the blobs hold is not known here.

use crate::{Store, StoreError, int};

/// The number under which a series' figures are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesName {
    pub id: i64,
    pub kind: String,
    pub name: String,
}

/// Buckets of a series, side by side in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buckets {
    pub series: i64,
    pub tier: u8,
    pub start_s: i64,
    pub blob: Vec<u8>,
}

/// What an attempt did on a node in an hour; all but the last are sums over its GPUs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AttemptUse {
    pub job: u64,
    pub attempt: u32,
    /// Of [`SeriesName::id`].
    pub node: i64,
    pub hour_s: i64,
    pub observed_s: f64,
    pub busy_s: f64,
    pub working_known_s: f64,
    pub working_s: f64,
    pub power_known_s: f64,
    pub energy_j: f64,
    /// The most of one of its GPUs.
    pub peak_mem_bytes: u64,
}

/// What is written together.
#[derive(Clone, Debug, Default)]
pub struct Added {
    pub names: Vec<SeriesName>,
    /// The start of the block that each belongs to.
    pub entries: Vec<(i64, Vec<u8>)>,
    pub marks: Option<Vec<u8>>,
    /// Added to what is there.
    pub uses: Vec<AttemptUse>,
}

impl Store {
    /// Writes what was added, or nothing of it.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn add_telemetry(&self, added: &Added) -> Result<(), StoreError> {
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        for name in &added.names {
            sqlx::query("INSERT OR REPLACE INTO telemetry_names (id, kind, name) VALUES (?, ?, ?)")
                .bind(name.id)
                .bind(&name.kind)
                .bind(&name.name)
                .execute(&mut *transaction)
                .await?;
        }
        for (block, blob) in &added.entries {
            sqlx::query("INSERT INTO telemetry_entries (block_s, blob) VALUES (?, ?)")
                .bind(block)
                .bind(blob)
                .execute(&mut *transaction)
                .await?;
        }
        if let Some(marks) = &added.marks {
            sqlx::query("INSERT OR REPLACE INTO telemetry_marks (one, blob) VALUES (1, ?)")
                .bind(marks)
                .execute(&mut *transaction)
                .await?;
        }
        for one in &added.uses {
            sqlx::query(
                "INSERT INTO telemetry_uses (job, attempt, node, hour_s, observed_s, busy_s, \
                 working_known_s, working_s, power_known_s, energy_j, peak_mem_bytes) \
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
                 ON CONFLICT (job, attempt, node, hour_s) DO UPDATE SET \
                 observed_s = observed_s + excluded.observed_s, \
                 busy_s = busy_s + excluded.busy_s, \
                 working_known_s = working_known_s + excluded.working_known_s, \
                 working_s = working_s + excluded.working_s, \
                 power_known_s = power_known_s + excluded.power_known_s, \
                 energy_j = energy_j + excluded.energy_j, \
                 peak_mem_bytes = max(peak_mem_bytes, excluded.peak_mem_bytes)",
            )
            .bind(int(one.job))
            .bind(one.attempt)
            .bind(one.node)
            .bind(one.hour_s)
            .bind(one.observed_s)
            .bind(one.busy_s)
            .bind(one.working_known_s)
            .bind(one.working_s)
            .bind(one.power_known_s)
            .bind(one.energy_j)
            .bind(int(one.peak_mem_bytes))
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Writes a block's buckets in place of its entries, or nothing of it.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn close_block(&self, block_s: i64, buckets: &[Buckets]) -> Result<(), StoreError> {
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        for one in buckets {
            sqlx::query(
                "INSERT INTO telemetry_buckets (series, tier, start_s, blob) VALUES (?, ?, ?, ?) \
                 ON CONFLICT (series, tier, start_s) DO UPDATE SET blob = excluded.blob",
            )
            .bind(one.series)
            .bind(one.tier)
            .bind(one.start_s)
            .bind(&one.blob)
            .execute(&mut *transaction)
            .await?;
        }
        sqlx::query("DELETE FROM telemetry_entries WHERE block_s = ?")
            .bind(block_s)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Removes buckets of a tier that begin before then, but not more than a few thousand at once:
    /// whoever submits a job waits for it. Returns how many it removed.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn prune_telemetry(&self, tier: u8, before_s: i64) -> Result<u64, StoreError> {
        const AT_ONCE: u32 = 5000;
        let done = sqlx::query(
            "DELETE FROM telemetry_buckets WHERE rowid IN (SELECT rowid FROM telemetry_buckets \
             WHERE tier = ? AND start_s < ? LIMIT ?)",
        )
        .bind(tier)
        .bind(before_s)
        .bind(AT_ONCE)
        .execute(&self.writer)
        .await?;
        Ok(done.rows_affected())
    }
}
