//! Telling people what happened: looks at the journal when it grew, and at what waits, and sends.

use std::sync::Arc;
use std::time::Duration;

use berth_domain::{Job, JobState, PendingReason, Preferences};
use berth_notify::{Channels, Sender, Teller, Waiting};
use berth_orchestrator::{Handle, View};
use berth_store::Store;
use tokio::sync::Notify;

use crate::config::Config;
use crate::{AnyError, clock};

/// The journal is not looked at more often than this.
const EVERY: Duration = Duration::from_secs(1);
/// What waits is looked at this often.
const WAITS_EVERY: u32 = 30;

/// Starts it; ends with the control loop.
pub fn start(
    config: &Config,
    store: &Store,
    handle: &Handle,
    url: String,
) -> Result<Arc<Teller>, AnyError> {
    let team = team(config);
    let channels = Channels::new(&config.notify_smtp, &config.notify_from, team.clone())?;
    let bell = Arc::new(Notify::new());
    let teller = Arc::new(Teller {
        store: store.clone(),
        url,
        team,
        sends_mail: channels.sends_mail(),
        bell: bell.clone(),
    });
    let sender = Sender {
        store: store.clone(),
        channels,
        now: clock::now,
        bell,
    };
    tokio::spawn(sender.run());
    tokio::spawn(look(teller.clone(), handle.clone()));
    Ok(teller)
}

/// Where the whole team is told of alerts.
pub fn team(config: &Config) -> Preferences {
    let some = |text: &String| (!text.is_empty()).then(|| text.clone());
    Preferences {
        slack: some(&config.notify_slack),
        webhook: some(&config.notify_webhook),
        webhook_secret: some(&config.notify_webhook_secret),
        ..Preferences::default()
    }
}

async fn look(teller: Arc<Teller>, handle: Handle) {
    let mut views = handle.watch_view();
    drop(handle);
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut round = 0;
    loop {
        ticks.tick().await;
        if views.has_changed().is_err() {
            return;
        }
        let view = views.borrow_and_update().clone();
        let looked = teller.look(view.seq, clock::now()).await;
        round = (round + 1) % WAITS_EVERY;
        let waited = match round {
            1 => teller.look_at_waits(&waiting(&view), clock::now()).await,
            _ => Ok(()),
        };
        if let Err(error) = looked.and(waited) {
            tracing::error!(%error, "it is not known who is to be told; trying again");
        }
    }
}

/// What the queue shows of what waits.
fn waiting(view: &View) -> Vec<Waiting> {
    let waiting = |job: &Job| {
        let JobState::Queued { since, .. } = job.state else {
            return None;
        };
        let reason = view.plan.reasons.get(&job.id);
        Some(Waiting {
            job: job.id,
            name: job.spec.name.clone(),
            owner: job.owner.clone(),
            since,
            reason: reason.map(PendingReason::sentence).unwrap_or_default(),
        })
    };
    view.queue.iter().filter_map(waiting).collect()
}
