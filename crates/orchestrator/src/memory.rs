//! What was learned before the server was started: read again from the journal, which is the truth,
//! and from the forecasts that were kept.

use berth_domain::{State, Timestamp};
use berth_scheduler::{Forecast, Learned, Learning};
use berth_store::{Store, StoreError};
use jiff::SignedDuration;

/// Older than this is not read: people do other things by then.
const DAYS: i64 = 90;
/// How many journal entries are in memory at once.
const PAGE: u32 = 5000;

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
    let mut learning = Learning::with(forecasts);
    let mut after = store.seq_before(since).await?;
    loop {
        let page = store.journal(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.seq;
        for record in &page {
            learning.read(record);
        }
    }
    Ok(learning.finish(state))
}
