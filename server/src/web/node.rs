//! `GET /api/node`: the websocket of a node's daemon. What is said there is in
//! [`berth_telemetry::wire`].

use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use berth_orchestrator::{Joined, Stopping};
use berth_store::Store;
use berth_telemetry::wire::{FromNode, Hello, LARGEST_MESSAGE, PROTOCOL, ToNode, UNDER_WAY};
use futures::StreamExt;
use futures::stream::FuturesOrdered;
use tokio::sync::oneshot::error::RecvError;
use tokio::time::{Instant, sleep_until};

use super::Web;
use crate::clock;
use crate::identity::guard::NodeIdentity;

/// Often enough that a daemon does not take us for gone.
const BEAT: Duration = Duration::from_secs(5);
/// A daemon speaks each second.
const SILENCE: Duration = Duration::from_secs(30);

pub async fn node(
    State(web): State<Web>,
    Extension(identity): Extension<NodeIdentity>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let upgrade = upgrade
        .max_message_size(LARGEST_MESSAGE)
        .max_frame_size(LARGEST_MESSAGE);
    upgrade.on_upgrade(move |socket| async move {
        let daemons = web.api.handle.daemons();
        let Ok(joined) = daemons.join(identity.node.clone()).await else {
            return;
        };
        let mut connection = Connection {
            socket,
            store: web.store,
            identity,
            joined,
        };
        let ended = connection.run().await;
        connection.end(ended).await;
    })
}

struct Connection {
    socket: WebSocket,
    store: Store,
    identity: NodeIdentity,
    joined: Joined,
}

/// Why a connection ends.
enum End {
    /// It went away, or we do.
    Gone,
    /// For this reason: a sentence.
    Refused { why: String, try_again: bool },
}

impl From<axum::Error> for End {
    fn from(_: axum::Error) -> Self {
        End::Gone
    }
}

impl From<Stopping> for End {
    fn from(_: Stopping) -> Self {
        End::Gone
    }
}

impl Connection {
    async fn run(&mut self) -> End {
        match self.hear().await {
            Ok(never) => match never {},
            Err(end) => end,
        }
    }

    /// Takes in what arrives, and acknowledges it in the same order.
    async fn hear(&mut self) -> Result<std::convert::Infallible, End> {
        let mut unwritten = FuturesOrdered::new();
        let mut beats = tokio::time::interval(BEAT);
        let mut heard = Instant::now();
        let mut is_known = false;
        loop {
            tokio::select! {
                message = self.socket.recv(), if unwritten.len() < UNDER_WAY => {
                    let message = message.ok_or(End::Gone)??;
                    heard = Instant::now();
                    let Message::Text(text) = message else {
                        continue;
                    };
                    match serde_json::from_str(&text) {
                        Ok(FromNode::Hello(hello)) => {
                            self.greet(hello).await?;
                            is_known = true;
                        }
                        Ok(FromNode::Batch(batch)) if is_known => {
                            let seq = batch.seq;
                            let written = self.joined.batch(batch).await?;
                            unwritten.push_back(async move { written.await.map(|()| seq) });
                        }
                        Ok(FromNode::Batch(_)) => return Err(refused("A daemon says first who it is.".to_owned())),
                        Err(error) => return Err(refused(format!("The daemon said what cannot be read: {error}."))),
                    }
                }
                Some(seq) = unwritten.next(), if !unwritten.is_empty() => {
                    let seq = seq.map_err(not_written)?;
                    self.say(&ToNode::Ack { seq }).await?;
                }
                () = self.joined.replaced() => {
                    let node = &self.identity.node;
                    return Err(refused(format!(
                        "Another daemon took the place of this one: it has a token of node {node} too. One is enough."
                    )));
                }
                _ = beats.tick() => self.socket.send(Message::Ping(vec![].into())).await?,
                () = sleep_until(heard + SILENCE) => return Err(End::Gone),
            }
        }
    }

    /// It says who it is, at first and each minute.
    async fn greet(&mut self, hello: Hello) -> Result<(), End> {
        let node = &self.identity.node;
        match self.store.token_node(&self.identity.secret).await {
            Ok(Some(_)) => {}
            Ok(None) => return Err(refused("The token was revoked.".to_owned())),
            // As it was when the connection was made.
            Err(error) => tracing::error!(%error, "cannot look up a node's token"),
        }
        if hello.protocol > PROTOCOL {
            let why = format!(
                "The daemon's Berth {} is newer than the server's {}: update the server first.",
                hello.version,
                env!("CARGO_PKG_VERSION")
            );
            let try_again = true;
            return Err(End::Refused { why, try_again });
        }
        if hello.name != *node {
            let name = &hello.name;
            return Err(refused(format!(
                "The token is node {node}'s, and this daemon is called {name}. Start it with --name {node}, or \
                 make a token: berth-server node-token {name}"
            )));
        }
        self.joined.hello(hello).await?;
        let now = clock::now().as_millisecond();
        Ok(self.say(&ToNode::Welcome { now }).await?)
    }

    async fn say(&mut self, word: &ToNode) -> Result<(), axum::Error> {
        let text = serde_json::to_string(word).map_err(axum::Error::new)?;
        self.socket.send(Message::text(text)).await
    }

    async fn end(mut self, end: End) {
        if let End::Refused { why, try_again } = end {
            tracing::warn!(node = %self.identity.node, why, "a daemon is sent away");
            let _ = self.say(&ToNode::Refused { why, try_again }).await;
            let _ = self.socket.send(Message::Close(None)).await;
        }
        self.joined.leave().await;
    }
}

fn refused(why: String) -> End {
    End::Refused {
        why,
        try_again: false,
    }
}

fn not_written(_: RecvError) -> End {
    End::Refused {
        why: "The server cannot write to its disk at the moment.".to_owned(),
        try_again: true,
    }
}
