//! Alerts: those that are open are part of the state, the others are for looking back.

use berth_domain::{Alert, AlertId};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use crate::error::unreadable;
use crate::{Store, StoreError, int, micros};

impl Store {
    /// The last alerts, newest first, also those that are over.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn alerts(
        &self,
        before: Option<AlertId>,
        limit: u32,
    ) -> Result<Vec<Alert>, StoreError> {
        let before = before.map_or(i64::MAX, |id| int(id.0));
        let rows = sqlx::query("SELECT doc FROM alerts WHERE id < ? ORDER BY id DESC LIMIT ?")
            .bind(before)
            .bind(limit)
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(alert).collect()
    }

    /// One of them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn alert(&self, id: AlertId) -> Result<Option<Alert>, StoreError> {
        let row = sqlx::query("SELECT doc FROM alerts WHERE id = ?")
            .bind(int(id.0))
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(alert).transpose()
    }
}

pub(crate) async fn save(
    connection: &mut SqliteConnection,
    alert: &Alert,
) -> Result<(), StoreError> {
    let doc = serde_json::to_string(alert).map_err(StoreError::Write)?;
    sqlx::query(
        "INSERT OR REPLACE INTO alerts (id, opened_us, resolved_us, job, doc) VALUES (?, ?, ?, ?, ?)",
    )
    .bind(int(alert.id.0))
    .bind(micros(alert.opened_at))
    .bind(alert.resolved_at.map(micros))
    .bind(alert.finding.subject.job().map(|job| int(job.0)))
    .bind(doc)
    .execute(connection)
    .await?;
    Ok(())
}

/// Those that are not over.
pub(crate) async fn open(connection: &mut SqliteConnection) -> Result<Vec<Alert>, StoreError> {
    let rows = sqlx::query("SELECT doc FROM alerts WHERE resolved_us IS NULL")
        .fetch_all(connection)
        .await?;
    rows.iter().map(alert).collect()
}

/// The last number given out.
pub(crate) async fn last(connection: &mut SqliteConnection) -> Result<AlertId, StoreError> {
    let row = sqlx::query("SELECT coalesce(max(id), 0) FROM alerts")
        .fetch_one(connection)
        .await?;
    Ok(AlertId(row.get::<i64, _>(0).unsigned_abs()))
}

fn alert(row: &SqliteRow) -> Result<Alert, StoreError> {
    serde_json::from_str(row.try_get(0)?).map_err(unreadable("an alert"))
}
