//! What a daemon has not yet been told to be on the server's disk: bounded, the oldest dropped and
//! counted.

use std::collections::VecDeque;

use tokio::time::Instant;

use super::Tally;
use crate::wire::{Batch, UNDER_WAY};

/// How much is kept while the server is away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub batches: usize,
    /// Of samples, as JSON.
    pub bytes: usize,
}

impl Default for Limits {
    /// An hour of a look a second, as far as it fits: of eight GPUs with their processes half of it.
    fn default() -> Self {
        Limits {
            batches: 3600,
            bytes: 10 * 1024 * 1024,
        }
    }
}

/// Batches that wait to be sent or to be acknowledged, oldest first.
#[derive(Debug)]
pub(super) struct Buffer {
    limits: Limits,
    waiting: VecDeque<Waiting>,
    bytes: usize,
    /// So many of the first were sent over this connection.
    sent: usize,
    /// The last one's.
    seq: u64,
    /// When the last one was that has a time.
    at: i64,
    dropped: u64,
}

#[derive(Debug)]
struct Waiting {
    seq: u64,
    looked: Instant,
    /// By the server's clock; given when it is sent first.
    at: Option<i64>,
    /// As JSON.
    samples: Box<str>,
}

impl Buffer {
    pub(super) fn new(limits: Limits) -> Self {
        Buffer {
            limits,
            waiting: VecDeque::new(),
            bytes: 0,
            sent: 0,
            seq: 0,
            at: i64::MIN,
            dropped: 0,
        }
    }

    /// Adds a look, and gives up the oldest if it does not fit.
    pub(super) fn push(&mut self, looked: Instant, samples: Box<str>) {
        self.seq += 1;
        self.bytes += samples.len();
        self.waiting.push_back(Waiting {
            seq: self.seq,
            looked,
            at: None,
            samples,
        });
        // The newest is what people look at.
        while self.waiting.len() > 1
            && (self.waiting.len() > self.limits.batches || self.bytes > self.limits.bytes)
        {
            self.remove_first();
            self.dropped += 1;
        }
    }

    /// The next message to send, if one waits and not too many are under way. `clock` tells when by
    /// the server's clock a moment was.
    pub(super) fn next(&mut self, clock: impl Fn(Instant) -> i64, skew_ms: i64) -> Option<String> {
        if self.sent >= UNDER_WAY {
            return None;
        }
        let next = self.waiting.get_mut(self.sent)?;
        let at = *next
            .at
            .get_or_insert_with(|| clock(next.looked).max(self.at.saturating_add(1)));
        self.at = self.at.max(at);
        self.sent += 1;
        let head = Batch {
            seq: next.seq,
            at,
            skew_ms,
            dropped: self.dropped,
            samples: vec![],
        };
        Some(head.text(&next.samples))
    }

    /// The server has all up to this one on disk.
    pub(super) fn acknowledge(&mut self, seq: u64) {
        while self.waiting.front().is_some_and(|first| first.seq <= seq) {
            self.remove_first();
        }
    }

    /// The connection is a new one: what was under way is sent again.
    pub(super) fn start_over(&mut self) {
        self.sent = 0;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn tally(&self) -> Tally {
        Tally {
            taken: self.seq,
            dropped: self.dropped,
            on_disk: self.seq - self.dropped - self.waiting.len() as u64,
        }
    }

    fn remove_first(&mut self) {
        if let Some(first) = self.waiting.pop_front() {
            self.bytes -= first.samples.len();
            self.sent = self.sent.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::FromNode;

    fn next(buffer: &mut Buffer) -> Option<Batch> {
        let text = buffer.next(|_| 1000, 0)?;
        match serde_json::from_str(&text).unwrap() {
            FromNode::Batch(batch) => Some(batch),
            FromNode::Hello(_) => panic!(),
        }
    }

    #[derive(Clone, Copy, Debug)]
    enum Step {
        Look(usize),
        Send,
        /// What was sent arrives and is acknowledged up to here.
        Acknowledge(u64),
        Reconnect,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            3 => (2..40usize).prop_map(Step::Look),
            4 => Just(Step::Send),
            1 => (0..6u64).prop_map(Step::Acknowledge),
            1 => Just(Step::Reconnect),
        ];
        proptest::collection::vec(step, 0..200)
    }

    proptest! {
        /// Whatever happens: what is not given up is sent in order, again the same, and all that was
        /// looked at is either acknowledged, kept, or counted as given up.
        #[test]
        fn nothing_is_lost_unseen(steps in steps()) {
            let limits = Limits { batches: 8, bytes: 100 };
            let mut buffer = Buffer::new(limits);
            let mut times = std::collections::BTreeMap::new();
            let (mut looks, mut acknowledged, mut last) = (0u64, 0u64, 0u64);
            for step in steps {
                match step {
                    Step::Look(length) => {
                        looks += 1;
                        let samples = format!("[{}]", " ".repeat(length - 2));
                        buffer.push(Instant::now(), samples.into());
                    }
                    Step::Send => if let Some(batch) = next(&mut buffer) {
                        prop_assert!(batch.seq > last);
                        last = batch.seq;
                        let at = *times.entry(batch.seq).or_insert(batch.at);
                        prop_assert_eq!(at, batch.at);
                    },
                    Step::Acknowledge(back) => {
                        let seq = last.saturating_sub(back);
                        let before = buffer.waiting.len();
                        buffer.acknowledge(seq);
                        acknowledged += (before - buffer.waiting.len()) as u64;
                    }
                    Step::Reconnect => {
                        buffer.start_over();
                        last = 0;
                    }
                }
                let Tally { taken, dropped, on_disk } = buffer.tally();
                prop_assert_eq!((taken, on_disk), (looks, acknowledged));
                prop_assert_eq!(looks, acknowledged + dropped + buffer.waiting.len() as u64);
                prop_assert!(buffer.waiting.len() <= limits.batches);
                prop_assert!(buffer.bytes <= limits.bytes);
                let bytes: usize = buffer.waiting.iter().map(|one| one.samples.len()).sum();
                prop_assert_eq!(bytes, buffer.bytes);
                prop_assert!(buffer.sent <= buffer.waiting.len());
            }
            let mut sorted: Vec<i64> = times.values().copied().collect();
            sorted.dedup();
            prop_assert_eq!(sorted.len(), times.len(), "no two at the same time");
            prop_assert!(sorted.is_sorted());
        }
    }

    #[test]
    fn the_oldest_goes_first() {
        let mut buffer = Buffer::new(Limits {
            batches: 2,
            bytes: 1000,
        });
        for _ in 0..5 {
            buffer.push(Instant::now(), "[]".into());
        }
        let sent = [next(&mut buffer), next(&mut buffer), next(&mut buffer)];
        let seen: Vec<_> = sent.iter().flatten().map(|b| (b.seq, b.dropped)).collect();
        assert_eq!(seen, [(4, 3), (5, 3)]);
        buffer.start_over();
        buffer.acknowledge(4);
        assert_eq!(next(&mut buffer).unwrap().seq, 5);
        buffer.acknowledge(5);
        assert!(buffer.is_empty());
    }

    #[test]
    fn not_more_is_under_way_than_the_server_may_hold() {
        let mut buffer = Buffer::new(Limits::default());
        for _ in 0..UNDER_WAY + 1 {
            buffer.push(Instant::now(), "[]".into());
        }
        while next(&mut buffer).is_some() {}
        assert_eq!(buffer.sent, UNDER_WAY);
        buffer.acknowledge(1);
        assert_eq!(next(&mut buffer).unwrap().seq, UNDER_WAY as u64 + 1);
    }
}
