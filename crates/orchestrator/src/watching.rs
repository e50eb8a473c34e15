//! Looks every other second whether something is wrong, apart from the control loop, and tells it what
//! changed.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use berth_domain::{AttemptId, Job, JobState, NodeName, PendingReason, Seen, Timestamp};
use berth_health::{Disk, Health, Observed};
use berth_telemetry::hub::Heard;
use tokio::sync::broadcast::error::TryRecvError;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::Instant;

use crate::clock::Clock;
use crate::handle::LogGrew;
use crate::view::{Samples, View};

const EVERY: Duration = Duration::from_secs(2);
/// Said again after so long, because what was answered may have ended since.
const AGAIN: Duration = Duration::from_secs(10);
/// A disk does not fill up sooner.
const DISK_EVERY: Duration = Duration::from_secs(30);

pub(crate) struct Watch {
    pub(crate) health: Health,
    pub(crate) clock: Clock,
    pub(crate) view: watch::Receiver<Arc<View>>,
    pub(crate) samples: watch::Receiver<Samples>,
    pub(crate) heard: watch::Receiver<Arc<Heard>>,
    pub(crate) logs: broadcast::Receiver<LogGrew>,
    pub(crate) data_dir: PathBuf,
    pub(crate) saw: mpsc::Sender<Seen>,
}

impl Watch {
    pub(crate) async fn run(mut self) {
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut said: Option<(Seen, Instant)> = None;
        let mut written = HashMap::new();
        let mut disk: Option<(Option<Disk>, Instant)> = None;
        loop {
            ticks.tick().await;
            // The sender of the view is the control loop: when it is gone, so are we.
            if self.view.has_changed().is_err() {
                return;
            }
            let now = self.clock.now();
            let view = self.view.borrow_and_update().clone();
            self.logs(&view, &mut written, now);
            if disk.is_none_or(|(_, at)| at.elapsed() >= DISK_EVERY) {
                disk = Some((free(&self.data_dir), Instant::now()));
            }
            let samples = self.samples.borrow_and_update().clone();
            let seen = self.health.look(&Observed {
                now,
                nodes: &view.nodes,
                cordons: &view.cordons,
                holders: &view.holders,
                active: &view.active,
                queue: &view.queue,
                recent: &view.recent,
                samples: &samples,
                heard: &heard(&self.heard.borrow()),
                logs: &written,
                disk: disk.and_then(|(disk, _)| disk),
                waits: &waits(&view, now),
                alerts: &view.alerts,
                foreign: &view.foreign,
            });
            let news = said
                .as_ref()
                .is_none_or(|(before, at)| *before != seen || at.elapsed() >= AGAIN);
            if news && self.saw.try_send(seen.clone()).is_ok() {
                said = Some((seen, Instant::now()));
            }
        }
    }

    /// When each running attempt wrote last. Of what ran before we looked nothing is known: it is
    /// taken to have written now.
    fn logs(&mut self, view: &View, written: &mut HashMap<AttemptId, Timestamp>, now: Timestamp) {
        let run = view.active.iter().filter_map(Job::attempt_id);
        let run: Vec<AttemptId> = run.collect();
        loop {
            match self.logs.try_recv() {
                Ok(LogGrew { attempt, .. }) => {
                    written.insert(attempt, now);
                }
                // More was written than is told: all of them may have.
                Err(TryRecvError::Lagged(_)) => written.clear(),
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        written.retain(|attempt, _| run.contains(attempt));
        for attempt in run {
            written.entry(attempt).or_insert(now);
        }
    }
}

/// When each node was heard of last.
fn heard(heard: &Heard) -> HashMap<NodeName, Timestamp> {
    let nodes = heard.nodes.iter();
    nodes
        .map(|(name, heard)| (name.clone(), heard.last))
        .collect()
}

/// How long the ordinary jobs wait that only wait for GPUs of one node.
fn waits(view: &View, now: Timestamp) -> Vec<Duration> {
    let ordinary = |job: &&Job| {
        let reason = view.plan.reasons.get(&job.id);
        job.spec.nodes == 1
            && matches!(
                reason,
                Some(
                    PendingReason::Resources { .. }
                        | PendingReason::Fragmentation { .. }
                        | PendingReason::Priority { .. }
                )
            )
    };
    let since = |job: &Job| match job.state {
        JobState::Queued { since, .. } => Duration::try_from(now.duration_since(since)).ok(),
        _ => None,
    };
    view.queue
        .iter()
        .filter(ordinary)
        .filter_map(since)
        .collect()
}

/// The file system of the server's data; `None` if it does not tell.
fn free(folder: &Path) -> Option<Disk> {
    let disk = nix::sys::statvfs::statvfs(folder).ok()?;
    let size = disk.fragment_size();
    Some(Disk {
        free_bytes: disk.blocks_available() * size,
        total_bytes: disk.blocks() * size,
    })
}
