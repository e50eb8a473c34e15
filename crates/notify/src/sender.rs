//! Sends what is queued.

use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use berth_domain::Timestamp;
use berth_store::{Delivery, Store, StoreError};
use futures::StreamExt;
use jiff::SignedDuration;
use tokio::sync::Notify;

use crate::channel::{Channel, Channels};
use crate::message::Message;

/// How many are sent at once.
const AT_ONCE: usize = 8;
/// How many are looked at in one go.
const BATCH: u32 = 64;
/// After so many tries it is given up: about four hours later.
const TRIES: usize = 10;
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
/// What was sent or given up is forgotten after so long.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// The pause after a database that failed, and the longest without a look.
const IDLE: Duration = Duration::from_secs(60);

/// Sends what is queued, and tries again what did not arrive.
#[derive(Debug)]
pub struct Sender<C> {
    pub store: Store,
    pub channels: Channels,
    pub now: C,
    /// Rung when something was queued.
    pub bell: Arc<Notify>,
}

impl<C: Fn() -> Timestamp + Send + Sync> Sender<C> {
    /// Goes on until it is dropped.
    pub async fn run(self) {
        loop {
            let pause = match self.send_due().await {
                Ok(0) => self.until_next().await,
                // There may be more.
                Ok(_) => continue,
                Err(error) => {
                    tracing::error!(%error, "messages cannot be sent; trying again");
                    IDLE
                }
            };
            tokio::select! {
                () = self.bell.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    async fn until_next(&self) -> Duration {
        let next = self.store.next_delivery().await.ok().flatten();
        let wait = next.map(|at| Duration::try_from(at.duration_since((self.now)())));
        wait.map_or(IDLE, |wait| wait.unwrap_or_default().min(IDLE))
    }

    /// Sends what is to be sent by now; says how many were tried.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn send_due(&self) -> Result<usize, StoreError> {
        let now = (self.now)();
        let due = self.store.due_deliveries(now, BATCH).await?;
        let count = due.len();
        if count == 0 {
            let before = now.checked_sub(KEPT).unwrap_or(Timestamp::MIN);
            self.store.forget_deliveries(before).await?;
        }
        let mut sent = futures::stream::iter(due)
            .map(|delivery| self.deliver(delivery))
            .buffer_unordered(AT_ONCE);
        while let Some(done) = sent.next().await {
            done?;
        }
        Ok(count)
    }

    async fn deliver(&self, delivery: Delivery) -> Result<(), StoreError> {
        let tried = self.attempt(&delivery).await?;
        let now = (self.now)();
        let Err(problem) = tried else {
            return self.store.delivery_sent(delivery.id, now).await;
        };
        let pause = pause_after(delivery.tries);
        let again = pause.and_then(|pause| now.checked_add(pause).ok());
        tracing::warn!(
            key = delivery.key,
            channel = delivery.channel,
            problem,
            given_up = again.is_none(),
            "a message did not arrive"
        );
        self.store
            .delivery_failed(delivery.id, &problem, again)
            .await
    }

    async fn attempt(&self, delivery: &Delivery) -> Result<Result<(), String>, StoreError> {
        let (Some(channel), Ok(message)) = (
            Channel::parse(&delivery.channel),
            serde_json::from_str::<Message>(&delivery.message),
        ) else {
            return Ok(Err("a newer Berth queued it".to_owned()));
        };
        let to = match &delivery.user {
            Some(user) => self.store.preferences(user).await?,
            None => self.channels.team().clone(),
        };
        let sent = self.channels.send(&to, channel, &message).await;
        Ok(sent.map_err(|error| error.to_string()))
    }
}

/// How long to wait after so many tries and one more; `None`: long enough.
fn pause_after(tries: u32) -> Option<Duration> {
    let mut pauses = ExponentialBuilder::new()
        .with_min_delay(FIRST_PAUSE)
        .with_max_delay(LONGEST_PAUSE)
        .with_factor(3.0)
        .with_max_times(TRIES - 1)
        .build();
    pauses.nth(usize::try_from(tries).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        let pauses: Vec<u64> = (0..)
            .map_while(|tries| pause_after(tries).map(|pause| pause.as_secs()))
            .collect();
        assert_eq!(pauses, [5, 15, 45, 135, 405, 1215, 3600, 3600, 3600]);
    }
}
