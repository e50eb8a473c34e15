//! Why a job waited: the planner, asked about times that are over.

use berth_domain::{Job, JobId, PendingReason, Timestamp};
use berth_orchestrator::{PastError, view_at};
use jiff::SignedDuration;
use tokio::sync::Semaphore;

use super::Context;
use super::history::past_error;
use crate::waits::{WaitView, WaitsAnswer};
use crate::{ApiError, ErrorCode};

/// How often a wait is looked at.
const LOOKS: i32 = 8;
/// So many waits of a job are looked at.
const MOST_WAITS: usize = 4;
/// Shorter is no wait.
const SHORTEST: SignedDuration = SignedDuration::from_secs(3);

/// One looks back at a time: each look reads and plans a whole cluster.
static TURN: Semaphore = Semaphore::const_new(1);

impl Context {
    pub(crate) async fn job_waits(&self, id: JobId) -> Result<WaitsAnswer, ApiError> {
        let job = self.job(id).await?;
        let now = self.state.clock.now();
        let all = waits(&job, now);
        let last = &all[all.len().saturating_sub(MOST_WAITS)..];
        let mut answer = WaitsAnswer::default();
        let stopping = |_| ApiError::new(ErrorCode::Unavailable, "The server is stopping.");
        let _turn = TURN.acquire().await.map_err(stopping)?;
        for (from, until) in last {
            answer.waits.extend(self.reasons(id, *from, *until).await?);
        }
        Ok(answer)
    }

    /// The reasons within one wait; equal ones that follow each other are one.
    async fn reasons(
        &self,
        id: JobId,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<WaitView>, ApiError> {
        let cpu_jobs = self.view().planning.policy.cpu_jobs_per_node;
        let now = self.state.clock.now();
        let step = until.duration_since(from) / LOOKS;
        let mut waits: Vec<WaitView> = Vec::new();
        let mut begins = from;
        for look in 0..LOOKS {
            let ends = if look + 1 == LOOKS {
                until
            } else {
                begins.checked_add(step).unwrap_or(until)
            };
            let middle = begins.checked_add(step / 2).unwrap_or(begins);
            let view = match view_at(&self.state.store, middle, now, cpu_jobs).await {
                Ok(view) => view,
                // The journal may begin later.
                Err(PastError::Before { .. } | PastError::Nothing) => {
                    begins = ends;
                    continue;
                }
                Err(error) => return Err(past_error(error)),
            };
            if let Some(reason) = view.plan.reasons.get(&id) {
                let (token, text) = (reason.token(), PendingReason::sentence(reason));
                match waits.last_mut() {
                    Some(last) if last.reason == token && last.until == begins => {
                        (last.until, last.text) = (ends, text);
                    }
                    _ => waits.push(WaitView {
                        from: begins,
                        until: ends,
                        reason: token.to_owned(),
                        text,
                    }),
                }
            }
            begins = ends;
        }
        Ok(waits)
    }
}

/// From when to when a job waited.
fn waits(job: &Job, now: Timestamp) -> Vec<(Timestamp, Timestamp)> {
    let past = job.past.iter().map(|past| (past.granted_at, past.ended_at));
    let live = job.attempt().map(|attempt| (attempt.granted_at, now));
    let mut all = Vec::new();
    let mut begins = job.submitted_at;
    for (granted, ended) in past.chain(live) {
        all.push((begins, granted));
        begins = ended;
    }
    if job.is_waiting() {
        all.push((begins, now));
    }
    all.retain(|(from, until)| until.duration_since(*from) >= SHORTEST);
    all
}
