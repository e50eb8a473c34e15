//! The whole queue, where it is longer than what a picture holds.

use std::collections::HashMap;

use berth_domain::{JobId, PendingReason, UserName};
use berth_orchestrator::{FirstTasks, View};

use super::{Context, store_error};
use crate::queue::{MOST_ROWS, QueueOrder, QueueRows};
use crate::{ApiError, convert};

impl Context {
    pub(crate) async fn queue_order(&self) -> Result<QueueOrder, ApiError> {
        Ok(order(&*self.state.handle.current().await))
    }

    pub(crate) async fn queue_rows(&self, ids: &str) -> Result<QueueRows, ApiError> {
        let number = |text: &str| text.trim().parse().map(JobId).ok();
        let ids: Option<Vec<JobId>> = ids.split(',').map(number).collect();
        let ids = ids.filter(|ids| ids.len() <= MOST_ROWS).ok_or_else(|| {
            let sentence = format!("Give at most {MOST_ROWS} jobs by number: 5,6,7.");
            ApiError::invalid("ids", sentence)
        })?;
        let found = self.state.store.jobs_numbered(&ids).await;
        let found = found.map_err(store_error)?;
        let view = self.state.handle.current().await;
        Ok(QueueRows {
            jobs: found.iter().map(|job| convert::row(job, &view)).collect(),
        })
    }
}

fn order(view: &View) -> QueueOrder {
    let pending = &view.planning.snapshot.pending;
    let waits: HashMap<JobId, _> = pending.iter().map(|one| (one.job.id, &one.job)).collect();
    let mut firsts = FirstTasks::default();
    let mut places: HashMap<&UserName, usize> = HashMap::new();
    let mut told = QueueOrder::default();
    for id in &view.plan.order {
        let Some(job) = waits.get(id) else { continue };
        if !firsts.take(job.array.map(|(array, _)| array)) {
            continue;
        }
        let owner = *places.entry(&job.owner).or_insert_with(|| {
            told.owners.push(job.owner.clone());
            told.owners.len() - 1
        });
        let reason = view.plan.reasons.get(id);
        let held = matches!(
            reason,
            Some(PendingReason::JobHeldUser | PendingReason::JobHeldAdmin)
        );
        told.jobs.push((*id, owner, job.class, held));
    }
    told
}
