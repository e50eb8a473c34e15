//! Opening the database, and bringing an old one up to date with a copy kept beside it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, Row};

use crate::{StoreError, migrations};

/// The database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    /// One connection: writes wait for each other here, not as errors in SQLite.
    pub(crate) writer: SqlitePool,
    pub(crate) readers: SqlitePool,
}

impl Store {
    /// Opens or creates the database. One of an older version is copied beside itself first, as
    /// `berth.db.before-<version>`.
    ///
    /// # Errors
    /// When it cannot be opened, is from a newer Berth, or cannot be brought up to date.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // On disk when it is committed.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10));
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options.clone())
            .await?;
        back_up_before_migrating(&writer, path).await?;
        migrations::all()
            .run(&writer)
            .await
            .map_err(|source| StoreError::Migrate {
                path: path.to_owned(),
                source,
            })?;
        let readers = SqlitePoolOptions::new()
            .max_connections(4)
            .connect_with(options)
            .await?;
        let store = Store { writer, readers };
        store.catch_up_lives().await?;
        Ok(store)
    }
}

async fn back_up_before_migrating(pool: &SqlitePool, path: &Path) -> Result<(), StoreError> {
    let known = sqlx::query("SELECT 1 FROM sqlite_schema WHERE name = '_sqlx_migrations'")
        .fetch_optional(pool)
        .await?;
    if known.is_none() {
        return Ok(());
    }
    let at: i64 = sqlx::query("SELECT coalesce(max(version), 0) FROM _sqlx_migrations")
        .fetch_one(pool)
        .await?
        .get(0);
    let all = migrations::all();
    let Some(newest) = all.iter().map(|migration| migration.version).max() else {
        return Ok(());
    };
    if at >= newest {
        return Ok(());
    }
    let copy = PathBuf::from(format!("{}.before-{newest}", path.display()));
    if copy.exists() {
        // From a try that did not get further; what is there is as old.
        return Ok(());
    }
    let target = copy.display().to_string().replace('\'', "''");
    sqlx::query(AssertSqlSafe(format!("VACUUM INTO '{target}'")))
        .execute(pool)
        .await?;
    Ok(())
}
