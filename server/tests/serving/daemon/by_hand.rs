//! A daemon that says what a test has it say.

use berth_api::{Berth, Socket};
use berth_domain::{GpuSample, Timestamp};
use berth_telemetry::wire::{Batch, FromNode, Hello, PROTOCOL, ToNode};
use futures::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message;

use super::gpus;
use crate::support::{PATIENCE, Server};

pub fn hello(name: &str) -> Hello {
    Hello {
        protocol: PROTOCOL,
        name: name.into(),
        version: "0.1.0".to_owned(),
        gpus: gpus(),
        driver: Some("575.57.08".to_owned()),
        problems: vec!["A fan is loud.".to_owned()],
    }
}

/// A daemon of which the test is the hand.
pub struct ByHand {
    socket: Socket,
}

impl ByHand {
    pub async fn connect(server: &Server, token: &str) -> Self {
        let berth = Berth::new(&server.url, token).unwrap();
        let socket = berth.websocket("/api/node").await.unwrap();
        ByHand { socket }
    }

    pub async fn say(&mut self, word: FromNode) {
        let text = serde_json::to_string(&word).unwrap();
        self.socket.send(Message::text(text)).await.unwrap();
    }

    /// The next word; `None` when the server closed the connection.
    pub async fn hear(&mut self) -> Option<ToNode> {
        let next = async {
            while let Some(Ok(message)) = self.socket.next().await {
                if let Message::Text(text) = message {
                    return Some(serde_json::from_str(&text).unwrap());
                }
            }
            None
        };
        tokio::time::timeout(PATIENCE, next).await.unwrap()
    }

    pub async fn is_welcome(&mut self, name: &str) {
        self.say(FromNode::Hello(hello(name))).await;
        let answer = self.hear().await;
        assert!(matches!(answer, Some(ToNode::Welcome { .. })), "{answer:?}");
    }

    pub async fn refused(&mut self) -> (String, bool) {
        let Some(ToNode::Refused { why, try_again }) = self.hear().await else {
            panic!()
        };
        assert_eq!(self.hear().await, None, "and closed");
        (why, try_again)
    }

    pub async fn look(&mut self, seq: u64, samples: Vec<GpuSample>) {
        let batch = Batch {
            seq,
            at: Timestamp::now().as_millisecond(),
            samples,
            ..Batch::default()
        };
        self.say(FromNode::Batch(batch)).await;
        assert_eq!(self.hear().await, Some(ToNode::Ack { seq }));
    }
}
