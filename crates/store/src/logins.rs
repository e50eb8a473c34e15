//! How people log in: their passwords, how often a wrong one was given, and whom a provider of single
//! sign-on knows as what.

use std::time::Duration;

use berth_domain::{Timestamp, UserName};
use sqlx::Row;

use crate::people::user;
use crate::{Store, StoreError, User, micros, time};

/// So many wrong passwords in a row are a slip.
const SLIPS: u32 = 5;
/// The wait after the first one more; doubled for each further one.
const FIRST_WAIT_S: u64 = 30;
const LONGEST_WAIT_S: u64 = 15 * 60;
/// After a day without a wrong one all is forgotten.
const FORGOTTEN_US: i64 = 24 * 3600 * 1_000_000;

/// How long no password is looked at after so many wrong ones in a row.
fn wait_after(wrong: u32) -> Duration {
    let Some(more) = wrong.checked_sub(SLIPS + 1) else {
        return Duration::ZERO;
    };
    let doubled = FIRST_WAIT_S.saturating_mul(1 << more.min(16));
    Duration::from_secs(doubled.min(LONGEST_WAIT_S))
}

impl Store {
    /// Keeps a password, which was hashed already, and forgets the wrong ones.
    ///
    /// # Errors
    /// When there is no such user, or the database cannot be written.
    pub async fn set_password(
        &self,
        name: &UserName,
        phc: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query("INSERT OR REPLACE INTO passwords (user, phc, set_us) VALUES (?, ?, ?)")
            .bind(name.as_str())
            .bind(phc)
            .bind(micros(now))
            .execute(&self.writer)
            .await?;
        self.forget_wrong_passwords(name.as_str()).await
    }

    /// A user's password, hashed.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn password(&self, name: &UserName) -> Result<Option<String>, StoreError> {
        let found = sqlx::query("SELECT phc FROM passwords WHERE user = ?")
            .bind(name.as_str())
            .fetch_optional(&self.readers)
            .await?;
        Ok(found.map(|row| row.get(0)))
    }

    /// Until when no password is looked at for a name, if that is ahead.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn locked_until(
        &self,
        name: &str,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let found =
            sqlx::query("SELECT until_us FROM wrong_passwords WHERE name = ? AND until_us > ?")
                .bind(name)
                .bind(micros(now))
                .fetch_optional(&self.readers)
                .await?;
        found.map(|row| time(row.get(0))).transpose()
    }

    /// Counts a wrong password; whether there is anybody of that name is not looked at. Until when no
    /// other is looked at.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn wrong_password(
        &self,
        name: &str,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let mut writing = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("DELETE FROM wrong_passwords WHERE last_us < ?")
            .bind(micros(now) - FORGOTTEN_US)
            .execute(&mut *writing)
            .await?;
        let count: u32 = sqlx::query(
            "INSERT INTO wrong_passwords (name, count, last_us, until_us) VALUES (?1, 1, ?2, ?2) \
             ON CONFLICT (name) DO UPDATE SET count = count + 1, last_us = ?2 RETURNING count",
        )
        .bind(name)
        .bind(micros(now))
        .fetch_one(&mut *writing)
        .await?
        .get(0);
        let wait = wait_after(count);
        let until = now + wait;
        sqlx::query("UPDATE wrong_passwords SET until_us = ? WHERE name = ?")
            .bind(micros(until))
            .bind(name)
            .execute(&mut *writing)
            .await?;
        writing.commit().await?;
        Ok((!wait.is_zero()).then_some(until))
    }

    /// # Errors
    /// When the database cannot be written.
    pub async fn forget_wrong_passwords(&self, name: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM wrong_passwords WHERE name = ?")
            .bind(name)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Whom a provider knows by this subject.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn identity(&self, issuer: &str, subject: &str) -> Result<Option<User>, StoreError> {
        let found = sqlx::query(
            "SELECT name, role FROM identities JOIN users ON users.name = identities.user \
             WHERE issuer = ? AND subject = ?",
        )
        .bind(issuer)
        .bind(subject)
        .fetch_optional(&self.readers)
        .await?;
        Ok(found.as_ref().map(user))
    }

    /// Whether some subject of the provider is this user already.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn has_identity(&self, issuer: &str, name: &UserName) -> Result<bool, StoreError> {
        let found = sqlx::query("SELECT 1 FROM identities WHERE issuer = ? AND user = ?")
            .bind(issuer)
            .bind(name.as_str())
            .fetch_optional(&self.readers)
            .await?;
        Ok(found.is_some())
    }

    /// From now on the provider's subject is this user.
    ///
    /// # Errors
    /// When the subject is somebody already, or the database cannot be written.
    pub async fn add_identity(
        &self,
        issuer: &str,
        subject: &str,
        name: &UserName,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO identities (issuer, subject, user, since_us) VALUES (?, ?, ?, ?)")
            .bind(issuer)
            .bind(subject)
            .bind(name.as_str())
            .bind(micros(now))
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Ends all browser sessions of a user but one.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn end_other_sessions(&self, of: &UserName, but: &str) -> Result<u64, StoreError> {
        let done =
            sqlx::query("DELETE FROM sessions WHERE json_extract(data, '$.user') = ? AND id <> ?")
                .bind(of.as_str())
                .bind(but)
                .execute(&self.writer)
                .await?;
        Ok(done.rows_affected())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_cost_nothing_and_guessing_more_each_time_up_to_a_bound() {
        for slips in 0..=SLIPS {
            assert_eq!(wait_after(slips), Duration::ZERO);
        }
        let waits: Vec<u64> = (SLIPS + 1..)
            .map(|wrong| wait_after(wrong).as_secs())
            .take(7)
            .collect();
        assert_eq!(waits, [30, 60, 120, 240, 480, 900, 900]);
        assert_eq!(wait_after(u32::MAX).as_secs(), LONGEST_WAIT_S);
    }
}
