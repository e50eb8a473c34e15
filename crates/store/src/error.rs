//! What can go wrong with the database.

use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("failed to use the database: {0}")]
    Sql(#[from] sqlx::Error),
    #[error("failed to bring the database {path} up to date: {source}")]
    Migrate {
        path: PathBuf,
        source: sqlx::migrate::MigrateError,
    },
    #[error("the database holds something that cannot be read: {what}: {source}")]
    Unreadable {
        what: String,
        source: serde_json::Error,
    },
    #[error("the database holds a job in an unknown state: {0}")]
    State(String),
    #[error("failed to write a value as JSON: {0}")]
    Write(serde_json::Error),
    #[error("the cursor is not one of ours")]
    BadCursor,
    #[error("'{0}' is not a user name: use 1 to 64 of a-z, 0-9, '.', '_' and '-'")]
    BadUserName(String),
}

pub(crate) fn unreadable(what: impl Into<String>) -> impl FnOnce(serde_json::Error) -> StoreError {
    let what = what.into();
    |source| StoreError::Unreadable { what, source }
}
