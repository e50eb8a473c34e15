//! People, and the tokens of nodes, agents and one-time login links. A secret is shown once; only its hash
//! is kept. People's own tokens: [`crate::tokens`].

use berth_domain::{NodeName, Role, Timestamp, UserName};
use sha2::{Digest, Sha256};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::{Store, StoreError, micros, time};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub name: UserName,
    pub role: Role,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// For the CLI and other tools, until it is revoked or expires.
    Api,
    /// For one browser, once.
    LoginLink,
    /// For the daemon of the node that its label names.
    Node,
    /// For the agent that its label names; its user is for whom that acts.
    Agent,
}

impl TokenKind {
    fn as_str(self) -> &'static str {
        match self {
            TokenKind::Api => "api",
            TokenKind::LoginLink => "login_link",
            TokenKind::Node => "node",
            TokenKind::Agent => "agent",
        }
    }
}

/// A token of a node's daemon, without the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeToken {
    pub node: NodeName,
    /// Who made it.
    pub by: UserName,
    pub created: Timestamp,
}

/// What nobody guesses.
pub(crate) fn new_secret() -> String {
    let random: [u8; 32] = rand::random();
    let hex: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("berth_{hex}")
}

pub(crate) fn hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

pub(crate) fn user(row: &SqliteRow) -> User {
    User {
        name: UserName(row.get("name")),
        // A role that is not known here, of a newer Berth, is the least one.
        role: Role::named(row.get("role")).unwrap_or(Role::Viewer),
    }
}

impl Store {
    /// Adds a user who is not there yet; one who is stays as they are. Whether they were added.
    ///
    /// # Errors
    /// When the name cannot be one, or the database cannot be written.
    pub async fn ensure_user(
        &self,
        name: &UserName,
        role: Role,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let allowed =
            |ch: char| ch.is_ascii_lowercase() || ch.is_ascii_digit() || "._-".contains(ch);
        if name.0.is_empty() || name.0.len() > 64 || !name.0.chars().all(allowed) {
            return Err(StoreError::BadUserName(name.0.clone()));
        }
        let done =
            sqlx::query("INSERT OR IGNORE INTO users (name, role, created_us) VALUES (?, ?, ?)")
                .bind(name.as_str())
                .bind(role.as_str())
                .bind(micros(now))
                .execute(&self.writer)
                .await?;
        Ok(done.rows_affected() > 0)
    }

    /// # Errors
    /// When the database cannot be read.
    pub async fn user(&self, name: &UserName) -> Result<Option<User>, StoreError> {
        let found = sqlx::query("SELECT name, role FROM users WHERE name = ?")
            .bind(name.as_str())
            .fetch_optional(&self.readers)
            .await?;
        Ok(found.as_ref().map(user))
    }

    /// # Errors
    /// When the database cannot be read.
    pub async fn users(&self) -> Result<Vec<User>, StoreError> {
        let rows = sqlx::query("SELECT name, role FROM users ORDER BY name")
            .fetch_all(&self.readers)
            .await?;
        Ok(rows.iter().map(user).collect())
    }

    /// Makes somebody something else. `false`: they are the only admin left, and stay that.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn set_role(&self, name: &UserName, role: Role) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "UPDATE users SET role = ?1 WHERE name = ?2 AND (?1 = 'admin' OR role <> 'admin' \
             OR (SELECT count(*) FROM users WHERE role = 'admin') > 1)",
        )
        .bind(role.as_str())
        .bind(name.as_str())
        .execute(&self.writer)
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Makes a secret for a user, who must exist, and returns it: it is not kept.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn create_token(
        &self,
        user: &UserName,
        kind: TokenKind,
        label: &str,
        expires: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<String, StoreError> {
        let secret = new_secret();
        sqlx::query(
            "INSERT INTO tokens (hash, user, kind, label, created_us, expires_us) \
             VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(hash(&secret))
        .bind(user.as_str())
        .bind(kind.as_str())
        .bind(label)
        .bind(micros(now))
        .bind(expires.map(micros))
        .execute(&self.writer)
        .await?;
        Ok(secret)
    }

    /// Which node's token it is, if it is one.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn token_node(&self, secret: &str) -> Result<Option<NodeName>, StoreError> {
        let found = sqlx::query("SELECT label FROM tokens WHERE hash = ? AND kind = 'node'")
            .bind(hash(secret))
            .fetch_optional(&self.readers)
            .await?;
        Ok(found.map(|row| NodeName(row.get(0))))
    }

    /// Which agent's token it is, if it is one and has not expired, and for whom it was made.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn token_agent(
        &self,
        secret: &str,
        now: Timestamp,
    ) -> Result<Option<(UserName, User)>, StoreError> {
        let found = sqlx::query(
            "SELECT label, name, users.role AS role FROM tokens JOIN users ON users.name = tokens.user WHERE hash = ? AND kind = 'agent' \
             AND (expires_us IS NULL OR expires_us > ?)",
        )
        .bind(hash(secret))
        .bind(micros(now))
        .fetch_optional(&self.readers)
        .await?;
        Ok(found.map(|row| (UserName(row.get("label")), user(&row))))
    }

    /// Ends all tokens of an agent; tells how many there were.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn revoke_agent_tokens(&self, agent: &UserName) -> Result<u64, StoreError> {
        let done = sqlx::query("DELETE FROM tokens WHERE kind = 'agent' AND label = ?")
            .bind(agent.as_str())
            .execute(&self.writer)
            .await?;
        Ok(done.rows_affected())
    }

    /// The tokens of nodes, by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn node_tokens(&self) -> Result<Vec<NodeToken>, StoreError> {
        let rows = sqlx::query(
            "SELECT label, user, created_us FROM tokens WHERE kind = 'node' \
             ORDER BY label, created_us",
        )
        .fetch_all(&self.readers)
        .await?;
        let token = |row: &SqliteRow| {
            Ok(NodeToken {
                node: NodeName(row.try_get("label")?),
                by: UserName(row.try_get("user")?),
                created: time(row.try_get("created_us")?)?,
            })
        };
        rows.iter().map(token).collect()
    }

    /// Ends all tokens of a node; tells how many there were.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn revoke_node_tokens(&self, node: &NodeName) -> Result<u64, StoreError> {
        let done = sqlx::query("DELETE FROM tokens WHERE kind = 'node' AND label = ?")
            .bind(node.as_str())
            .execute(&self.writer)
            .await?;
        Ok(done.rows_affected())
    }

    /// Uses up a login link.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn redeem_login_link(
        &self,
        secret: &str,
        now: Timestamp,
    ) -> Result<Option<User>, StoreError> {
        let used = sqlx::query(
            "DELETE FROM tokens WHERE hash = ? AND kind = 'login_link' AND expires_us > ? \
             RETURNING user",
        )
        .bind(hash(secret))
        .bind(micros(now))
        .fetch_optional(&self.writer)
        .await?;
        match used {
            Some(row) => self.user(&UserName(row.get(0))).await,
            None => Ok(None),
        }
    }

    /// Ends a token.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn revoke_token(&self, secret: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM tokens WHERE hash = ?")
            .bind(hash(secret))
            .execute(&self.writer)
            .await?;
        Ok(())
    }
}
