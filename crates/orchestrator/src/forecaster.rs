//! Makes the forecasts, apart from the control loop: they are for people, and nothing that starts
//! a job waits for them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use berth_domain::{JobId, Timestamp};
use berth_scheduler::Forecast;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout};

use crate::clock::Clock;
use crate::planning::Planning;

/// While jobs wait forecasts are renewed at least so often: they change as time passes.
const RENEW_EVERY: Duration = Duration::from_secs(30);

/// When each waiting job is expected to start, as of a moment.
#[derive(Clone, Debug)]
pub(crate) struct Forecasts {
    pub(crate) made_at: Timestamp,
    pub(crate) by_job: HashMap<JobId, Forecast>,
}

/// Makes forecasts of the newest planning, one at a time, until either side is gone. After each it
/// pauses for as long as that took: a long queue costs half a core at most.
pub(crate) async fn run(
    clock: Clock,
    mut planning: watch::Receiver<Arc<Planning>>,
    forecasts: mpsc::Sender<Forecasts>,
) {
    loop {
        match timeout(RENEW_EVERY, planning.changed()).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return,
            Err(_) if planning.borrow().snapshot.pending.is_empty() => continue,
            Err(_) => {}
        }
        let newest = planning.borrow_and_update().clone();
        let made_at = clock.now();
        let from = Instant::now();
        let made = tokio::task::spawn_blocking(move || newest.forecast(made_at)).await;
        let took = from.elapsed();
        let by_job = match made {
            Ok(by_job) => by_job,
            Err(error) => {
                tracing::error!(%error, "the forecast failed");
                continue;
            }
        };
        if forecasts.send(Forecasts { made_at, by_job }).await.is_err() {
            return;
        }
        sleep(took).await;
    }
}
