//! The feed: one task that turns views and samples into pictures and deltas, for all open pages at
//! once. A delta is made and written as JSON once, however many listen.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use berth_domain::Seq;
use berth_orchestrator::{Clock, Handle};
use tokio::sync::{broadcast, watch};

use crate::convert;
use crate::live::{LiveMessage, Picture};

/// How many deltas are kept for pages that come back.
const KEPT: usize = 256;

/// A delta as it is sent.
#[derive(Clone, Debug)]
pub struct Sent {
    pub from: u64,
    pub version: u64,
    pub json: Arc<str>,
}

/// Cheap to clone.
#[derive(Clone, Debug)]
pub struct Feed {
    picture: watch::Receiver<Arc<Picture>>,
    /// The last event that the picture has, even if it shows nothing of it.
    seen: watch::Receiver<Seq>,
    deltas: broadcast::Sender<Sent>,
    kept: Arc<Mutex<VecDeque<Sent>>>,
}

/// Where a listener begins.
#[derive(Debug)]
pub enum Start {
    /// It was here before: what it missed.
    Resume(Vec<Sent>),
    Snapshot(Arc<Picture>),
}

impl Feed {
    /// Starts the task, which ends with the control loop. `epoch` tells this run from others.
    #[must_use]
    pub fn start(handle: Handle, clock: Clock, epoch: u64) -> Self {
        let view = handle.view();
        let first = Picture {
            epoch,
            version: 1,
            ..convert::picture(&view, &handle.samples(), &handle.heard(), clock.now())
        };
        let (sender, picture) = watch::channel(Arc::new(first));
        let (seq, seen) = watch::channel(view.seq);
        let (deltas, _) = broadcast::channel(KEPT);
        let feed = Feed {
            picture,
            seen,
            deltas,
            kept: Arc::default(),
        };
        tokio::spawn(feed.clone().run(handle, clock, sender, seq));
        feed
    }

    #[must_use]
    pub fn picture(&self) -> Arc<Picture> {
        self.picture.borrow().clone()
    }

    /// The picture with everything up to this event.
    pub async fn picture_of(&self, seq: Seq) -> Arc<Picture> {
        // It only fails when the feed has ended: the last picture is all there is.
        let _ = self.seen.clone().wait_for(|seen| *seen >= seq).await;
        self.picture()
    }

    /// Listens from now on. What came before is in the start; a delta may be in both, and leads
    /// from an older version then.
    #[must_use]
    pub fn listen(&self, seen: Option<(u64, u64)>) -> (Start, broadcast::Receiver<Sent>) {
        let receiver = self.deltas.subscribe();
        let picture = self.picture();
        let missed = seen
            .filter(|(epoch, version)| *epoch == picture.epoch && *version <= picture.version)
            .and_then(|(_, version)| self.since(version, picture.version));
        (
            missed.map_or(Start::Snapshot(picture), Start::Resume),
            receiver,
        )
    }

    /// The deltas that lead from one version to another, if all are kept.
    fn since(&self, version: u64, to: u64) -> Option<Vec<Sent>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let missed: Vec<Sent> = kept
            .iter()
            .filter(|sent| sent.from >= version)
            .cloned()
            .collect();
        let whole = missed.first().map_or(to, |first| first.from) == version
            && missed.last().map_or(version, |last| last.version) >= to;
        whole.then_some(missed)
    }

    async fn run(
        self,
        handle: Handle,
        clock: Clock,
        sender: watch::Sender<Arc<Picture>>,
        seq: watch::Sender<Seq>,
    ) {
        let (mut views, mut samples) = (handle.watch_view(), handle.watch_samples());
        let mut heard = handle.watch_heard();
        drop(handle);
        loop {
            let old = self.picture();
            let view = views.borrow_and_update().clone();
            let sample = samples.borrow_and_update().clone();
            let told = heard.borrow_and_update().clone();
            let mut next = convert::picture(&view, &sample, &told, clock.now());
            next.settle(&old);
            next.epoch = old.epoch;
            next.version = old.version + 1;
            if let Some(delta) = old.delta(&next) {
                let (from, version) = (delta.from, delta.version);
                match serde_json::to_string(&LiveMessage::Delta(Box::new(delta))) {
                    Ok(json) => {
                        let sent = Sent {
                            from,
                            version,
                            json: json.into(),
                        };
                        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
                        if kept.len() == KEPT {
                            kept.pop_front();
                        }
                        kept.push_back(sent.clone());
                        drop(kept);
                        sender.send_replace(Arc::new(next));
                        // Nobody listening is no fault.
                        let _ = self.deltas.send(sent);
                    }
                    Err(error) => tracing::error!(%error, "a delta cannot be written"),
                }
            }
            seq.send_replace(view.seq);
            let changed = tokio::select! {
                changed = views.changed() => changed,
                changed = samples.changed() => changed,
                changed = heard.changed() => changed,
            };
            if changed.is_err() {
                return;
            }
        }
    }
}
