//! Campaigns: those that go on and the last that ended are part of the state, the others are for looking
//! back.

use std::sync::Arc;

use berth_domain::campaign::ENDED;
use berth_domain::state::Changes;
use berth_domain::{Campaign, CampaignId, Trial};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use crate::error::unreadable;
use crate::{Store, StoreError, int, micros};

impl Store {
    /// A campaign, also one of long ago, with its trials.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn campaign(&self, id: CampaignId) -> Result<Option<Campaign>, StoreError> {
        // One moment for both queries.
        let mut reading = self.readers.begin().await?;
        let row = sqlx::query("SELECT doc FROM campaigns WHERE id = ?")
            .bind(int(id.0))
            .fetch_optional(&mut *reading)
            .await?;
        let Some(row) = row else { return Ok(None) };
        with_trials(&mut reading, campaign(&row)?).await.map(Some)
    }
}

/// Writes the campaigns that changed, and of their trials those that did.
pub(crate) async fn save(
    connection: &mut SqliteConnection,
    changes: &Changes,
) -> Result<(), StoreError> {
    for campaign in &changes.campaigns {
        save_one(connection, campaign).await?;
    }
    for (id, number) in &changes.trials {
        let campaign = changes.campaigns.iter().find(|one| one.id == *id);
        if let Some(trial) = campaign.and_then(|campaign| campaign.trial(*number)) {
            save_trial(connection, *id, trial).await?;
        }
    }
    Ok(())
}

async fn save_one(
    connection: &mut SqliteConnection,
    campaign: &Arc<Campaign>,
) -> Result<(), StoreError> {
    let doc = serde_json::to_string(&**campaign).map_err(StoreError::Write)?;
    sqlx::query(
        "INSERT OR REPLACE INTO campaigns (id, owner, agent, state, started_us, ended_us, doc) \
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(int(campaign.id.0))
    .bind(campaign.owner.as_str())
    .bind(campaign.agent.as_ref().map(|agent| agent.as_str()))
    .bind(campaign.state.as_str())
    .bind(micros(campaign.started_at))
    .bind(campaign.ended_at().map(micros))
    .bind(doc)
    .execute(connection)
    .await?;
    Ok(())
}

async fn save_trial(
    connection: &mut SqliteConnection,
    campaign: CampaignId,
    trial: &Trial,
) -> Result<(), StoreError> {
    let doc = serde_json::to_string(trial).map_err(StoreError::Write)?;
    sqlx::query("INSERT OR REPLACE INTO trials (campaign, number, job, doc) VALUES (?, ?, ?, ?)")
        .bind(int(campaign.0))
        .bind(trial.number)
        .bind(int(trial.job.0))
        .bind(doc)
        .execute(connection)
        .await?;
    Ok(())
}

/// Those that are part of the state.
pub(crate) async fn at_hand(
    connection: &mut SqliteConnection,
) -> Result<Vec<Campaign>, StoreError> {
    let rows = sqlx::query(
        "SELECT doc FROM campaigns WHERE ended_us IS NULL OR id IN \
         (SELECT id FROM campaigns WHERE ended_us IS NOT NULL ORDER BY id DESC LIMIT ?)",
    )
    .bind(i64::try_from(ENDED).unwrap_or(i64::MAX))
    .fetch_all(&mut *connection)
    .await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        found.push(with_trials(connection, campaign(row)?).await?);
    }
    Ok(found)
}

/// The last number given out.
pub(crate) async fn last(connection: &mut SqliteConnection) -> Result<CampaignId, StoreError> {
    let row = sqlx::query("SELECT coalesce(max(id), 0) FROM campaigns")
        .fetch_one(connection)
        .await?;
    Ok(CampaignId(row.get::<i64, _>(0).unsigned_abs()))
}

async fn with_trials(
    connection: &mut SqliteConnection,
    campaign: Campaign,
) -> Result<Campaign, StoreError> {
    let rows = sqlx::query("SELECT doc FROM trials WHERE campaign = ? ORDER BY number")
        .bind(int(campaign.id.0))
        .fetch_all(connection)
        .await?;
    let trials = rows.iter().map(trial).collect::<Result<_, _>>()?;
    Ok(Campaign { trials, ..campaign })
}

fn campaign(row: &SqliteRow) -> Result<Campaign, StoreError> {
    serde_json::from_str(row.try_get(0)?).map_err(unreadable("a campaign"))
}

fn trial(row: &SqliteRow) -> Result<Trial, StoreError> {
    serde_json::from_str(row.try_get(0)?).map_err(unreadable("a trial"))
}
