//! Forecasts, kept to be judged by what happened: what was said when a job was first left waiting,
//! and when it started.

use berth_domain::{Event, JobId, Record, Timestamp};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use crate::{Store, StoreError, int, micros, time};

/// What was foretold of a job's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Foretold {
    pub job: JobId,
    pub made_at: Timestamp,
    /// How long the queue alone made it wait, in seconds.
    pub queue_s: u32,
    /// As likely earlier as later.
    pub p50: Timestamp,
    /// Nine times of ten by then.
    pub p90: Timestamp,
}

impl Store {
    /// Keeps new forecasts when nothing else is to be written; see [`Store::commit`].
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn keep_forecasts(&self, made: &[Foretold]) -> Result<(), StoreError> {
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        insert(&mut transaction, made).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Forecasts made since then, oldest first. Those of jobs that ended without a start are gone.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn forecasts(&self, since: Timestamp) -> Result<Vec<Foretold>, StoreError> {
        let rows = sqlx::query(
            "SELECT job, made_us, queue_s, p50_us, p90_us FROM forecasts \
             WHERE made_us >= ? ORDER BY made_us, job",
        )
        .bind(micros(since))
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(foretold).collect()
    }

    /// Forecasts of jobs that started since then, in the order of their starts, and when each got
    /// its lease.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn forecasts_of_starts(
        &self,
        since: Timestamp,
    ) -> Result<Vec<(Foretold, Timestamp)>, StoreError> {
        let rows = sqlx::query(
            "SELECT job, made_us, queue_s, p50_us, p90_us, started_us FROM forecasts \
             WHERE started_us >= ? ORDER BY started_us, job",
        )
        .bind(micros(since))
        .fetch_all(&self.readers)
        .await?;
        let both = |row| Ok((foretold(row)?, time(row.try_get("started_us")?)?));
        rows.iter().map(both).collect()
    }
}

/// All in one statement: there may be thousands when a long queue is first looked at.
pub(crate) async fn insert(
    connection: &mut SqliteConnection,
    made: &[Foretold],
) -> Result<(), StoreError> {
    if made.is_empty() {
        return Ok(());
    }
    let row = |one: &Foretold| {
        let times = [one.made_at, one.p50, one.p90].map(micros);
        (int(one.job.0), one.queue_s, times)
    };
    let rows: Vec<_> = made.iter().map(row).collect();
    let rows = serde_json::to_string(&rows).map_err(StoreError::Write)?;
    sqlx::query(
        "INSERT OR IGNORE INTO forecasts (job, queue_s, made_us, p50_us, p90_us) \
         SELECT value->>0, value->>1, value->>'$[2][0]', value->>'$[2][1]', value->>'$[2][2]' \
         FROM json_each(?)",
    )
    .bind(rows)
    .execute(connection)
    .await?;
    Ok(())
}

/// What an event says of a forecast: it came true, or it never will.
pub(crate) async fn settle(
    connection: &mut SqliteConnection,
    record: &Record,
) -> Result<(), StoreError> {
    match &record.event {
        Event::AttemptStarting { attempt, .. } => {
            sqlx::query("UPDATE forecasts SET started_us = ? WHERE job = ? AND started_us IS NULL")
                .bind(micros(record.at))
                .bind(int(attempt.job.0))
                .execute(connection)
                .await?;
        }
        Event::JobFinished { job, .. } => {
            sqlx::query("DELETE FROM forecasts WHERE job = ? AND started_us IS NULL")
                .bind(int(job.0))
                .execute(connection)
                .await?;
        }
        _ => {}
    }
    Ok(())
}

fn foretold(row: &SqliteRow) -> Result<Foretold, StoreError> {
    Ok(Foretold {
        job: JobId(row.try_get::<i64, _>("job")?.unsigned_abs()),
        made_at: time(row.try_get("made_us")?)?,
        queue_s: row.try_get("queue_s")?,
        p50: time(row.try_get("p50_us")?)?,
        p90: time(row.try_get("p90_us")?)?,
    })
}
