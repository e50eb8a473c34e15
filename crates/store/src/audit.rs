//! The audit log: rows are added, and read, and nothing else.

use std::net::IpAddr;

use berth_domain::audit::{Difference, DoorKind, Entry, Origin};
use berth_domain::{Timestamp, UserName};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{QueryBuilder, Row, Sqlite};

use crate::{Store, StoreError, int, micros, time};

/// Which entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Who did it, or for whom it was done.
    pub user: Option<UserName>,
    pub act: Option<String>,
    pub subject: Option<String>,
    pub door: Option<DoorKind>,
    /// Only what was refused, or only what was done.
    pub refused: Option<bool>,
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
    /// Older than this one.
    pub before: Option<u64>,
}

pub(crate) async fn insert(
    connection: &mut SqliteConnection,
    entry: &Entry,
) -> Result<(), StoreError> {
    let differences = serde_json::to_string(&entry.differences).map_err(StoreError::Write)?;
    sqlx::query(
        "INSERT INTO audit (at_us, actor, acts_for, door, address, act, subject, refused, differences) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(micros(entry.at))
    .bind(entry.actor.as_str())
    .bind(entry.acts_for.as_ref().map(UserName::as_str))
    .bind(entry.origin.door.as_str())
    .bind(entry.origin.address.map(|address| address.to_string()))
    .bind(&entry.act)
    .bind(&entry.subject)
    .bind(&entry.refused)
    .bind(differences)
    .execute(connection)
    .await?;
    Ok(())
}

fn entry(row: &SqliteRow) -> Result<(u64, Entry), StoreError> {
    let id: i64 = row.try_get("id")?;
    let address: Option<&str> = row.try_get("address")?;
    let acts_for: Option<String> = row.try_get("acts_for")?;
    let door: &str = row.try_get("door")?;
    let differences: &str = row.try_get("differences")?;
    let entry = Entry {
        at: time(row.try_get("at_us")?)?,
        actor: UserName(row.try_get("actor")?),
        acts_for: acts_for.map(UserName),
        origin: Origin {
            door: DoorKind::named(door).unwrap_or_default(),
            address: address.and_then(|address| address.parse::<IpAddr>().ok()),
        },
        act: row.try_get("act")?,
        subject: row.try_get("subject")?,
        refused: row.try_get("refused")?,
        // Of a newer Berth it may hold what is not known here.
        differences: serde_json::from_str::<Vec<Difference>>(differences).unwrap_or_default(),
    };
    Ok((id.unsigned_abs(), entry))
}

impl Store {
    /// Writes down what was done beside the journal, or refused.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn write_audit(&self, entry: &Entry) -> Result<(), StoreError> {
        let mut writing = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        insert(&mut writing, entry).await?;
        writing.commit().await?;
        Ok(())
    }

    /// Entries with their numbers, the newest first, so many at most.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn audit(
        &self,
        filter: &AuditFilter,
        at_most: u32,
    ) -> Result<Vec<(u64, Entry)>, StoreError> {
        let mut query = QueryBuilder::<Sqlite>::new("SELECT * FROM audit WHERE TRUE");
        if let Some(user) = &filter.user {
            query.push(" AND (actor = ").push_bind(user.as_str());
            query
                .push(" OR acts_for = ")
                .push_bind(user.as_str())
                .push(")");
        }
        if let Some(act) = &filter.act {
            query.push(" AND act = ").push_bind(act);
        }
        if let Some(subject) = &filter.subject {
            query.push(" AND subject = ").push_bind(subject);
        }
        if let Some(door) = filter.door {
            query.push(" AND door = ").push_bind(door.as_str());
        }
        match filter.refused {
            Some(true) => {
                query.push(" AND refused IS NOT NULL");
            }
            Some(false) => {
                query.push(" AND refused IS NULL");
            }
            None => {}
        }
        if let Some(since) = filter.since {
            query.push(" AND at_us >= ").push_bind(micros(since));
        }
        if let Some(until) = filter.until {
            query.push(" AND at_us < ").push_bind(micros(until));
        }
        if let Some(before) = filter.before {
            query.push(" AND id < ").push_bind(int(before));
        }
        query
            .push(" ORDER BY id DESC LIMIT ")
            .push_bind(i64::from(at_most));
        let rows = query.build().fetch_all(&self.readers).await?;
        rows.iter().map(entry).collect()
    }
}
