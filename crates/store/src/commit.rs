//! The one write of the control loop.

use std::collections::HashMap;

use berth_domain::job::Job;
use berth_domain::state::{Changes, Counters};
use berth_domain::{JobId, Record, Seq};
use sqlx::SqliteConnection;

use crate::alerts;
use crate::audit;
use crate::campaigns;
use crate::cards;
use crate::forecasts::{self, Foretold};
use crate::lives;
use crate::{Store, StoreError, int, micros};

impl Store {
    /// One transaction: appends the records to the journal, and writes what they change and the
    /// forecasts that were made since the last one.
    ///
    /// # Errors
    /// When anything of it cannot be written; then nothing is.
    pub async fn commit(
        &self,
        records: &[Record],
        changes: &Changes,
        counters: Counters,
        made: &[Foretold],
    ) -> Result<(), StoreError> {
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        forecasts::insert(&mut transaction, made).await?;
        for record in records {
            append(&mut transaction, record).await?;
            forecasts::settle(&mut transaction, record).await?;
            lives::live(&mut transaction, record).await?;
        }
        let ends: HashMap<JobId, Seq> = records
            .iter()
            .filter_map(|record| Some((record.event.job()?, record.seq)))
            .collect();
        for job in &changes.jobs {
            save_job(&mut transaction, job, ends.get(&job.id).copied()).await?;
        }
        for node in &changes.nodes {
            let doc = serde_json::to_string(node).map_err(StoreError::Write)?;
            sqlx::query("INSERT OR REPLACE INTO nodes (name, doc) VALUES (?, ?)")
                .bind(node.name.as_str())
                .bind(doc)
                .execute(&mut *transaction)
                .await?;
        }
        if let Some(policy) = &changes.policy {
            let doc = serde_json::to_string(policy).map_err(StoreError::Write)?;
            save_setting(&mut transaction, "policy", doc).await?;
        }
        if let Some(quotas) = &changes.quotas {
            let doc = serde_json::to_string(quotas).map_err(StoreError::Write)?;
            save_setting(&mut transaction, "quotas", doc).await?;
        }
        if let Some(projects) = &changes.projects {
            let doc = serde_json::to_string(projects).map_err(StoreError::Write)?;
            save_setting(&mut transaction, "projects", doc).await?;
        }
        if let Some(cordons) = &changes.cordons {
            let doc = serde_json::to_string(cordons).map_err(StoreError::Write)?;
            save_setting(&mut transaction, "cordons", doc).await?;
        }
        if let Some(foreign) = &changes.foreign {
            let doc = serde_json::to_string(foreign).map_err(StoreError::Write)?;
            save_setting(&mut transaction, "foreign", doc).await?;
        }
        if let Some(agents) = &changes.agents {
            let doc = serde_json::to_string(agents).map_err(StoreError::Write)?;
            save_setting(&mut transaction, "agents", doc).await?;
        }
        for card in &changes.cards {
            cards::save(&mut transaction, card).await?;
        }
        campaigns::save(&mut transaction, changes).await?;
        for alert in &changes.alerts {
            alerts::save(&mut transaction, alert).await?;
        }
        for reservation in &changes.reservations {
            let doc = serde_json::to_string(reservation).map_err(StoreError::Write)?;
            sqlx::query("INSERT OR REPLACE INTO reservations (id, doc) VALUES (?, ?)")
                .bind(int(reservation.id.0))
                .bind(doc)
                .execute(&mut *transaction)
                .await?;
        }
        sqlx::query("UPDATE counters SET last_job = ?, last_ordinal = ?")
            .bind(int(counters.last_job))
            .bind(int(counters.last_ordinal))
            .execute(&mut *transaction)
            .await?;
        if let Some(entry) = &changes.audit {
            audit::insert(&mut transaction, entry).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

async fn append(connection: &mut SqliteConnection, record: &Record) -> Result<(), StoreError> {
    let actor = serde_json::to_string(&record.actor).map_err(StoreError::Write)?;
    let event = serde_json::to_string(&record.event).map_err(StoreError::Write)?;
    sqlx::query("INSERT INTO journal (seq, at_us, actor, job, event) VALUES (?, ?, ?, ?, ?)")
        .bind(int(record.seq.0))
        .bind(micros(record.at))
        .bind(actor)
        .bind(record.event.job().map(|job| int(job.0)))
        .bind(event)
        .execute(connection)
        .await?;
    Ok(())
}

async fn save_setting(
    connection: &mut SqliteConnection,
    name: &str,
    doc: String,
) -> Result<(), StoreError> {
    sqlx::query("INSERT OR REPLACE INTO settings (name, doc) VALUES (?, ?)")
        .bind(name)
        .bind(doc)
        .execute(connection)
        .await?;
    Ok(())
}

async fn save_job(
    connection: &mut SqliteConnection,
    job: &Job,
    last: Option<Seq>,
) -> Result<(), StoreError> {
    let doc = serde_json::to_string(job).map_err(StoreError::Write)?;
    let array = job.spec.array.map(|task| task.array);
    // The tasks of an array share a key; it leads to the first.
    let key = job
        .key
        .as_deref()
        .filter(|_| array.is_none_or(|array| array == job.id));
    sqlx::query(
        "INSERT OR REPLACE INTO jobs (id, owner, name, project, state, outcome, array_id, \
         submitted_us, started_us, finished_us, ended_seq, key, doc) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(int(job.id.0))
    .bind(job.owner.as_str())
    .bind(job.spec.name.as_str())
    .bind(job.spec.project.as_deref())
    .bind(job.name().as_str())
    .bind(job.outcome().map(berth_domain::Outcome::token))
    .bind(array.map(|array| int(array.0)))
    .bind(micros(job.submitted_at))
    .bind(job.started_at().map(micros))
    .bind(job.finished_at().map(micros))
    .bind(last.filter(|_| job.is_finished()).map(|seq| int(seq.0)))
    .bind(key)
    .bind(doc)
    .execute(connection)
    .await?;
    Ok(())
}
