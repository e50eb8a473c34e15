//! What was learned before the server was started: read again from the journal, which is the truth,
//! and from the forecasts that were kept.

use berth_domain::{Seq, State, Timestamp};
use berth_scheduler::{Forecast, Learned, Learning};
use berth_store::{Store, StoreError};
use jiff::SignedDuration;

/// Older than this is not read: people do other things by then.
const DAYS: i64 = 90;
/// How many journal entries are in memory at once.
const PAGE: u32 = 5000;
/// Of a time that is over so many days before it are read, and no more entries than that: somebody
/// waits for it.
const DAYS_BEFORE: i64 = 14;
const MOST_BEFORE: u64 = 20_000;

/// Learns from everything that was submitted in the last [`DAYS`] days. `state` is the state as of
/// the end of the journal.
///
/// # Errors
/// When the store cannot be read.
pub(crate) async fn of_journal(
    store: &Store,
    state: &State,
    now: Timestamp,
) -> Result<Learned, StoreError> {
    let since = now.checked_sub(SignedDuration::from_hours(24 * DAYS));
    let since = since.unwrap_or(Timestamp::MIN);
    let forecasts = store.forecasts(since).await?.into_iter().map(|foretold| {
        let forecast = Forecast {
            p50: foretold.p50,
            p90: foretold.p90,
            queue_s: foretold.queue_s,
        };
        (foretold.job, foretold.made_at, forecast)
    });
    let after = store.seq_before(since).await?;
    read(store, Learning::with(forecasts), state, (after, state.seq)).await
}

/// What could have been known at a time that is over, of what happened shortly before: use and run
/// times, not how good forecasts were. `state` is the state then, at `seq`.
///
/// # Errors
/// When the store cannot be read.
pub(crate) async fn as_of(
    store: &Store,
    state: &State,
    seq: Seq,
    at: Timestamp,
) -> Result<Learned, StoreError> {
    let since = at.checked_sub(SignedDuration::from_hours(24 * DAYS_BEFORE));
    let since = store.seq_before(since.unwrap_or(Timestamp::MIN)).await?;
    let after = Seq(since.0.max(seq.0.saturating_sub(MOST_BEFORE)).min(seq.0));
    read(store, Learning::with([]), state, (after, seq)).await
}

/// Learns from the entries after the first up to the second.
async fn read(
    store: &Store,
    mut learning: Learning,
    state: &State,
    (mut after, until): (Seq, Seq),
) -> Result<Learned, StoreError> {
    while after < until {
        let page = store.journal(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.seq;
        let wanted = page.iter().take_while(|record| record.seq <= until);
        wanted.for_each(|record| learning.read(record));
    }
    Ok(learning.finish(state))
}
