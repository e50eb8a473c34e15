//! What the loop decides is on disk before it is true.

use std::sync::atomic::Ordering;
use std::time::Duration;

use berth_domain::audit::Entry;
use berth_domain::decide::{Input, decide};
use berth_domain::job::Illegal;
use berth_domain::{Actor, Event, Record};
use berth_store::StoreError;

use super::{Control, show};
use crate::breakpoint::Breakpoint;
use crate::differences::differences;
use crate::effects;

/// The pause before a write that failed is tried again.
const WRITE_RETRY: Duration = Duration::from_secs(1);

#[derive(Debug, thiserror::Error)]
pub(super) enum CommitError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Illegal(#[from] Illegal),
}

impl Control {
    /// Decides and commits an input of Berth's own, which nothing refuses. A write that fails is
    /// tried again until it works: what an executor reported must not be lost.
    pub(super) async fn certainly(&mut self, input: Input) {
        loop {
            match self.decide(Actor::Berth, input.clone()).await {
                Ok(()) => return,
                Err(CommitError::Illegal(error)) => {
                    tracing::error!(%error, "an input was decided against the state; ignored");
                    return;
                }
                Err(CommitError::Store(error)) => {
                    tracing::error!(%error, "cannot write; trying again");
                    tokio::time::sleep(WRITE_RETRY).await;
                }
            }
        }
    }

    pub(super) async fn decide(&mut self, actor: Actor, input: Input) -> Result<(), CommitError> {
        let now = self.settings.clock.now();
        match decide(&self.state, &self.settings.rules, input, now) {
            Ok(decision) => self.commit(actor, decision.events).await,
            Err(refusal) => {
                tracing::error!(%refusal, "an input of our own was refused");
                Ok(())
            }
        }
    }

    pub(super) async fn commit(
        &mut self,
        actor: Actor,
        events: Vec<Event>,
    ) -> Result<(), CommitError> {
        self.commit_for(None, actor, events).await
    }

    /// Writes the events and who wanted them, then applies them, then asks the executor for what follows
    /// from them.
    pub(super) async fn commit_for(
        &mut self,
        audit: Option<Entry>,
        actor: Actor,
        events: Vec<Event>,
    ) -> Result<(), CommitError> {
        if events.is_empty() {
            return Ok(());
        }
        let at = self.settings.clock.now();
        let mut seq = self.state.seq;
        let records: Vec<Record> = events
            .into_iter()
            .map(|event| {
                seq = seq.next();
                Record {
                    seq,
                    at,
                    actor: actor.clone(),
                    event,
                }
            })
            .collect();
        let mut changes = self.state.project(&records)?;
        changes.audit = audit.map(|entry| Entry {
            differences: differences(&self.state, &changes),
            ..entry
        });
        let breakpoints = self.settings.breakpoints.clone();
        breakpoints.reach(Breakpoint::BeforeCommit);
        let made = self.foretold.with(&records);
        self.store
            .commit(&records, &changes, changes.counters, &made)
            .await?;
        self.foretold.written(made.len());
        breakpoints.reach(Breakpoint::AfterCommit);
        for record in &records {
            self.state.apply(record)?;
            self.learned.apply(record, &self.state);
            if matches!(record.event, Event::PolicySet { .. }) {
                self.policy = show::chosen(&self.state, self.settings.cpu_jobs_per_node);
            }
        }
        self.progress
            .applied
            .store(self.state.seq.0, Ordering::Release);
        self.changed();
        for order in effects::of_events(&self.state, &records, self.settings.grace) {
            breakpoints.reach(Breakpoint::BeforeLaunch);
            self.executor.send(order);
            breakpoints.reach(Breakpoint::AfterLaunch);
        }
        // Nobody keeping anything is no reason to stop.
        let _ = self.committed.send(records);
        Ok(())
    }

    /// Writes forecasts that nothing else was written with.
    pub(super) async fn keep_forecasts(&mut self) {
        let made = self.foretold.with(&[]);
        match self.store.keep_forecasts(&made).await {
            Ok(()) => self.foretold.written(made.len()),
            Err(error) => {
                tracing::error!(%error, "cannot write forecasts; trying again");
                self.foretold.later(WRITE_RETRY);
            }
        }
    }
}
