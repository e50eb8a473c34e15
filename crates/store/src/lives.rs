//! How jobs fared, in few numbers: a projection of the journal, event by event, for looking back over
//! many of them without reading whole jobs.

use berth_domain::event::Then;
use berth_domain::{AttemptId, Event, JobId, JobSpec, Record, Seq, StopCause, Timestamp};
use sqlx::{Row, SqliteConnection};

use crate::{Store, StoreError, int, micros};

/// So many entries of the journal are read at once when the tables are made anew.
const PAGE: u32 = 5000;

/// What an event says of the life of its job. Called for each event, in their order.
pub(crate) async fn live(
    connection: &mut SqliteConnection,
    record: &Record,
) -> Result<(), StoreError> {
    let at = record.at;
    match &record.event {
        Event::JobSubmitted {
            job, owner, spec, ..
        } => {
            sqlx::query(
                "INSERT OR REPLACE INTO lives (job, owner, class, nodes, gpus, ready_us) \
                 VALUES (?, ?, '', 0, 0, ?)",
            )
            .bind(int(job.0))
            .bind(owner.as_str())
            .bind(micros(at))
            .execute(&mut *connection)
            .await?;
            asks(connection, *job, spec).await
        }
        Event::JobUpdated { job, spec } => asks(connection, *job, spec).await,
        Event::JobReleased { job } => {
            sqlx::query("UPDATE lives SET ready_us = ? WHERE job = ? AND granted_us IS NULL")
                .bind(micros(at))
                .bind(int(job.0))
                .execute(connection)
                .await?;
            Ok(())
        }
        Event::AttemptStarting { attempt, lease } => {
            start(connection, *attempt, at).await?;
            for part in &lease.0 {
                sqlx::query(
                    "INSERT OR REPLACE INTO held (job, attempt, node, gpus) VALUES (?, ?, ?, ?)",
                )
                .bind(int(attempt.job.0))
                .bind(attempt.number)
                .bind(part.node.as_str())
                .bind(u32::try_from(part.gpus.len()).unwrap_or(u32::MAX))
                .execute(&mut *connection)
                .await?;
            }
            Ok(())
        }
        Event::AttemptStopping { attempt, cause } => {
            sqlx::query("UPDATE attempts SET stopped = ? WHERE job = ? AND attempt = ?")
                .bind(queued_again_by(cause))
                .bind(int(attempt.job.0))
                .bind(attempt.number)
                .execute(connection)
                .await?;
            Ok(())
        }
        Event::AttemptExited {
            attempt,
            exit,
            then,
        } => {
            // Who is queued again because of a stop did not fail.
            let sql = match then {
                Then::Finished { .. } => {
                    "UPDATE attempts SET ended_us = ?, outcome = ? WHERE job = ? AND attempt = ?"
                }
                Then::Queued { .. } => {
                    "UPDATE attempts SET ended_us = ?, outcome = coalesce(stopped, ?) \
                     WHERE job = ? AND attempt = ?"
                }
            };
            let outcome = match then {
                Then::Finished { outcome } => outcome.token(),
                Then::Queued { .. } => exit.outcome().token(),
            };
            sqlx::query(sql)
                .bind(micros(at))
                .bind(outcome)
                .bind(int(attempt.job.0))
                .bind(attempt.number)
                .execute(&mut *connection)
                .await?;
            if matches!(then, Then::Finished { .. }) {
                finish(connection, attempt.job, Some(at)).await?;
            }
            Ok(())
        }
        Event::JobFinished { job, .. } => finish(connection, *job, Some(at)).await,
        Event::JobRequeued { job, .. } => finish(connection, *job, None).await,
        _ => Ok(()),
    }
}

/// Why an attempt is to be queued again, where an outcome's token would stand; `None` where the job's
/// outcome says it.
fn queued_again_by(cause: &StopCause) -> Option<&'static str> {
    match cause {
        StopCause::Cancelled { .. } | StopCause::TimeLimit => None,
        StopCause::Requeued { .. } => Some("Requeued"),
        StopCause::Preempted { .. } => Some("Preempted"),
        StopCause::GpuFault { .. } => Some("GpuFault"),
        StopCause::Idle { .. } => Some("Idle"),
    }
}

async fn asks(
    connection: &mut SqliteConnection,
    job: JobId,
    spec: &JobSpec,
) -> Result<(), StoreError> {
    let after: Vec<u64> = spec.dependencies.iter().map(|one| one.job.0).collect();
    let after = match after.as_slice() {
        [] => None,
        some => Some(serde_json::to_string(some).map_err(StoreError::Write)?),
    };
    sqlx::query(
        "UPDATE lives SET project = ?, class = ?, nodes = ?, gpus = ?, begin_us = ?, after = ? \
         WHERE job = ?",
    )
    .bind(spec.project.as_deref())
    .bind(spec.class.as_str())
    .bind(spec.nodes)
    .bind(spec.gpus())
    .bind(spec.begin.map(micros))
    .bind(after)
    .bind(int(job.0))
    .execute(connection)
    .await?;
    Ok(())
}

/// It was ready when its begin had come, nobody held it, and what it waited for had ended.
async fn start(
    connection: &mut SqliteConnection,
    attempt: AttemptId,
    at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("INSERT OR REPLACE INTO attempts (job, attempt, granted_us) VALUES (?, ?, ?)")
        .bind(int(attempt.job.0))
        .bind(attempt.number)
        .bind(micros(at))
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "UPDATE lives SET granted_us = ?1, ready_us = min(?1, max(ready_us, \
         coalesce(begin_us, ready_us), coalesce((SELECT max(done.finished_us) \
         FROM json_each(lives.after) AS one JOIN lives AS done ON done.job = one.value), ready_us))) \
         WHERE job = ?2 AND granted_us IS NULL",
    )
    .bind(micros(at))
    .bind(int(attempt.job.0))
    .execute(connection)
    .await?;
    Ok(())
}

async fn finish(
    connection: &mut SqliteConnection,
    job: JobId,
    at: Option<Timestamp>,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE lives SET finished_us = ? WHERE job = ?")
        .bind(at.map(micros))
        .bind(int(job.0))
        .execute(connection)
        .await?;
    Ok(())
}

impl Store {
    /// Makes the tables from the journal where they are new and there is something to tell.
    pub(crate) async fn catch_up_lives(&self) -> Result<(), StoreError> {
        let missing: bool =
            sqlx::query("SELECT EXISTS (SELECT 1 FROM jobs) AND NOT EXISTS (SELECT 1 FROM lives)")
                .fetch_one(&self.readers)
                .await?
                .get(0);
        if !missing {
            return Ok(());
        }
        let mut after = Seq(0);
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        loop {
            let page = self.journal(after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.seq;
            for record in &page {
                live(&mut transaction, record).await?;
            }
        }
        transaction.commit().await?;
        Ok(())
    }
}
