//! Reading the journal.

use berth_domain::{JobId, Record, Seq, Timestamp};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::error::unreadable;
use crate::{Store, StoreError, int};

impl Store {
    /// Entries after `after`, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn journal(&self, after: Seq, limit: u32) -> Result<Vec<Record>, StoreError> {
        let rows = sqlx::query(
            "SELECT seq, at_us, actor, event FROM journal WHERE seq > ? ORDER BY seq LIMIT ?",
        )
        .bind(int(after.0))
        .bind(limit)
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(record).collect()
    }

    /// A job's entries after `after`, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn job_events(
        &self,
        job: JobId,
        after: Seq,
        limit: u32,
    ) -> Result<Vec<Record>, StoreError> {
        let rows = sqlx::query(
            "SELECT seq, at_us, actor, event FROM journal \
             WHERE job = ? AND seq > ? ORDER BY seq LIMIT ?",
        )
        .bind(int(job.0))
        .bind(int(after.0))
        .bind(limit)
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(record).collect()
    }
}

pub(crate) fn record(row: &SqliteRow) -> Result<Record, StoreError> {
    let seq: i64 = row.try_get("seq")?;
    let at: i64 = row.try_get("at_us")?;
    let (actor, event): (&str, &str) = (row.try_get("actor")?, row.try_get("event")?);
    let at =
        Timestamp::from_microsecond(at).map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
    Ok(Record {
        seq: Seq(seq.unsigned_abs()),
        at,
        actor: serde_json::from_str(actor).map_err(unreadable(format!("actor of event {seq}")))?,
        event: serde_json::from_str(event).map_err(unreadable(format!("event {seq}")))?,
    })
}
