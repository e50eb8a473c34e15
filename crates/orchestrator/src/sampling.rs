//! Asks the hardware what it does, every second, apart from the control loop.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use berth_telemetry::{Batch, GpuSampler, Leased};
use tokio::sync::{mpsc, watch};

use crate::clock::Clock;
use crate::view::{Samples, View};

const EVERY: Duration = Duration::from_secs(1);

pub(crate) async fn run(
    mut sampler: GpuSampler,
    clock: Clock,
    view: watch::Receiver<Arc<View>>,
    samples: watch::Sender<Samples>,
    kept: mpsc::Sender<Batch>,
) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        // The sender of the view is the control loop: when it is gone, so are we.
        if view.has_changed().is_err() || samples.is_closed() {
            return;
        }
        let leased = leased(&view.borrow());
        let found = sampler.sample(&leased, clock.now()).await;
        let batch = Batch {
            at: clock.now(),
            node: None,
            samples: found.clone(),
            kept: None,
        };
        if kept.try_send(batch).is_err() {
            tracing::warn!("samples are lost: the disk cannot keep up");
        }
        let by_gpu: HashMap<_, _> = found
            .into_iter()
            .map(|sample| (sample.gpu.clone(), sample))
            .collect();
        samples.send_if_modified(|old| {
            let changed = **old != by_gpu;
            if changed {
                *old = Arc::new(by_gpu);
            }
            changed
        });
    }
}

fn leased(view: &View) -> Vec<Leased> {
    let attempts = view
        .active
        .iter()
        .filter_map(|job| Some((job.attempt_id()?, job.attempt()?)));
    attempts
        .flat_map(|(id, attempt)| {
            attempt.lease.gpus().map(move |(_, gpu)| Leased {
                gpu: gpu.uuid.clone(),
                since: attempt.granted_at,
                attempt: id,
            })
        })
        .collect()
}
