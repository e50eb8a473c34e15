//! Keeps what GPUs did, apart from the control loop: takes batches of samples and the journal's
//! records, and writes every two seconds what came of them. Who sent a batch is told when it is on
//! disk.

mod history;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use berth_domain::{Event, Record, State, Timestamp};
use berth_store::{Added, AttemptUse, Buckets, SeriesName, Store, StoreError};
use berth_telemetry::Batch;
use berth_telemetry::rollup::{Flush, Keeper, Series, SeriesId, Stored, Tier};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior};

pub use self::history::{History, HistoryError, SeriesRows};
use crate::clock::Clock;

/// How often what was added is written.
const EVERY: Duration = Duration::from_secs(2);
/// A batch waits so long before it is taken: until then the journal's records from before it are
/// here.
const SETTLE: Duration = Duration::from_secs(1);
/// How many batches may wait before who sends one waits too.
const BATCHES: usize = 1024;
/// The pause before what the disk refused is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// A keeper that is read while it is written.
#[derive(Clone, Debug)]
pub(crate) struct Shared(Arc<RwLock<Keeper>>);

impl Shared {
    fn read(&self) -> RwLockReadGuard<'_, Keeper> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Keeper> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The task.
#[derive(Debug)]
pub(crate) struct Keeping {
    store: Store,
    clock: Clock,
    keeper: Shared,
    batches: mpsc::Receiver<Batch>,
    records: mpsc::UnboundedReceiver<Vec<Record>>,
    /// With the time at which each came.
    waiting: VecDeque<(Instant, Batch)>,
}

/// What others reach the task by.
#[derive(Debug)]
pub(crate) struct Doors {
    pub(crate) records: mpsc::UnboundedSender<Vec<Record>>,
    pub(crate) history: History,
}

impl Keeping {
    /// Takes up what is on disk. `state` is the state as of the end of the journal: later records come
    /// through the door.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) async fn restore(
        store: Store,
        state: &State,
        clock: Clock,
    ) -> Result<(Self, Doors), StoreError> {
        let names = store.telemetry_names().await?.into_iter();
        let names = names.filter_map(|name| {
            let series = Series::of(&name.kind, &name.name)?;
            Some((SeriesId(name.id), series))
        });
        let names: Vec<_> = names.collect();
        let marks = store.telemetry_marks().await?;
        let stored = |marks| Stored {
            names: names.clone(),
            marks,
        };
        let mut keeper = Keeper::restore(stored(marks)).unwrap_or_else(|error| {
            tracing::error!(%error, "the last samples cannot be read; going on without them");
            Keeper::restore(stored(None)).unwrap_or_default()
        });
        for node in state.nodes() {
            for gpu in &node.gpus {
                keeper.place(&gpu.uuid, &node.name);
            }
        }
        for job in state.recent().chain(state.live()) {
            keeper.know(job);
        }
        let (batch_door, batches) = mpsc::channel(BATCHES);
        let (record_door, records) = mpsc::unbounded_channel();
        let keeping = Keeping {
            store: store.clone(),
            clock: clock.clone(),
            keeper: Shared(Arc::new(RwLock::new(keeper))),
            batches,
            records,
            waiting: VecDeque::new(),
        };
        for block in store.open_blocks().await? {
            keeping.open(block).await;
        }
        let doors = Doors {
            records: record_door,
            history: History::new(store, keeping.keeper.clone(), clock, batch_door),
        };
        Ok((keeping, doors))
    }

    /// Runs until the control loop is gone.
    pub(crate) async fn run(mut self) {
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                records = self.records.recv() => match records {
                    Some(records) => self.learn(&records).await,
                    None => break,
                },
                Some(batch) = self.batches.recv() => {
                    self.waiting.push_back((Instant::now(), batch));
                }
                _ = ticks.tick() => self.turn(SETTLE).await,
            }
        }
        self.turn(Duration::ZERO).await;
    }

    /// Takes what is old enough, writes what came of it, and tells who sent it; then writes the blocks
    /// that are over.
    async fn turn(&mut self, settle: Duration) {
        while let Ok(records) = self.records.try_recv() {
            self.learn(&records).await;
        }
        let mut kept = Vec::new();
        let mut refused = 0;
        while let Some((_, mut batch)) = self.waiting.pop_front_if(|(at, _)| at.elapsed() >= settle)
        {
            let blocks = self.keeper.read().needs(batch.at);
            for block in blocks {
                self.open(block).await;
            }
            let accepted = self.keeper.write().accept(&batch, self.clock.now());
            refused += accepted.refused;
            kept.extend(batch.kept.take());
        }
        if refused > 0 {
            tracing::warn!(
                refused,
                "samples were not kept: they are more than an hour old, or from a clock that is ahead"
            );
        }
        let flush = self.keeper.write().flush(self.clock.now());
        if !flush.is_empty() {
            self.write(added(flush)).await;
        }
        tell(kept);
        let quiet = self.keeper.read().quiet(self.clock.now());
        for block in quiet {
            if let Err(error) = self.close(block).await {
                tracing::error!(%error, "what GPUs did in five minutes cannot be put away; trying again");
                return;
            }
        }
    }

    /// Takes in what happened.
    async fn learn(&self, records: &[Record]) {
        for record in records {
            if let Event::JobRequeued { job, .. } = record.event
                && !self.keeper.read().knows(job)
            {
                match self.store.job(job).await {
                    Ok(found) => {
                        let found = found.iter();
                        found.for_each(|job| self.keeper.write().know(job));
                    }
                    Err(error) => tracing::warn!(%error, %job, "not known whose job it is"),
                }
            }
            self.keeper.write().read(record);
        }
    }

    /// Opens a block. One that makes no sense is begun anew: the samples that come are worth more.
    async fn open(&self, block: i64) {
        let now = self.clock.now();
        while let Err(error) = self.try_open(block, now).await {
            tracing::error!(%error, "what GPUs did in five minutes cannot be read");
            match error {
                HistoryError::Store(_) => tokio::time::sleep(RETRY).await,
                HistoryError::Bad(_) => {
                    // Nothing that could be wrong with nothing.
                    let _ = self.keeper.write().open(block, &[], &[], now);
                    return;
                }
            }
        }
    }

    async fn try_open(&self, block: i64, now: Timestamp) -> Result<(), HistoryError> {
        let seconds = Tier::Second.number();
        let seconds = self.store.all_buckets(seconds, block, block + 1).await?;
        let seconds: Vec<_> = seconds
            .into_iter()
            .map(|one| (SeriesId(one.series), one.blob))
            .collect();
        let entries = self.store.block_entries(block).await?;
        self.keeper.write().open(block, &seconds, &entries, now)?;
        Ok(())
    }

    /// Writes until it works: nobody is told before, and nothing else is taken.
    async fn write(&self, added: Added) {
        while let Err(error) = self.store.add_telemetry(&added).await {
            tracing::error!(%error, "cannot write what GPUs do; trying again");
            tokio::time::sleep(RETRY).await;
        }
    }

    /// Puts a block away. Everything before it was written.
    async fn close(&self, block: i64) -> Result<(), HistoryError> {
        let hour = block - block.rem_euclid(Tier::Hour.width_s());
        let until = hour + Tier::Hour.width_s();
        let minutes = self.store.all_buckets(Tier::Minute.number(), hour, until);
        let minutes = minutes.await?.into_iter();
        let minutes: Vec<_> = minutes
            .map(|one| (SeriesId(one.series), one.start_s, one.blob))
            .collect();
        let keeper = self.keeper.clone();
        let closing = tokio::task::spawn_blocking(move || keeper.read().close(block, &minutes));
        let Ok(closed) = closing.await else {
            // The runtime is going down.
            return Ok(());
        };
        let buckets = closed?
            .blobs
            .into_iter()
            .map(|(id, tier, start_s, blob)| Buckets {
                series: id.0,
                tier: tier.number(),
                start_s,
                blob,
            });
        let buckets: Vec<Buckets> = buckets.collect();
        self.store.close_block(block, &buckets).await?;
        self.keeper.write().forget(block);
        let now = self.clock.now().as_second();
        for tier in Tier::ALL {
            if let Some(kept) = tier.kept_s() {
                let before = now - kept - tier.blob_s();
                self.store.prune_telemetry(tier.number(), before).await?;
            }
        }
        Ok(())
    }
}

fn tell(kept: Vec<oneshot::Sender<()>>) {
    for one in kept {
        // Who does not wait for it needs not be told.
        let _ = one.send(());
    }
}

fn added(flush: Flush) -> Added {
    let name = |(id, series): (SeriesId, Series)| {
        let (kind, name) = series.parts();
        SeriesName {
            id: id.0,
            kind: kind.to_owned(),
            name,
        }
    };
    let uses = flush.uses.into_iter().map(|(key, one)| AttemptUse {
        job: key.attempt.job.0,
        attempt: key.attempt.number,
        node: key.node.0,
        hour_s: key.hour_s,
        observed_s: one.observed_s,
        busy_s: one.busy_s,
        working_known_s: one.working_known_s,
        working_s: one.working_s,
        power_known_s: one.power_known_s,
        energy_j: one.energy_j,
        peak_mem_bytes: one.peak_mem_bytes,
    });
    Added {
        names: flush.names.into_iter().map(name).collect(),
        entries: flush.entries,
        marks: flush.marks,
        uses: uses.collect(),
    }
}
