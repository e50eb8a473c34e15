//! What the loop plans, and the view that it shows of itself.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use berth_domain::decide::Input;
use berth_domain::{JobId, State};
use berth_scheduler::{Policy, Snapshot, free_at, plan};
use tokio::time::Instant;

use super::Control;
use crate::forecaster::Forecasts;
use crate::planning::{Planning, resolve};
use crate::view::View;

/// Views are not published more often than this.
const PUBLISH_EVERY: Duration = Duration::from_millis(50);

/// The policy in force. One that an older or newer server stored and this one does not know is
/// replaced by the default, and said.
pub(super) fn chosen(state: &State, cpu_jobs_per_node: u32) -> Policy {
    resolve(state.policy(), cpu_jobs_per_node).unwrap_or_else(|error| {
        tracing::error!(%error, "the stored policy cannot be used; using the default");
        Policy {
            cpu_jobs_per_node,
            ..Policy::default()
        }
    })
}

impl Control {
    /// Plans, and starts and stops what the plan says.
    pub(super) async fn plan_and_start(&mut self) {
        self.renew_planning();
        let now = self.settings.clock.now();
        let began = Instant::now();
        let mut made = plan(&self.planning.snapshot, &self.policy, now);
        let took = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.progress.plans.fetch_add(1, Ordering::Relaxed);
        self.progress.planned_ns.fetch_add(took, Ordering::Relaxed);
        // Also for those reservations that are too far ahead to matter to this plan.
        let turn = self.state.next_turn(now);
        made.wake_at = made.wake_at.into_iter().chain(turn).min();
        let starts = std::mem::take(&mut made.starts);
        let stops: Vec<(JobId, JobId)> = std::mem::take(&mut made.preemptions)
            .into_iter()
            .map(|stop| (stop.job, stop.beneficiary))
            .collect();
        self.plan = Arc::new(made);
        if !starts.is_empty() {
            self.certainly(Input::Starts(starts)).await;
        }
        if !stops.is_empty() {
            self.certainly(Input::Preemptions(stops)).await;
        }
        // What the starts changed was planned for already.
        self.plan_stale = false;
    }

    /// Looks at the state anew, with what was learned from it, if either changed.
    fn renew_planning(&mut self) {
        if !self.planning_stale {
            return;
        }
        let mut snapshot = Snapshot {
            executor_down: self.executor_down.clone(),
            ..Snapshot::of(&self.state).promised(&self.state, self.settings.clock.now())
        };
        self.learned.annotate(&mut snapshot);
        self.planning = Arc::new(Planning {
            snapshot,
            policy: self.policy.clone(),
            experience: self.learned.experience().clone(),
        });
        self.planning_stale = false;
    }

    /// The state, or what launches jobs, is not what it was.
    pub(super) fn changed(&mut self) {
        self.plan_stale = true;
        self.planning_stale = true;
        self.publish_soon();
    }

    fn publish_soon(&mut self) {
        let due = self
            .last_published
            .map_or_else(Instant::now, |last| last + PUBLISH_EVERY);
        self.publish_due = Some(self.publish_due.map_or(due, |known| known.min(due)));
    }

    /// Takes in forecasts: shows them, and keeps them to learn how they turn out.
    pub(super) fn take_forecasts(&mut self, made: Forecasts) {
        let Forecasts {
            made_at,
            mut by_job,
        } = made;
        let waits = |job: &JobId| {
            let job = self.state.live_job(*job);
            job.is_some_and(|job| job.attempt().is_none())
        };
        by_job.retain(|job, _| waits(job));
        // The first forecast of each wait is kept, to be judged when the job starts.
        let kept = self.learned.keep(&by_job, made_at);
        self.foretold.add(kept, made_at);
        self.forecasts = Arc::new(by_job);
        self.publish_soon();
    }

    /// Somebody waits for the view.
    pub(super) fn show_at_once(&mut self) {
        if let Some(due) = &mut self.publish_due {
            *due = Instant::now();
        }
    }

    pub(super) fn publish(&mut self) {
        self.renew_planning();
        let now = self.settings.clock.now();
        let free = free_at(&self.planning.snapshot, now);
        let view = View::of(
            &self.state,
            self.plan.clone(),
            self.planning.clone(),
            self.forecasts.clone(),
            free,
            self.executor_down.clone(),
            now,
        );
        // The forecaster works on what is shown.
        self.to_forecast.send_if_modified(|planning| {
            let new = !Arc::ptr_eq(planning, &self.planning);
            planning.clone_from(&self.planning);
            new
        });
        self.view.send_replace(Arc::new(view));
        self.publish_due = None;
        self.last_published = Some(Instant::now());
    }
}
