//! The state beside the loop, for whoever looks at more of it than a view shows, and longer than the loop
//! could wait: read from the store, and kept up with the journal.

use std::sync::Arc;

use berth_domain::job::Illegal;
use berth_domain::{JobId, Record, Seq, State, Timestamp};
use berth_store::{Store, StoreError};
use jiff::SignedDuration;

use crate::planning::Planning;
use crate::time_machine::{PastError, view_at};

/// How many journal entries are in memory at once.
const PAGE: u32 = 2000;

/// Why the journal cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the journal does not fit the state: {0}")]
    Illegal(#[from] Illegal),
}

/// Follows the journal. Nothing here holds up the control loop: only what it wrote is read.
#[derive(Debug)]
pub struct Follower {
    store: Store,
    state: State,
}

impl Follower {
    /// As of the end of the journal, with what happened so far to the jobs that are at hand, oldest first:
    /// one that has ended may be queued again.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn open(store: Store) -> Result<(Self, Vec<Record>), StoreError> {
        let state = store.load().await?;
        let at_hand = state.live().chain(state.recent()).map(|job| job.id);
        let at_hand: Vec<JobId> = at_hand.collect();
        let mut past = store.lives(&at_hand, state.seq).await?;
        past.sort_by_key(|record| record.seq);
        Ok((Follower { store, state }, past))
    }

    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Reads on up to this entry; `each` is told of every one, with the state after it.
    ///
    /// # Errors
    /// When the store cannot be read. What was read until then stays read.
    pub async fn read_up_to(
        &mut self,
        seq: Seq,
        mut each: impl FnMut(&Record, &State),
    ) -> Result<(), FollowError> {
        while self.state.seq < seq {
            let page = self.store.journal(self.state.seq, PAGE).await?;
            if page.is_empty() {
                break;
            }
            for record in page.iter().take_while(|record| record.seq <= seq) {
                self.state.apply(record)?;
                each(record, &self.state);
            }
        }
        Ok(())
    }

    /// What planning rested on just before a time that is over.
    ///
    /// # Errors
    /// When the time is not over or before the journal, or the store cannot be read.
    pub async fn planning_before(
        &self,
        at: Timestamp,
        now: Timestamp,
        cpu_jobs_per_node: u32,
    ) -> Result<Arc<Planning>, PastError> {
        let before = at.checked_sub(SignedDuration::from_micros(1));
        let before = before.unwrap_or(at);
        let view = view_at(&self.store, before, now, cpu_jobs_per_node).await?;
        Ok(view.planning)
    }
}
