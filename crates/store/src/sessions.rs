//! Browser sessions, as rows; the cookie's side is the server's.

use berth_domain::Timestamp;
use sqlx::Row;

use crate::{Store, StoreError, micros};

/// How long a browser stays logged in: a session's end tells when it began.
pub const SESSION_DAYS: i64 = 30;

impl Store {
    /// # Errors
    /// When the database cannot be written.
    pub async fn save_session(
        &self,
        id: &str,
        data: &str,
        expires: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query("INSERT OR REPLACE INTO sessions (id, data, expires_us) VALUES (?, ?, ?)")
            .bind(id)
            .bind(data)
            .bind(micros(expires))
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// The session's data and its end, unless that has come.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn session(
        &self,
        id: &str,
        now: Timestamp,
    ) -> Result<Option<(String, Timestamp)>, StoreError> {
        let found =
            sqlx::query("SELECT data, expires_us FROM sessions WHERE id = ? AND expires_us > ?")
                .bind(id)
                .bind(micros(now))
                .fetch_optional(&self.readers)
                .await?;
        let session = found.map(|row| {
            let expires = Timestamp::from_microsecond(row.get(1));
            (row.get(0), expires.unwrap_or(now))
        });
        Ok(session)
    }

    /// # Errors
    /// When the database cannot be written.
    pub async fn delete_session(&self, id: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM sessions WHERE id = ?")
            .bind(id)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Removes sessions and tokens that have expired.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn delete_expired(&self, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM sessions WHERE expires_us <= ?")
            .bind(micros(now))
            .execute(&self.writer)
            .await?;
        sqlx::query("DELETE FROM tokens WHERE expires_us <= ?")
            .bind(micros(now))
            .execute(&self.writer)
            .await?;
        Ok(())
    }
}
