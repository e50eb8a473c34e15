//! The cluster at a time that is over: what the journal says of those who lived then, looked at by
//! the planner that looks at the present.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use berth_domain::job::Illegal;
use berth_domain::{JobId, Record, Seq, State, Timestamp};
use berth_scheduler::{Policy, Snapshot, free_at, plan};
use berth_store::{Store, StoreError};

use crate::memory;
use crate::planning::{Planning, resolve};
use crate::view::View;

/// Why the past cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum PastError {
    #[error("That time is not over yet. Ask for one that is.")]
    NotOver,
    #[error("Nothing is known of that time: the journal begins at {began}.")]
    Before { began: Timestamp },
    #[error("Nothing has happened yet.")]
    Nothing,
    #[error("looking back failed")]
    Failed,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the journal does not make a state: {0}")]
    Illegal(#[from] Illegal),
}

/// The cluster and its queue as they were at `at`: who held what, and in which order and for which
/// reason others waited, by the policy in force then. Of finished jobs it shows few, of arrays only
/// the tasks that lived. Whether jobs could be launched then is not known.
///
/// # Errors
/// When the time is not over or before the journal, or the store cannot be read.
pub async fn view_at(
    store: &Store,
    at: Timestamp,
    now: Timestamp,
    cpu_jobs_per_node: u32,
) -> Result<View, PastError> {
    if at > now {
        return Err(PastError::NotOver);
    }
    let (seq, began) = store.seq_at(at).await?.ok_or(PastError::Nothing)?;
    if seq < Seq(1) || at < began {
        return Err(PastError::Before { began });
    }
    let records = records(store, at, seq).await?;
    let state = tokio::task::spawn_blocking(move || State::replay(&records));
    let mut state = state.await.map_err(|_| PastError::Failed)??;
    // What happened to others until then changed nothing of what it knows.
    state.seq = seq;
    let mut learned = memory::as_of(store, &state, seq, at).await?;
    let look = move || {
        let policy = resolve(state.policy(), cpu_jobs_per_node).unwrap_or_else(|_| Policy {
            cpu_jobs_per_node,
            ..Policy::default()
        });
        let mut snapshot = Snapshot::of(&state).promised(&state, at);
        learned.annotate(&mut snapshot);
        let plan = Arc::new(plan(&snapshot, &policy, at));
        let free = free_at(&snapshot, at);
        let planning = Arc::new(Planning {
            snapshot,
            policy,
            experience: learned.experience().clone(),
        });
        let none = Arc::new(HashMap::new());
        View::of(&state, plan, planning, none, free, None, at)
    };
    tokio::task::spawn_blocking(look)
        .await
        .map_err(|_| PastError::Failed)
}

/// What happened to those who lived then, to those whom they depend on, and to the cluster.
async fn records(store: &Store, at: Timestamp, seq: Seq) -> Result<Vec<Record>, PastError> {
    let alive = store.alive_at(at).await?;
    let mut records = store.lives(&alive, seq).await?;
    let known: BTreeSet<JobId> = alive.into_iter().collect();
    let needed = records.iter().flat_map(needs);
    let others: BTreeSet<JobId> = needed.filter(|job| !known.contains(job)).collect();
    let others: Vec<JobId> = others.into_iter().collect();
    records.extend(store.lives(&others, seq).await?);
    records.extend(store.events_of_no_job(seq).await?);
    records.sort_by_key(|record| record.seq);
    Ok(records)
}

/// The jobs that a specification names.
fn needs(record: &Record) -> impl Iterator<Item = JobId> {
    use berth_domain::Event::{JobSubmitted, JobUpdated};
    let spec = match &record.event {
        JobSubmitted { spec, .. } | JobUpdated { spec, .. } => Some(spec),
        _ => None,
    };
    spec.into_iter()
        .flat_map(|spec| spec.dependencies.iter().map(|dependency| dependency.job))
}
