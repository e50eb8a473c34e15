//! Looking back: everything that was submitted since some time, and where the journal was then.

use berth_domain::{Job, JobId, Node, Seq, Timestamp};
use sqlx::Row;

use crate::load;
use crate::{Store, StoreError, micros};

/// What was submitted since some time.
#[derive(Clone, Debug, Default)]
pub struct Lived {
    /// As they are now, by number.
    pub jobs: Vec<Job>,
    /// When held jobs were let go, in the order in which it happened.
    pub releases: Vec<(JobId, Timestamp)>,
    /// As they are now.
    pub nodes: Vec<Node>,
}

impl Store {
    /// # Errors
    /// When the database cannot be read.
    pub async fn lived(&self, since: Timestamp) -> Result<Lived, StoreError> {
        let before = self.seq_before(since).await?;
        // One moment for all queries.
        let mut reading = self.readers.begin().await?;
        let jobs = sqlx::query("SELECT doc FROM jobs WHERE submitted_us >= ? ORDER BY id")
            .bind(micros(since))
            .fetch_all(&mut *reading)
            .await?;
        let releases = sqlx::query(
            "SELECT job, at_us FROM journal WHERE seq > ? AND job IS NOT NULL \
             AND event->>'type' = 'job_released' ORDER BY seq",
        )
        .bind(crate::int(before.0))
        .fetch_all(&mut *reading)
        .await?;
        let nodes = sqlx::query("SELECT doc FROM nodes ORDER BY name")
            .fetch_all(&mut *reading)
            .await?;
        let release = |row: &sqlx::sqlite::SqliteRow| {
            let at = Timestamp::from_microsecond(row.try_get("at_us")?);
            let at = at.map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
            Ok((JobId(row.try_get::<i64, _>("job")?.unsigned_abs()), at))
        };
        let releases = releases.iter().map(release);
        Ok(Lived {
            jobs: jobs.iter().map(load::job).collect::<Result<_, _>>()?,
            releases: releases.collect::<Result<_, StoreError>>()?,
            nodes: nodes.iter().map(load::node).collect::<Result<_, _>>()?,
        })
    }

    /// The last journal entry before anything was submitted since then: reading on from there
    /// shows the whole life of every job since.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn seq_before(&self, since: Timestamp) -> Result<Seq, StoreError> {
        let first: Option<i64> = sqlx::query(
            "SELECT coalesce(\
             (SELECT min(seq) FROM journal WHERE job = \
             (SELECT id FROM jobs WHERE submitted_us >= ? ORDER BY id LIMIT 1)) - 1, \
             (SELECT max(seq) FROM journal))",
        )
        .bind(micros(since))
        .fetch_one(&self.readers)
        .await?
        .get(0);
        Ok(Seq(first.unwrap_or(0).unsigned_abs()))
    }
}
