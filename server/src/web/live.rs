//! `GET /api/live`: the websocket. A snapshot or what was missed, then deltas; a log on request.

use std::time::Duration;

use axum::extract::Query;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use berth_api::ApiError;
use berth_api::context::Context;
use berth_api::feed::{Sent, Start};
use berth_api::live::{LiveMessage, LiveRequest};
use berth_domain::JobId;
use berth_orchestrator::LogGrew;
use serde::Deserialize;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

use super::caller::Caller;

/// A page that hears nothing for longer than two of these says that it is stale.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// How much of a log is sent at once.
const PIECE: u32 = 128 * 1024;

/// What a page that comes back has seen.
#[derive(Debug, Deserialize)]
pub struct Seen {
    epoch: Option<u64>,
    version: Option<u64>,
}

pub async fn live(
    Caller(context): Caller,
    Query(seen): Query<Seen>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let seen = seen.epoch.zip(seen.version);
    upgrade.on_upgrade(move |socket| async move {
        // An error here is a connection that went away.
        let _ = Connection {
            socket,
            context,
            follow: None,
        }
        .run(seen)
        .await;
    })
}

struct Connection {
    socket: WebSocket,
    context: Context,
    follow: Option<Follow>,
}

/// The log that this page reads.
struct Follow {
    job: JobId,
    /// The attempt that was asked for; `None` is always the last one.
    attempt: Option<u32>,
    rank: u32,
    /// The attempt that `offset` is in.
    reading: u32,
    offset: u64,
}

impl Connection {
    async fn run(mut self, seen: Option<(u64, u64)>) -> Result<(), axum::Error> {
        let feed = self.context.state.feed.clone();
        let mut grew = self.context.state.handle.watch_logs();
        let mut view = self.context.state.handle.watch_view();
        let (start, mut deltas) = feed.listen(seen);
        let mut version = self.begin(start, seen).await?;
        let mut quiet_until = Instant::now() + HEARTBEAT;
        loop {
            tokio::select! {
                delta = deltas.recv() => match delta {
                    Ok(sent) if sent.from == version => {
                        version = self.send_delta(&sent).await?;
                        quiet_until = Instant::now() + HEARTBEAT;
                    }
                    // Already in the start.
                    Ok(sent) if sent.version <= version => {}
                    Ok(_) | Err(RecvError::Lagged(_)) => {
                        let (start, fresh) = feed.listen(None);
                        deltas = fresh;
                        version = self.begin(start, None).await?;
                    }
                    Err(RecvError::Closed) => return Ok(()),
                },
                message = self.socket.recv() => match message {
                    None => return Ok(()),
                    Some(message) => self.take(message?).await?,
                },
                grown = grew.recv() => match grown {
                    Ok(grown) => if self.follows(grown) { self.pump().await? },
                    Err(RecvError::Lagged(_)) => self.pump().await?,
                    Err(RecvError::Closed) => return Ok(()),
                },
                // An attempt began or ended.
                changed = view.changed() => {
                    if changed.is_err() { return Ok(()) }
                    view.mark_unchanged();
                    self.pump().await?;
                }
                () = tokio::time::sleep_until(quiet_until) => {
                    self.send(&LiveMessage::Heartbeat).await?;
                    quiet_until = Instant::now() + HEARTBEAT;
                }
            }
        }
    }

    /// Sends the start and gives the version that the page has then.
    async fn begin(&mut self, start: Start, seen: Option<(u64, u64)>) -> Result<u64, axum::Error> {
        match start {
            Start::Snapshot(picture) => {
                let version = picture.version;
                self.send(&LiveMessage::Snapshot(Box::new((*picture).clone())))
                    .await?;
                Ok(version)
            }
            Start::Resume(missed) => {
                let mut version = seen.map_or(0, |(_, version)| version);
                for sent in &missed {
                    version = self.send_delta(sent).await?;
                }
                if missed.is_empty() {
                    // The page learns at once that it is up to date.
                    self.send(&LiveMessage::Heartbeat).await?;
                }
                Ok(version)
            }
        }
    }

    async fn send_delta(&mut self, sent: &Sent) -> Result<u64, axum::Error> {
        self.socket.send(Message::text(&*sent.json)).await?;
        Ok(sent.version)
    }

    async fn send(&mut self, message: &LiveMessage) -> Result<(), axum::Error> {
        let text = serde_json::to_string(message).map_err(axum::Error::new)?;
        self.socket.send(Message::text(text)).await
    }

    async fn take(&mut self, message: Message) -> Result<(), axum::Error> {
        let Message::Text(text) = message else {
            return Ok(());
        };
        match serde_json::from_str(&text) {
            Ok(LiveRequest::Follow {
                job,
                attempt,
                rank,
                reading,
                offset,
            }) => {
                let reading = attempt.or(reading).unwrap_or(0);
                self.follow = Some(Follow {
                    job,
                    attempt,
                    rank,
                    reading,
                    offset,
                });
                self.pump().await
            }
            Ok(LiveRequest::Unfollow) => {
                self.follow = None;
                Ok(())
            }
            // A newer page's request: not for us.
            Err(_) => Ok(()),
        }
    }

    fn follows(&self, grown: LogGrew) -> bool {
        self.follow.as_ref().is_some_and(|follow| {
            follow.job == grown.attempt.job
                && follow.rank == grown.rank
                && follow
                    .attempt
                    .is_none_or(|attempt| attempt == grown.attempt.number)
        })
    }

    /// Sends what the followed log has beyond what was sent.
    async fn pump(&mut self) -> Result<(), axum::Error> {
        while let Some(follow) = &mut self.follow {
            let offset = i64::try_from(follow.offset).unwrap_or(i64::MAX);
            let (job, attempt, rank) = (follow.job, follow.attempt, follow.rank);
            let read: Result<_, ApiError> = self
                .context
                .log_text(job, attempt, rank, Some(offset), PIECE)
                .await;
            let Ok(piece) = read else {
                self.follow = None;
                return Ok(());
            };
            if piece.attempt != follow.reading && follow.reading != 0 && piece.attempt != 0 {
                // Another attempt began: its log is read from the start.
                follow.reading = piece.attempt;
                follow.offset = 0;
                continue;
            }
            follow.reading = piece.attempt;
            let more = piece.next < piece.total;
            let news = piece.next > follow.offset;
            follow.offset = piece.next;
            if piece.ended {
                // Done, unless a retry is to be followed too.
                let last = follow.attempt.is_some();
                self.send(&LiveMessage::Log(piece)).await?;
                let live = self.context.state.handle.view();
                let goes_on = live
                    .active
                    .iter()
                    .chain(&live.queue)
                    .any(|known| known.id == job);
                if last || !goes_on {
                    self.follow = None;
                }
                return Ok(());
            }
            if news {
                self.send(&LiveMessage::Log(piece)).await?;
            }
            if !more {
                return Ok(());
            }
        }
        Ok(())
    }
}
