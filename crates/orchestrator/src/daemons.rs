//! The door for the nodes' daemons.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use berth_domain::NodeName;
use berth_telemetry::wire::{Batch, Hello};
use tokio::sync::{mpsc, oneshot};

/// So much may wait to be taken in, of all daemons.
const WAITING: usize = 1024;

/// What a daemon's connection says to the sampling.
#[derive(Debug)]
pub(crate) enum FromDaemon {
    Joined {
        node: NodeName,
        /// Dropped when another connection takes this one's place.
        replaced: oneshot::Sender<()>,
    },
    Hello {
        connection: u64,
        hello: Hello,
    },
    Batch {
        node: NodeName,
        batch: Batch,
        on_disk: oneshot::Sender<()>,
    },
    Left {
        node: NodeName,
        connection: u64,
    },
}

/// Takes in what daemons say. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Daemons {
    words: mpsc::Sender<FromDaemon>,
    connections: Arc<AtomicU64>,
}

/// Where samples come together has ended, and soon the server does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server is stopping")]
pub struct Stopping;

/// A daemon's connection.
#[derive(Debug)]
pub struct Joined {
    words: mpsc::Sender<FromDaemon>,
    node: NodeName,
    connection: u64,
    replaced: oneshot::Receiver<()>,
}

impl Daemons {
    pub(crate) fn new() -> (Self, mpsc::Receiver<FromDaemon>) {
        let (words, heard) = mpsc::channel(WAITING);
        let connections = Arc::default();
        (Daemons { words, connections }, heard)
    }

    /// A daemon connected. A connection of the same node before it is over.
    ///
    /// # Errors
    /// When the server is stopping.
    pub async fn join(&self, node: NodeName) -> Result<Joined, Stopping> {
        let (replaced, is_replaced) = oneshot::channel();
        let joined = Joined {
            words: self.words.clone(),
            node: node.clone(),
            connection: self.connections.fetch_add(1, Ordering::Relaxed),
            replaced: is_replaced,
        };
        joined.say(FromDaemon::Joined { node, replaced }).await?;
        Ok(joined)
    }
}

impl Joined {
    #[must_use]
    pub fn node(&self) -> &NodeName {
        &self.node
    }

    /// Who it is.
    ///
    /// # Errors
    /// When the server is stopping.
    pub async fn hello(&self, hello: Hello) -> Result<(), Stopping> {
        let connection = self.connection;
        self.say(FromDaemon::Hello { connection, hello }).await
    }

    /// What it saw. The answer comes when that is on disk, and fails when it cannot be written.
    ///
    /// # Errors
    /// When the server is stopping.
    pub async fn batch(&self, batch: Batch) -> Result<oneshot::Receiver<()>, Stopping> {
        let (on_disk, written) = oneshot::channel();
        let node = self.node.clone();
        let word = FromDaemon::Batch {
            node,
            batch,
            on_disk,
        };
        self.say(word).await?;
        Ok(written)
    }

    /// Waits until another connection took this one's place.
    pub async fn replaced(&mut self) {
        let _ = (&mut self.replaced).await;
    }

    /// It is over.
    pub async fn leave(self) {
        let (node, connection) = (self.node.clone(), self.connection);
        // When the server is stopping nobody needs to know.
        let _ = self.say(FromDaemon::Left { node, connection }).await;
    }

    async fn say(&self, word: FromDaemon) -> Result<(), Stopping> {
        self.words.send(word).await.map_err(|_| Stopping)
    }
}
