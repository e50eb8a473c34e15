//! SQLite: the event journal, its projections, what GPUs did, people, how they log in, tokens and sessions, and
//! talks with the assistant.
//!
//! A decision is one transaction: its events and what they change are written together, and are on
//! disk when [`Store::commit`] returns.

mod alerts;
mod analytics;
mod arrays;
mod audit;
mod campaigns;
mod cards;
mod commit;
mod error;
mod forecasts;
mod jobs;
mod journal;
mod lives;
mod load;
mod logins;
mod migrations;
mod notices;
mod open;
mod past;
mod people;
mod roster;
mod sessions;
mod talks;
mod telemetry;
mod telemetry_read;
mod tokens;

pub use analytics::{About, AnalyticsRows, AttemptRow, Came, HourUse, NodeChange, Range, WaitRow};
pub use audit::AuditFilter;
pub use cards::CardFilter;
pub use error::StoreError;
pub use forecasts::Foretold;
pub use jobs::{JobFilter, JobPage, Page};
pub use notices::{Delivery, NewDelivery};
pub use open::Store;
pub use past::Lived;
pub use people::{NodeToken, TokenKind, User};
pub use roster::Person;
pub use sessions::SESSION_DAYS;
pub use talks::{Talk, TalkMessage};
pub use telemetry::{Added, AttemptUse, Buckets, SeriesName};
pub use tokens::{NewToken, Token};

use berth_domain::Timestamp;

/// As it is stored.
fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// As it was stored.
fn time(micros: i64) -> Result<Timestamp, StoreError> {
    let time = Timestamp::from_microsecond(micros);
    Ok(time.map_err(|error| sqlx::Error::Decode(Box::new(error)))?)
}

/// Ids and sequence numbers stay far below the largest `i64`.
fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
