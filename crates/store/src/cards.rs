//! The ledger: every card, of which the last are part of the state.

use berth_domain::agent::{CARDS, CardBy, CardState};
use berth_domain::{Card, CardId, JobId};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};

use crate::error::unreadable;
use crate::{Store, StoreError, int, micros};

/// Which cards are asked for.
#[derive(Clone, Debug, Default)]
pub struct CardFilter {
    /// Those before this number.
    pub before: Option<CardId>,
    /// An agent's or a rule's name.
    pub by: Option<String>,
    pub state: Option<CardState>,
    pub job: Option<JobId>,
    /// Whom it asks, or for whom it was done.
    pub asks: Option<String>,
}

impl Store {
    /// Cards, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn cards(&self, filter: &CardFilter, limit: u32) -> Result<Vec<Card>, StoreError> {
        let before = filter.before.map_or(i64::MAX, |id| int(id.0));
        let mut query = QueryBuilder::<Sqlite>::new("SELECT doc FROM cards WHERE id < ");
        query.push_bind(before);
        if let Some(by) = &filter.by {
            query.push(" AND made_by = ").push_bind(by);
        }
        if let Some(state) = filter.state {
            query.push(" AND state = ").push_bind(state.as_str());
        }
        if let Some(job) = filter.job {
            query.push(" AND job = ").push_bind(int(job.0));
        }
        if let Some(asks) = &filter.asks {
            query.push(" AND asks = ").push_bind(asks);
        }
        query.push(" ORDER BY id DESC LIMIT ").push_bind(limit);
        let rows = query.build().fetch_all(&self.readers).await?;
        rows.iter().map(card).collect()
    }

    /// One of them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn card(&self, id: CardId) -> Result<Option<Card>, StoreError> {
        let row = sqlx::query("SELECT doc FROM cards WHERE id = ?")
            .bind(int(id.0))
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(card).transpose()
    }
}

pub(crate) async fn save(connection: &mut SqliteConnection, card: &Card) -> Result<(), StoreError> {
    let doc = serde_json::to_string(card).map_err(StoreError::Write)?;
    let by = match &card.by {
        CardBy::Rule { rule } => rule.as_str(),
        CardBy::Agent { agent } => agent.as_str(),
    };
    sqlx::query(
        "INSERT OR REPLACE INTO cards (id, at_us, made_by, state, job, asks, doc) \
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(int(card.id.0))
    .bind(micros(card.at))
    .bind(by)
    .bind(card.state.as_str())
    .bind(card.job.map(|job| int(job.0)))
    .bind(card.asks.as_ref().map(|asks| asks.as_str()))
    .bind(doc)
    .execute(connection)
    .await?;
    Ok(())
}

/// Those that are part of the state.
pub(crate) async fn at_hand(
    connection: &mut SqliteConnection,
    last: CardId,
) -> Result<Vec<Card>, StoreError> {
    let rows = sqlx::query("SELECT doc FROM cards WHERE id + ? > ? OR state = 'suggested'")
        .bind(i64::try_from(CARDS).unwrap_or(i64::MAX))
        .bind(int(last.0))
        .fetch_all(connection)
        .await?;
    rows.iter().map(card).collect()
}

/// The last number given out.
pub(crate) async fn last(connection: &mut SqliteConnection) -> Result<CardId, StoreError> {
    let row = sqlx::query("SELECT coalesce(max(id), 0) FROM cards")
        .fetch_one(connection)
        .await?;
    Ok(CardId(row.get::<i64, _>(0).unsigned_abs()))
}

fn card(row: &SqliteRow) -> Result<Card, StoreError> {
    serde_json::from_str(row.try_get(0)?).map_err(unreadable("a card"))
}
