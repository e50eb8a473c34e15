//! Everybody who may log in, with what is known of when they were here.

use berth_domain::Timestamp;
use jiff::SignedDuration;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::people::user;
use crate::sessions::SESSION_DAYS;
use crate::{Store, StoreError, User, time};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub user: User,
    /// When they were added.
    pub since: Timestamp,
    /// Jobs that are held or queued.
    pub waiting: u32,
    /// When they submitted their last job.
    pub submitted: Option<Timestamp>,
    /// When a browser logged in last, of those that are logged in.
    pub logged_in: Option<Timestamp>,
}

impl Store {
    /// Everybody, by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn roster(&self) -> Result<Vec<Person>, StoreError> {
        // The number of a job grows with the time it is submitted, so the index by owner knows the last.
        let rows = sqlx::query(
            "SELECT name, role, created_us, \
             (SELECT count(*) FROM jobs WHERE owner = users.name AND state IN ('Held', 'Queued')) \
             AS waiting, \
             (SELECT submitted_us FROM jobs WHERE id = \
             (SELECT max(id) FROM jobs WHERE owner = users.name)) AS submitted_us, \
             (SELECT max(expires_us) FROM sessions \
             WHERE json_extract(data, '$.user') = users.name) AS session_ends_us \
             FROM users ORDER BY name",
        )
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(person).collect()
    }
}

fn person(row: &SqliteRow) -> Result<Person, StoreError> {
    let at = |column: &str| -> Result<Option<Timestamp>, StoreError> {
        let micros: Option<i64> = row.try_get(column)?;
        micros.map(time).transpose()
    };
    let ends = at("session_ends_us")?;
    let lasted = SignedDuration::from_hours(24 * SESSION_DAYS);
    Ok(Person {
        user: user(row),
        since: time(row.try_get("created_us")?)?,
        waiting: row.try_get("waiting")?,
        submitted: at("submitted_us")?,
        logged_in: ends.and_then(|ends| ends.checked_sub(lasted).ok()),
    })
}
