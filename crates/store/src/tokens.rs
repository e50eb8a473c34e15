//! People's API tokens: made, shown without their secret, used, revoked.

use berth_domain::{Role, Timestamp, UserName};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::people::{hash, new_secret, user};
use crate::{Store, StoreError, User, micros, time};

/// That a token was used is written down at most this often.
const USED_EVERY_US: i64 = 60_000_000;

/// An API token, without the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The beginning of its hash: names it, and opens nothing.
    pub id: String,
    pub user: UserName,
    pub label: String,
    /// What whoever shows it may be at most; `None`: what its user is.
    pub role: Option<Role>,
    pub created: Timestamp,
    pub expires: Option<Timestamp>,
    /// To the minute.
    pub used: Option<Timestamp>,
}

/// A token to make.
#[derive(Clone, Debug)]
pub struct NewToken<'a> {
    pub user: &'a UserName,
    pub label: &'a str,
    pub role: Option<Role>,
    pub expires: Option<Timestamp>,
}

fn token(row: &SqliteRow) -> Result<Token, StoreError> {
    let at = |column: &str| -> Result<Option<Timestamp>, StoreError> {
        let micros: Option<i64> = row.try_get(column)?;
        micros.map(time).transpose()
    };
    let role: Option<&str> = row.try_get("role")?;
    Ok(Token {
        id: row.try_get::<String, _>("id")?.to_lowercase(),
        user: UserName(row.try_get("user")?),
        label: row.try_get("label")?,
        role: role.map(|role| Role::named(role).unwrap_or(Role::Viewer)),
        created: time(row.try_get("created_us")?)?,
        expires: at("expires_us")?,
        used: at("used_us")?,
    })
}

impl Store {
    /// Makes a secret for a user, who must exist, and returns it: it is not kept.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn create_api_token(
        &self,
        new: &NewToken<'_>,
        now: Timestamp,
    ) -> Result<String, StoreError> {
        let secret = new_secret();
        sqlx::query(
            "INSERT INTO tokens (hash, user, kind, label, created_us, expires_us, role) \
             VALUES (?, ?, 'api', ?, ?, ?, ?)",
        )
        .bind(hash(&secret))
        .bind(new.user.as_str())
        .bind(new.label)
        .bind(micros(now))
        .bind(new.expires.map(micros))
        .bind(new.role.map(Role::as_str))
        .execute(&self.writer)
        .await?;
        Ok(secret)
    }

    /// Whose API token it is, if it is one and has not expired, with the role that it lets them have.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn token_user(
        &self,
        secret: &str,
        now: Timestamp,
    ) -> Result<Option<User>, StoreError> {
        let hash = hash(secret);
        let found = sqlx::query(
            "SELECT name, users.role AS role, tokens.role AS at_most, used_us FROM tokens \
             JOIN users ON users.name = tokens.user \
             WHERE hash = ? AND kind = 'api' AND (expires_us IS NULL OR expires_us > ?)",
        )
        .bind(&hash)
        .bind(micros(now))
        .fetch_optional(&self.readers)
        .await?;
        let Some(row) = found else {
            return Ok(None);
        };
        let used: Option<i64> = row.try_get("used_us")?;
        if used.is_none_or(|used| micros(now) - used >= USED_EVERY_US) {
            sqlx::query("UPDATE tokens SET used_us = ? WHERE hash = ?")
                .bind(micros(now))
                .bind(&hash)
                .execute(&self.writer)
                .await?;
        }
        let mut user = user(&row);
        let at_most: Option<&str> = row.try_get("at_most")?;
        if let Some(role) = at_most {
            user.role = user.role.min(Role::named(role).unwrap_or(Role::Viewer));
        }
        Ok(Some(user))
    }

    /// The API tokens of a user, or everybody's, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn api_tokens(&self, of: Option<&UserName>) -> Result<Vec<Token>, StoreError> {
        let rows = sqlx::query(
            "SELECT substr(hex(hash), 1, 12) AS id, user, label, role, created_us, expires_us, \
             used_us FROM tokens WHERE kind = 'api' AND (?1 IS NULL OR user = ?1) \
             ORDER BY created_us DESC, id",
        )
        .bind(of.map(UserName::as_str))
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(token).collect()
    }

    /// Ends an API token by its id; of this user, or of anybody. Whose it was.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn revoke_api_token(
        &self,
        id: &str,
        of: Option<&UserName>,
    ) -> Result<Option<UserName>, StoreError> {
        let gone = sqlx::query(
            "DELETE FROM tokens WHERE kind = 'api' AND substr(hex(hash), 1, 12) = upper(?1) \
             AND (?2 IS NULL OR user = ?2) RETURNING user",
        )
        .bind(id)
        .bind(of.map(UserName::as_str))
        .fetch_optional(&self.writer)
        .await?;
        Ok(gone.map(|row| UserName(row.get(0))))
    }
}
