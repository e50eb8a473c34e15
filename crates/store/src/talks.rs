//! Talks with the assistant: each belongs to who had it. How many there are is bounded, and so is each.

use berth_domain::{TalkId, Timestamp, UserName};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::{Store, StoreError, int, micros, time};

/// So many are kept for each person; the oldest makes room.
const MOST_TALKS: u32 = 200;
/// So many messages are kept of each; the oldest make room.
const MOST_MESSAGES: u32 = 400;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Talk {
    pub id: TalkId,
    pub title: String,
    pub begun: Timestamp,
    /// The last message.
    pub said: Timestamp,
    pub messages: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TalkMessage {
    /// From 1.
    pub number: u32,
    /// Said by the person, not by the assistant.
    pub by_person: bool,
    pub at: Timestamp,
    pub text: String,
    /// JSON.
    pub doc: String,
}

impl Store {
    /// A person's, the last one first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn talks(&self, user: &UserName) -> Result<Vec<Talk>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, title, begun_us, said_us, \
             (SELECT count(*) FROM talk_messages WHERE talk = talks.id) AS messages \
             FROM talks WHERE user = ? ORDER BY said_us DESC, id DESC",
        )
        .bind(user.as_str())
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(talk).collect()
    }

    /// One of a person's own.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn talk(&self, user: &UserName, id: TalkId) -> Result<Option<Talk>, StoreError> {
        let row = sqlx::query(
            "SELECT id, title, begun_us, said_us, \
             (SELECT count(*) FROM talk_messages WHERE talk = talks.id) AS messages \
             FROM talks WHERE user = ? AND id = ?",
        )
        .bind(user.as_str())
        .bind(int(id.0))
        .fetch_optional(&self.readers)
        .await?;
        row.as_ref().map(talk).transpose()
    }

    /// The last messages of a talk, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn talk_messages(
        &self,
        id: TalkId,
        last: u32,
    ) -> Result<Vec<TalkMessage>, StoreError> {
        let rows = sqlx::query(
            "SELECT number, by_person, at_us, text, doc FROM talk_messages WHERE talk = ? \
             ORDER BY number DESC LIMIT ?",
        )
        .bind(int(id.0))
        .bind(last)
        .fetch_all(&self.readers)
        .await?;
        rows.iter().rev().map(message).collect()
    }

    /// Begins one; where a person has too many the oldest are forgotten.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn begin_talk(
        &self,
        user: &UserName,
        title: &str,
        now: Timestamp,
    ) -> Result<TalkId, StoreError> {
        let made =
            sqlx::query("INSERT INTO talks (user, title, begun_us, said_us) VALUES (?, ?, ?, ?)")
                .bind(user.as_str())
                .bind(title)
                .bind(micros(now))
                .bind(micros(now))
                .execute(&self.writer)
                .await?;
        sqlx::query(
            "DELETE FROM talks WHERE user = ? AND id NOT IN \
             (SELECT id FROM talks WHERE user = ? ORDER BY said_us DESC, id DESC LIMIT ?)",
        )
        .bind(user.as_str())
        .bind(user.as_str())
        .bind(MOST_TALKS)
        .execute(&self.writer)
        .await?;
        Ok(TalkId(made.last_insert_rowid().unsigned_abs()))
    }

    /// Writes down what was said; nothing where the talk was forgotten meanwhile. Whether it was written.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn say(
        &self,
        id: TalkId,
        by_person: bool,
        (text, doc): (&str, &str),
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.writer.begin().await?;
        let known = sqlx::query("UPDATE talks SET said_us = ? WHERE id = ?")
            .bind(micros(now))
            .bind(int(id.0))
            .execute(&mut *transaction)
            .await?;
        if known.rows_affected() == 0 {
            return Ok(false);
        }
        sqlx::query(
            "INSERT INTO talk_messages (talk, number, by_person, at_us, text, doc) VALUES (?1, \
             (SELECT coalesce(max(number), 0) + 1 FROM talk_messages WHERE talk = ?1), ?2, ?3, ?4, ?5)",
        )
        .bind(int(id.0))
        .bind(by_person)
        .bind(micros(now))
        .bind(text)
        .bind(doc)
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "DELETE FROM talk_messages WHERE talk = ?1 AND number <= \
             (SELECT max(number) FROM talk_messages WHERE talk = ?1) - ?2",
        )
        .bind(int(id.0))
        .bind(MOST_MESSAGES)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Forgets one of a person's own. Whether there was one.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn forget_talk(&self, user: &UserName, id: TalkId) -> Result<bool, StoreError> {
        let gone = sqlx::query("DELETE FROM talks WHERE user = ? AND id = ?")
            .bind(user.as_str())
            .bind(int(id.0))
            .execute(&self.writer)
            .await?;
        Ok(gone.rows_affected() > 0)
    }
}

fn talk(row: &SqliteRow) -> Result<Talk, StoreError> {
    let id: i64 = row.try_get("id")?;
    Ok(Talk {
        id: TalkId(id.unsigned_abs()),
        title: row.try_get("title")?,
        begun: time(row.try_get("begun_us")?)?,
        said: time(row.try_get("said_us")?)?,
        messages: row.try_get("messages")?,
    })
}

fn message(row: &SqliteRow) -> Result<TalkMessage, StoreError> {
    Ok(TalkMessage {
        number: row.try_get("number")?,
        by_person: row.try_get("by_person")?,
        at: time(row.try_get("at_us")?)?,
        text: row.try_get("text")?,
        doc: row.try_get("doc")?,
    })
}
