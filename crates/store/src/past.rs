//! Looking back: everything that was submitted since some time, where the journal was then, and what
//! happened to those who lived at a time.

use berth_domain::{Job, JobId, Node, Record, Seq, Timestamp};
use sqlx::Row;

use crate::journal::record;
use crate::load;
use crate::{Store, StoreError, int, micros};

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
        .bind(int(before.0))
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

    /// The last journal entry of that time or before, and when the journal begins; `None` while it is
    /// empty.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn seq_at(&self, at: Timestamp) -> Result<Option<(Seq, Timestamp)>, StoreError> {
        // One moment for all queries.
        let mut reading = self.readers.begin().await?;
        let ends = sqlx::query("SELECT min(seq), max(seq) FROM journal")
            .fetch_one(&mut *reading)
            .await?;
        let ends: (Option<i64>, Option<i64>) = (ends.try_get(0)?, ends.try_get(1)?);
        let (Some(first), Some(last)) = ends else {
            return Ok(None);
        };
        let mut times = async |seq: i64| -> Result<i64, StoreError> {
            let row = sqlx::query("SELECT at_us FROM journal WHERE seq >= ? ORDER BY seq LIMIT 1")
                .bind(seq)
                .fetch_one(&mut *reading)
                .await?;
            Ok(row.try_get(0)?)
        };
        let began = times(first).await?;
        // Everything up to `known` is of that time or before, and nothing from `beyond` on.
        let (mut known, mut beyond) = (first - 1, last + 1);
        while beyond - known > 1 {
            let middle = known + (beyond - known) / 2;
            if times(middle).await? <= micros(at) {
                known = middle;
            } else {
                beyond = middle;
            }
        }
        let began = Timestamp::from_microsecond(began);
        let began = began.map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
        Ok(Some((Seq(known.unsigned_abs()), began)))
    }

    /// The jobs that were not finished at that time; besides some that were, and are queued again
    /// since.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn alive_at(&self, at: Timestamp) -> Result<Vec<JobId>, StoreError> {
        let rows = sqlx::query(
            "SELECT id FROM jobs WHERE state <> 'Finished' AND submitted_us <= ?1 UNION ALL \
             SELECT id FROM jobs WHERE finished_us > ?1 AND submitted_us <= ?1",
        )
        .bind(micros(at))
        .fetch_all(&self.readers)
        .await?;
        let id =
            |row: &sqlx::sqlite::SqliteRow| Ok(JobId(row.try_get::<i64, _>(0)?.unsigned_abs()));
        rows.iter().map(id).collect()
    }

    /// What happened to these jobs up to a journal entry, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn lives(&self, jobs: &[JobId], until: Seq) -> Result<Vec<Record>, StoreError> {
        let ids = serde_json::to_string(jobs).map_err(StoreError::Write)?;
        let rows = sqlx::query(
            "SELECT journal.seq, at_us, actor, event FROM json_each(?) AS ids \
             CROSS JOIN journal ON journal.job = ids.value AND journal.seq <= ?",
        )
        .bind(ids)
        .bind(int(until.0))
        .fetch_all(&self.readers)
        .await?;
        let mut records: Vec<Record> = rows.iter().map(record).collect::<Result<_, _>>()?;
        records.sort_by_key(|record| record.seq);
        Ok(records)
    }

    /// What happened up to a journal entry that is about no job, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn events_of_no_job(&self, until: Seq) -> Result<Vec<Record>, StoreError> {
        let rows = sqlx::query(
            "SELECT seq, at_us, actor, event FROM journal INDEXED BY journal_without_job \
             WHERE job IS NULL AND seq <= ? ORDER BY seq",
        )
        .bind(int(until.0))
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(record).collect()
    }

    /// Jobs that may have held something in `since..until`, as they are now.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn jobs_within(
        &self,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Job>, StoreError> {
        let rows = sqlx::query(
            "SELECT doc FROM jobs WHERE state <> 'Finished' AND submitted_us < ?2 UNION ALL \
             SELECT doc FROM jobs WHERE finished_us > ?1 AND submitted_us < ?2",
        )
        .bind(micros(since))
        .bind(micros(until))
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(load::job).collect()
    }

    /// The last jobs to end of those that may have held something in `since..until`, at most so many,
    /// and those that have not ended but were tried before. The second says whether there are more of
    /// the first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn tried_within(
        &self,
        since: Timestamp,
        until: Timestamp,
        most: u32,
    ) -> Result<(Vec<Job>, bool), StoreError> {
        // One moment for both.
        let mut reading = self.readers.begin().await?;
        let ended = sqlx::query(
            "SELECT doc FROM jobs WHERE finished_us > ? AND submitted_us < ? \
             ORDER BY finished_us DESC LIMIT ?",
        )
        .bind(micros(since))
        .bind(micros(until))
        .bind(i64::from(most) + 1)
        .fetch_all(&mut *reading)
        .await?;
        let live = sqlx::query(
            "SELECT doc FROM jobs WHERE state <> 'Finished' AND submitted_us < ? \
             AND json_array_length(doc, '$.past') > 0",
        )
        .bind(micros(until))
        .fetch_all(&mut *reading)
        .await?;
        let more = ended.len() > most as usize;
        let ended = ended.iter().take(most as usize);
        let jobs = ended.chain(&live).map(load::job);
        Ok((jobs.collect::<Result<_, _>>()?, more))
    }
}
