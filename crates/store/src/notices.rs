//! What people want to be told, and the messages that are on their way.

use berth_domain::{Preferences, Seq, Timestamp, UserName};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::error::unreadable;
use crate::{Store, StoreError, int, micros};

/// A message on its way to one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub id: i64,
    /// What, to whom and where: of each there is one.
    pub key: String,
    /// `None`: a channel of the whole team.
    pub user: Option<UserName>,
    pub channel: String,
    /// JSON.
    pub message: String,
    pub made_at: Timestamp,
    pub tries: u32,
    /// Why the last try failed.
    pub problem: Option<String>,
}

/// A message that is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDelivery {
    pub key: String,
    pub user: Option<UserName>,
    pub channel: String,
    pub message: String,
}

impl Store {
    /// What somebody wants to be told; the default if they never said.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn preferences(&self, user: &UserName) -> Result<Preferences, StoreError> {
        let row = sqlx::query("SELECT doc FROM notify_preferences WHERE user = ?")
            .bind(user.as_str())
            .fetch_optional(&self.readers)
            .await?;
        row.map_or(Ok(Preferences::default()), |row| {
            serde_json::from_str(row.get(0)).map_err(unreadable("what a user wants to be told"))
        })
    }

    /// # Errors
    /// When the database cannot be written.
    pub async fn set_preferences(
        &self,
        user: &UserName,
        preferences: &Preferences,
    ) -> Result<(), StoreError> {
        let doc = serde_json::to_string(preferences).map_err(StoreError::Write)?;
        sqlx::query("INSERT OR REPLACE INTO notify_preferences (user, doc) VALUES (?, ?)")
            .bind(user.as_str())
            .bind(doc)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// How far in the journal it was looked who is to be told; `None` if never.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn told_up_to(&self) -> Result<Option<Seq>, StoreError> {
        let row = sqlx::query("SELECT seq FROM notify_cursor")
            .fetch_optional(&self.readers)
            .await?;
        Ok(row.map(|row| Seq(row.get::<i64, _>(0).unsigned_abs())))
    }

    /// Takes messages to be sent, and that everything up to this entry of the journal was looked at. A
    /// message whose key is known is not taken again.
    ///
    /// # Errors
    /// When the database cannot be written; then nothing is taken.
    pub async fn queue_deliveries(
        &self,
        messages: &[NewDelivery],
        up_to: Option<Seq>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        for message in messages {
            sqlx::query(
                "INSERT OR IGNORE INTO deliveries (key, user, channel, message, made_us, next_us) \
                 VALUES (?, ?, ?, ?, ?, ?)",
            )
            .bind(&message.key)
            .bind(message.user.as_ref().map_or("", UserName::as_str))
            .bind(&message.channel)
            .bind(&message.message)
            .bind(micros(now))
            .bind(micros(now))
            .execute(&mut *transaction)
            .await?;
        }
        if let Some(up_to) = up_to {
            sqlx::query("INSERT OR REPLACE INTO notify_cursor (one, seq) VALUES (1, ?)")
                .bind(int(up_to.0))
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// The messages that are to be sent by now, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn due_deliveries(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM deliveries WHERE next_us IS NOT NULL AND next_us <= ? \
             ORDER BY next_us LIMIT ?",
        )
        .bind(micros(now))
        .bind(limit)
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(delivery).collect()
    }

    /// When the next message is to be sent.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn next_delivery(&self) -> Result<Option<Timestamp>, StoreError> {
        let row = sqlx::query("SELECT min(next_us) FROM deliveries WHERE next_us IS NOT NULL")
            .fetch_one(&self.readers)
            .await?;
        let next: Option<i64> = row.get(0);
        Ok(next.and_then(|us| Timestamp::from_microsecond(us).ok()))
    }

    /// # Errors
    /// When the database cannot be written.
    pub async fn delivery_sent(&self, id: i64, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE deliveries SET next_us = NULL, sent_us = ?, problem = NULL, tries = tries + 1 \
             WHERE id = ?",
        )
        .bind(micros(now))
        .bind(id)
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// A try failed. `again`: when to try once more; `None`: it is given up.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn delivery_failed(
        &self,
        id: i64,
        problem: &str,
        again: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE deliveries SET next_us = ?, problem = ?, tries = tries + 1 WHERE id = ?",
        )
        .bind(again.map(micros))
        .bind(problem)
        .bind(id)
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// The last messages that were given up, newest first; of one user, or of everybody.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn dead_deliveries(
        &self,
        user: Option<&UserName>,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM deliveries WHERE next_us IS NULL AND sent_us IS NULL \
             AND (? IS NULL OR user = ?) ORDER BY id DESC LIMIT ?",
        )
        .bind(user.map(UserName::as_str))
        .bind(user.map(UserName::as_str))
        .bind(limit)
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(delivery).collect()
    }

    /// Forgets what was sent or given up before that time.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn forget_deliveries(&self, before: Timestamp) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM deliveries WHERE next_us IS NULL AND made_us < ?")
            .bind(micros(before))
            .execute(&self.writer)
            .await?;
        Ok(())
    }
}

fn delivery(row: &SqliteRow) -> Result<Delivery, StoreError> {
    let user: String = row.try_get("user")?;
    let made: i64 = row.try_get("made_us")?;
    Ok(Delivery {
        id: row.try_get("id")?,
        key: row.try_get("key")?,
        user: (!user.is_empty()).then_some(UserName(user)),
        channel: row.try_get("channel")?,
        message: row.try_get("message")?,
        made_at: Timestamp::from_microsecond(made).unwrap_or(Timestamp::MIN),
        tries: row.try_get("tries")?,
        problem: row.try_get("problem")?,
    })
}
