//! What a node's daemon and the server say to each other over their websocket, as JSON texts.
//!
//! The server reads what older daemons say; a newer daemon is refused, with a sentence, until the
//! server is updated. So a field is added with a default, and [`PROTOCOL`] rises when an older
//! server could not read what is written, as with a new variant of an enum. What an older daemon
//! does not know of the server's messages it passes over.

use berth_domain::{Gpu, GpuSample, NodeName};
use serde::{Deserialize, Serialize};

/// The version of what daemons say.
pub const PROTOCOL: u32 = 1;
/// What is longer is not read, in bytes.
pub const LARGEST_MESSAGE: usize = 1024 * 1024;
/// So many batches may be under way to the server without being acknowledged.
pub const UNDER_WAY: usize = 64;
/// Clocks that are further apart are a problem of the node, in milliseconds.
pub const SKEW_MS: u64 = 2000;

/// From a daemon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FromNode {
    /// First, and again each minute.
    Hello(Hello),
    Batch(Batch),
}

/// Who speaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    pub protocol: u32,
    pub name: NodeName,
    /// Of Berth.
    pub version: String,
    /// In rising index order.
    #[serde(default)]
    pub gpus: Vec<Gpu>,
    /// The driver's version.
    #[serde(default)]
    pub driver: Option<String>,
    /// What could not be read of the hardware, in sentences.
    #[serde(default)]
    pub problems: Vec<String>,
}

/// One look at all GPUs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    /// Rises by one with each batch of a run of the daemon; the same when it is sent again.
    pub seq: u64,
    /// When it was, by the server's clock as far as the daemon can tell, in milliseconds since 1970.
    /// The same when it is sent again, and later than that of the batch before.
    pub at: i64,
    /// By how much the node's clock is ahead of the server's, in milliseconds.
    #[serde(default)]
    pub skew_ms: i64,
    /// How many batches of this run of the daemon were given up because its buffer was full.
    #[serde(default)]
    pub dropped: u64,
    pub samples: Vec<GpuSample>,
}

impl Batch {
    /// The message with these samples in place of its own, which a daemon keeps as JSON.
    #[must_use]
    pub fn text(self, samples: &str) -> String {
        let bare = FromNode::Batch(Batch {
            samples: vec![],
            ..self
        });
        // There is nothing in it that JSON cannot say.
        let bare = serde_json::to_string(&bare).unwrap_or_default();
        format!("{}{samples}}}}}", bare.trim_end_matches("[]}}"))
    }
}

/// From the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToNode {
    /// The answer to each hello.
    Welcome {
        /// What the server's clock shows, in milliseconds since 1970.
        now: i64,
    },
    /// Batches up to this one are on disk.
    Ack { seq: u64 },
    /// The connection ends, for this reason: a sentence.
    Refused {
        why: String,
        /// Whether it may be different later.
        #[serde(default)]
        try_again: bool,
    },
}

#[cfg(test)]
mod tests {
    use berth_domain::GpuUuid;

    use super::*;

    #[test]
    fn what_a_daemon_keeps_as_text_is_read_as_a_batch() {
        let samples = vec![GpuSample {
            busy_pct: Some(97.0),
            ..GpuSample::of(GpuUuid("GPU-{\"}".to_owned()))
        }];
        let batch = Batch {
            seq: 7,
            at: 1_700_000_000_123,
            skew_ms: -5,
            dropped: 2,
            samples,
        };
        let text = serde_json::to_string(&batch.samples).unwrap();
        let text = batch.clone().text(&text);
        let read: FromNode = serde_json::from_str(&text).unwrap();
        assert_eq!(read, FromNode::Batch(batch));
    }

    #[test]
    fn what_was_not_said_yet_has_a_default() {
        let old = r#"{"hello":{"protocol":1,"name":"node-1","version":"0.1.0"}}"#;
        let FromNode::Hello(hello) = serde_json::from_str(old).unwrap() else {
            panic!()
        };
        assert_eq!((hello.gpus.len(), hello.driver), (0, None));
        let old = r#"{"batch":{"seq":1,"at":5,"samples":[{"gpu":"GPU-1","busy_pct":1.0,"mem_used_bytes":null,"power_w":null,"temp_c":null}],"new":{}}}"#;
        let FromNode::Batch(batch) = serde_json::from_str(old).unwrap() else {
            panic!()
        };
        assert_eq!((batch.seq, batch.at, batch.dropped), (1, 5, 0));
        assert_eq!(batch.samples[0].busy_pct, Some(1.0));
    }
}
