//! The live stream, as it comes and as a picture that is kept up.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message;

use super::{Berth, Socket, repeat, unreachable_error};
use crate::live::{LiveMessage, LiveRequest, Picture};
use crate::{ApiError, ErrorCode};

/// A server that lives says something every five seconds.
const SILENCE: Duration = Duration::from_secs(15);
/// Before a connection that was lost is opened again.
const PAUSE: Duration = Duration::from_millis(100);

/// The live stream of a server.
#[derive(Debug)]
pub struct LiveStream {
    socket: Socket,
}

impl LiveStream {
    pub(super) fn new(socket: Socket) -> Self {
        LiveStream { socket }
    }

    /// The next message; `None` when the server closed the stream.
    ///
    /// # Errors
    /// When the connection broke or a message cannot be read.
    pub async fn next(&mut self) -> Result<Option<LiveMessage>, ApiError> {
        while let Some(message) = self.socket.next().await {
            match message.map_err(unreachable_error)? {
                Message::Text(text) => {
                    return serde_json::from_str(&text)
                        .map(Some)
                        .map_err(unreachable_error);
                }
                Message::Close(_) => return Ok(None),
                _ => {}
            }
        }
        Ok(None)
    }

    /// # Errors
    /// When the connection broke.
    pub async fn send(&mut self, request: &LiveRequest) -> Result<(), ApiError> {
        let text = serde_json::to_string(request).map_err(unreachable_error)?;
        self.socket
            .send(Message::text(text))
            .await
            .map_err(unreachable_error)
    }
}

/// The live picture of a server; see [`Berth::watch`].
///
/// A connection that is lost is opened again, and the server sends what was missed, or the whole picture.
#[derive(Debug)]
pub struct Watch {
    berth: Berth,
    stream: Option<LiveStream>,
    picture: Picture,
}

impl Watch {
    pub(super) fn new(berth: Berth) -> Self {
        Watch {
            berth,
            stream: None,
            picture: Picture::default(),
        }
    }

    /// The picture as it was said last.
    #[must_use]
    pub fn picture(&self) -> &Picture {
        &self.picture
    }

    /// Waits until something changed; at first for the picture itself. May be given up while it waits, and
    /// called again.
    ///
    /// # Errors
    /// The server's refusal, or that it was not reached for longer than the client is patient. It may be
    /// called again then.
    pub async fn next(&mut self) -> Result<&Picture, ApiError> {
        loop {
            let message = match &mut self.stream {
                Some(stream) => tokio::time::timeout(SILENCE, stream.next()).await,
                None => {
                    self.stream = Some(self.open().await?);
                    continue;
                }
            };
            match message {
                Ok(Ok(Some(LiveMessage::Snapshot(picture)))) => {
                    self.picture = *picture;
                    return Ok(&self.picture);
                }
                Ok(Ok(Some(LiveMessage::Delta(delta)))) => {
                    if self.picture.apply(*delta).is_ok() {
                        return Ok(&self.picture);
                    }
                    // It does not lead on from here: the whole picture is asked for.
                    self.picture = Picture::default();
                    self.stream = None;
                }
                Ok(Ok(Some(LiveMessage::Log(_) | LiveMessage::Heartbeat))) => {}
                Ok(Ok(None) | Err(_)) | Err(_) => {
                    self.stream = None;
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    async fn open(&self) -> Result<LiveStream, ApiError> {
        let Picture { epoch, version, .. } = self.picture;
        let seen = (version > 0).then(|| format!("epoch={epoch}&version={version}"));
        let mut pauses = repeat::pauses(self.berth.patience);
        loop {
            let opened = self.berth.websocket_with("/api/live", seen.as_deref());
            let error = match opened.await {
                Ok(socket) => return Ok(LiveStream::new(socket)),
                Err(error) => error,
            };
            let passes = matches!(
                error.code(),
                ErrorCode::Unreachable | ErrorCode::Unavailable
            );
            match pauses.next().filter(|_| passes) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(error),
            }
        }
    }
}
