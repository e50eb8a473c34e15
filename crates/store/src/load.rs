//! The state as of the last commit, from the projections: fast however long the journal is.

use berth_domain::state::{Counters, RECENT, Saved, Verdict};
use berth_domain::{Job, JobId, Node, Seq, State, UserName};
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::error::unreadable;
use crate::{Store, StoreError};
use crate::{alerts, arrays, campaigns, cards};

impl Store {
    /// Builds the state.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn load(&self) -> Result<State, StoreError> {
        // One moment for all queries.
        let mut reading = self.readers.begin().await?;
        let seq: i64 = sqlx::query("SELECT coalesce(max(seq), 0) FROM journal")
            .fetch_one(&mut *reading)
            .await?
            .get(0);
        let counters = sqlx::query("SELECT last_job, last_ordinal FROM counters")
            .fetch_one(&mut *reading)
            .await?;
        let nodes = sqlx::query("SELECT doc FROM nodes")
            .fetch_all(&mut *reading)
            .await?;
        let live = sqlx::query("SELECT doc FROM jobs WHERE state <> 'Finished'")
            .fetch_all(&mut *reading)
            .await?;
        let recent = sqlx::query(
            "SELECT doc FROM jobs WHERE ended_seq IS NOT NULL ORDER BY ended_seq DESC LIMIT ?",
        )
        .bind(i64::try_from(RECENT).unwrap_or(i64::MAX))
        .fetch_all(&mut *reading)
        .await?;
        let finished = sqlx::query(
            "SELECT id, owner, outcome = 'Succeeded' FROM jobs WHERE state = 'Finished'",
        )
        .fetch_all(&mut *reading)
        .await?;
        let arrays = arrays::load(&mut reading, None).await?;
        let keys = sqlx::query("SELECT owner, key, id FROM jobs WHERE key IS NOT NULL")
            .fetch_all(&mut *reading)
            .await?;

        let settings = sqlx::query("SELECT name, doc FROM settings")
            .fetch_all(&mut *reading)
            .await?;
        let alerts = alerts::open(&mut reading).await?;
        let last_alert = alerts::last(&mut reading).await?;
        let last_card = cards::last(&mut reading).await?;
        let cards = cards::at_hand(&mut reading, last_card).await?;
        let campaigns = campaigns::at_hand(&mut reading).await?;
        let last_campaign = campaigns::last(&mut reading).await?;
        let reservations = sqlx::query("SELECT doc FROM reservations")
            .fetch_all(&mut *reading)
            .await?;

        let id = |row: &SqliteRow, at: usize| JobId(row.get::<i64, _>(at).unsigned_abs());
        let verdict = |row: &SqliteRow| {
            (
                id(row, 0),
                Verdict {
                    owner: UserName(row.get(1)),
                    succeeded: row.get(2),
                },
            )
        };
        let mut recent = recent.iter().map(job).collect::<Result<Vec<_>, _>>()?;
        recent.reverse();
        let reservation =
            |row: &SqliteRow| serde_json::from_str(row.get(0)).map_err(unreadable("a reservation"));
        Ok(State::restore(Saved {
            seq: Seq(seq.unsigned_abs()),
            nodes: nodes.iter().map(node).collect::<Result<_, _>>()?,
            live: live.iter().map(job).collect::<Result<_, _>>()?,
            recent,
            finished: finished.iter().map(verdict).collect(),
            arrays,
            keys: keys
                .iter()
                .map(|row| ((UserName(row.get(0)), row.get(1)), id(row, 2)))
                .collect(),
            counters: Counters {
                last_job: counters.get::<i64, _>(0).unsigned_abs(),
                last_ordinal: counters.get::<i64, _>(1).unsigned_abs(),
            },
            policy: setting(&settings, "policy")?,
            reservations: reservations
                .iter()
                .map(reservation)
                .collect::<Result<_, _>>()?,
            quotas: setting(&settings, "quotas")?,
            projects: setting(&settings, "projects")?,
            cordons: setting(&settings, "cordons")?,
            foreign: setting(&settings, "foreign")?,
            alerts,
            last_alert,
            agents: setting(&settings, "agents")?,
            cards,
            last_card,
            campaigns,
            last_campaign,
        }))
    }
}

/// What was set for the whole cluster; the default if it never was.
fn setting<T: Default + DeserializeOwned>(rows: &[SqliteRow], name: &str) -> Result<T, StoreError> {
    let row = rows.iter().find(|row| row.get::<&str, _>(0) == name);
    row.map_or(Ok(T::default()), |row| {
        serde_json::from_str(row.get(1)).map_err(unreadable(format!("the setting {name}")))
    })
}

/// A node from a row whose first column is its document.
pub(crate) fn node(row: &SqliteRow) -> Result<Node, StoreError> {
    serde_json::from_str(row.try_get(0)?).map_err(unreadable("a node"))
}

/// A job from a row whose first column is its document.
pub(crate) fn job(row: &SqliteRow) -> Result<Job, StoreError> {
    serde_json::from_str(row.try_get(0)?).map_err(unreadable("a job"))
}
