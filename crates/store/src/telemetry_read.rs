//! What GPUs did, read.

use berth_domain::JobId;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::telemetry::{AttemptUse, Buckets, SeriesName};
use crate::{Store, StoreError, int};

impl Store {
    /// # Errors
    /// When the database cannot be read.
    pub async fn telemetry_names(&self) -> Result<Vec<SeriesName>, StoreError> {
        let rows = sqlx::query("SELECT id, kind, name FROM telemetry_names")
            .fetch_all(&self.readers)
            .await?;
        let name = |row: &SqliteRow| {
            Ok(SeriesName {
                id: row.try_get(0)?,
                kind: row.try_get(1)?,
                name: row.try_get(2)?,
            })
        };
        rows.iter().map(name).collect()
    }

    /// The last sample of each GPU.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn telemetry_marks(&self) -> Result<Option<Vec<u8>>, StoreError> {
        let row = sqlx::query("SELECT blob FROM telemetry_marks")
            .fetch_optional(&self.readers)
            .await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    /// The blocks of which something is not among the buckets yet.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn open_blocks(&self) -> Result<Vec<i64>, StoreError> {
        let rows = sqlx::query("SELECT DISTINCT block_s FROM telemetry_entries ORDER BY block_s")
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    /// What was added to a block that is not among the buckets yet, in the order added.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn block_entries(&self, block_s: i64) -> Result<Vec<Vec<u8>>, StoreError> {
        let rows = sqlx::query("SELECT blob FROM telemetry_entries WHERE block_s = ? ORDER BY id")
            .bind(block_s)
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    /// Buckets of every series that begin in `from_s..until_s`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn all_buckets(
        &self,
        tier: u8,
        from_s: i64,
        until_s: i64,
    ) -> Result<Vec<Buckets>, StoreError> {
        let rows = sqlx::query(
            "SELECT series, start_s, blob FROM telemetry_buckets \
             WHERE tier = ? AND start_s >= ? AND start_s < ?",
        )
        .bind(tier)
        .bind(from_s)
        .bind(until_s)
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(|row| buckets(row, tier)).collect()
    }

    /// Buckets of a series that begin in `from_s..until_s`, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn buckets(
        &self,
        series: i64,
        tier: u8,
        from_s: i64,
        until_s: i64,
    ) -> Result<Vec<Buckets>, StoreError> {
        let rows = sqlx::query(
            "SELECT series, start_s, blob FROM telemetry_buckets \
             WHERE series = ? AND tier = ? AND start_s >= ? AND start_s < ? ORDER BY start_s",
        )
        .bind(series)
        .bind(tier)
        .bind(from_s)
        .bind(until_s)
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(|row| buckets(row, tier)).collect()
    }

    /// What the attempts of a job did, by node and hour.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn uses_of(&self, job: JobId) -> Result<Vec<AttemptUse>, StoreError> {
        let rows = sqlx::query("SELECT * FROM telemetry_uses WHERE job = ?")
            .bind(int(job.0))
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(attempt_use).collect()
    }

    /// What all attempts did in the hours that begin in `from_s..until_s`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn uses_within(
        &self,
        from_s: i64,
        until_s: i64,
    ) -> Result<Vec<AttemptUse>, StoreError> {
        let rows = sqlx::query("SELECT * FROM telemetry_uses WHERE hour_s >= ? AND hour_s < ?")
            .bind(from_s)
            .bind(until_s)
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(attempt_use).collect()
    }
}

fn buckets(row: &SqliteRow, tier: u8) -> Result<Buckets, StoreError> {
    Ok(Buckets {
        series: row.try_get("series")?,
        tier,
        start_s: row.try_get("start_s")?,
        blob: row.try_get("blob")?,
    })
}

fn attempt_use(row: &SqliteRow) -> Result<AttemptUse, StoreError> {
    Ok(AttemptUse {
        job: row.try_get::<i64, _>("job")?.unsigned_abs(),
        attempt: row.try_get("attempt")?,
        node: row.try_get("node")?,
        hour_s: row.try_get("hour_s")?,
        observed_s: row.try_get("observed_s")?,
        busy_s: row.try_get("busy_s")?,
        working_known_s: row.try_get("working_known_s")?,
        working_s: row.try_get("working_s")?,
        power_known_s: row.try_get("power_known_s")?,
        energy_j: row.try_get("energy_j")?,
        peak_mem_bytes: row.try_get::<i64, _>("peak_mem_bytes")?.unsigned_abs(),
    })
}
