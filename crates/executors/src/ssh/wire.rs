//! What server and agent say to each other over the connection: a JSON value a line, after
//! [`FromAgent::Log`] as many bytes as it says. Both ends are the same binary, verified by its hash,
//! so that they always agree on the words.

use std::io;
use std::time::Duration;

use berth_domain::{AttemptId, Exit, GpuSample, NodeName};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::agent::Found;
use crate::order::{LastCall, LaunchOrder};
use crate::record::{Meta, Stop};

/// Whoever has nothing to say says at least so much.
pub(crate) const BEAT: Duration = Duration::from_secs(2);
/// Of a log, in one piece.
pub(crate) const PIECE: usize = 64 * 1024;
/// A longer line is none of ours.
const LONGEST_LINE: u64 = 16 * 1024 * 1024;

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum ToAgent {
    /// The first word.
    Settings(Settings),
    /// Say what becomes of a rank.
    Watch(Box<Watch>),
    /// Have a rank save its work.
    Call {
        attempt: AttemptId,
        rank: u32,
        call: LastCall,
    },
    /// End a rank, watched or not; if it did not begin, it must not.
    Stop {
        attempt: AttemptId,
        rank: u32,
        stop: Stop,
    },
    /// No more is to be said of it.
    Forget {
        attempt: AttemptId,
        rank: u32,
    },
    Beat,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Settings {
    /// What the host is called.
    pub node: NodeName,
    pub server_url: Option<String>,
    pub log_limit_bytes: u64,
    pub leftover_grace: Duration,
    pub gang_grace: Duration,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Watch {
    pub order: LaunchOrder,
    pub rank: u32,
    /// Start it, if there is no trace of it.
    pub may_launch: bool,
    /// Where the other ranks reach rank 0.
    pub master: String,
    /// It may have heard it before.
    pub call: Option<LastCall>,
    pub stop: Option<Stop>,
    /// So much of its log is known.
    pub log_from: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum FromAgent {
    /// The first word.
    Hello(Hello),
    /// The host's GPUs, as they are now.
    Hardware(Result<Found, String>),
    Samples(Vec<GpuSample>),
    /// It cannot be started before its uploaded folder is there.
    LacksPackage {
        attempt: AttemptId,
        rank: u32,
    },
    Began {
        attempt: AttemptId,
        rank: u32,
        meta: Meta,
    },
    /// `length` bytes follow the line.
    Log {
        attempt: AttemptId,
        rank: u32,
        start: u64,
        length: usize,
    },
    /// Nothing of it runs any more, and the whole log was sent.
    Ended {
        attempt: AttemptId,
        rank: u32,
        exit: Exit,
    },
    Beat,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Hello {
    /// Of Berth.
    pub version: String,
    /// The address by which the host was reached.
    pub address: Option<String>,
    /// Ranks that have begun there and not ended.
    pub unfinished: Vec<(AttemptId, u32)>,
}

/// A line and what follows it.
#[derive(Debug)]
pub(crate) struct Frame {
    pub word: FromAgent,
    pub bytes: Vec<u8>,
}

impl From<FromAgent> for Frame {
    fn from(word: FromAgent) -> Self {
        let bytes = vec![];
        Frame { word, bytes }
    }
}

/// A word as a line.
pub(crate) fn line(word: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(word)?;
    line.push(b'\n');
    Ok(line)
}

pub(crate) async fn write(to: &mut (impl AsyncWrite + Unpin), word: &ToAgent) -> io::Result<()> {
    to.write_all(&line(word)?).await?;
    to.flush().await
}

/// `None` at the end. Not to be cancelled: half a frame would be lost.
pub(crate) async fn read(from: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<Frame>> {
    let mut line = Vec::new();
    let mut limited = from.take(LONGEST_LINE);
    if limited.read_until(b'\n', &mut line).await? == 0 {
        return Ok(None);
    }
    let word = serde_json::from_slice(&line)?;
    let length = match &word {
        FromAgent::Log { length, .. } if *length <= PIECE => *length,
        FromAgent::Log { .. } => return Err(io::Error::other("a piece of a log is too long")),
        _ => 0,
    };
    let mut bytes = vec![0; length];
    from.read_exact(&mut bytes).await?;
    Ok(Some(Frame { word, bytes }))
}

#[cfg(test)]
mod tests {
    use berth_domain::JobId;

    use super::*;

    #[tokio::test]
    async fn any_bytes_come_through_and_a_cut_is_seen() {
        let attempt = AttemptId {
            job: JobId(3),
            number: 1,
        };
        let bytes = b"\xff\n{}\n\0".to_vec();
        let length = bytes.len();
        let log = FromAgent::Log {
            attempt,
            rank: 0,
            start: 7,
            length,
        };
        let wire = [
            line(&log).unwrap(),
            bytes.clone(),
            line(&FromAgent::Beat).unwrap(),
        ]
        .concat();
        let mut from = wire.as_slice();
        assert_eq!(read(&mut from).await.unwrap().unwrap().bytes, bytes);
        let second = read(&mut from).await.unwrap().unwrap();
        assert!(matches!(second.word, FromAgent::Beat));
        assert!(read(&mut from).await.unwrap().is_none());
        let cut = wire.iter().position(|byte| *byte == 0xff).unwrap() + 2;
        assert!(read(&mut &wire[..cut]).await.is_err());
    }
}
