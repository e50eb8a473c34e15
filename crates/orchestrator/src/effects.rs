//! What committed events ask of the executor.

use berth_domain::{AttemptId, Event, Job, JobState, Record, State};
use berth_executors::{LaunchOrder, Order};

use crate::control::Grace;

/// The orders that follow from events that were just applied.
pub(crate) fn of_events(state: &State, records: &[Record], grace: Grace) -> Vec<Order> {
    records
        .iter()
        .filter_map(|record| match &record.event {
            Event::AttemptStarting { attempt, .. } => state
                .live_job(attempt.job)
                .and_then(launch)
                .map(Order::Launch),
            Event::AttemptStopping { attempt, cause } => Some(Order::Stop {
                attempt: *attempt,
                grace: grace.of(cause),
            }),
            _ => None,
        })
        .collect()
}

/// The orders that take up what ran when the server ended. A start that was committed is launched
/// or adopted, whichever its run folder shows; what ran is only ever adopted.
pub(crate) fn of_restart(state: &State, grace: Grace) -> Vec<Order> {
    let mut orders = Vec::new();
    for job in state.live() {
        let (Some(order), Some(attempt)) = (launch(job), job.attempt_id()) else {
            continue;
        };
        let grace = match &job.state {
            JobState::Stopping { cause, .. } => grace.of(cause),
            _ => grace.usual,
        };
        match &job.state {
            JobState::Starting { .. } => orders.push(Order::Launch(order)),
            // A stop marks the run folder, so that a launch that never happened does not happen now.
            JobState::Stopping {
                ran_since: None, ..
            } => {
                orders.push(Order::Stop { attempt, grace });
                orders.push(Order::Launch(order));
            }
            JobState::Stopping { .. } => {
                orders.push(Order::Adopt(order));
                orders.push(Order::Stop { attempt, grace });
            }
            _ => orders.push(Order::Adopt(order)),
        }
    }
    orders
}

fn launch(job: &Job) -> Option<Box<LaunchOrder>> {
    let attempt = job.attempt()?;
    let mut env = job.spec.env.clone();
    if let Some(task) = job.spec.array {
        env.insert("BERTH_ARRAY_JOB_ID".to_owned(), task.array.to_string());
        env.insert("BERTH_ARRAY_TASK_ID".to_owned(), task.index.to_string());
    }
    Some(Box::new(LaunchOrder {
        attempt: AttemptId {
            job: job.id,
            number: attempt.number,
        },
        job_name: job.spec.name.clone(),
        command: job.spec.command.clone(),
        workdir: job.spec.workdir.clone(),
        package: job.spec.package.clone(),
        env,
        lease: attempt.lease.clone(),
    }))
}
