//! What committed events ask of the executor.

use std::time::Duration;

use berth_domain::{AttemptId, Event, Job, JobState, Record, State, StopCause, Timestamp};
use berth_executors::{LastCall, LaunchOrder, Order, Why};

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
            Event::AttemptTold { attempt, until } => state
                .live_job(attempt.job)
                .map(|job| near(job, *attempt, *until, record.at)),
            Event::AttemptStopping { attempt, cause } => state
                .live_job(attempt.job)
                .map(|job| stop(job, *attempt, cause, record.at, grace)),
            _ => None,
        })
        .collect()
}

/// The orders that take up what ran when the server ended. A start that was committed is launched
/// or adopted, whichever its run folder shows; what ran is only ever adopted.
pub(crate) fn of_restart(state: &State, grace: Grace, now: Timestamp) -> Vec<Order> {
    let mut orders = Vec::new();
    for job in state.live() {
        let (Some(order), Some(attempt)) = (launch(job), job.attempt_id()) else {
            continue;
        };
        match &job.state {
            JobState::Starting { .. } => orders.push(Order::Launch(order)),
            // A stop marks the run folder, so that a launch that never happened does not happen now.
            JobState::Stopping {
                ran_since: None,
                cause,
                since,
                ..
            } => {
                orders.push(stop(job, attempt, cause, *since, grace));
                orders.push(Order::Launch(order));
            }
            JobState::Stopping { cause, since, .. } => {
                orders.push(Order::Adopt(order));
                orders.push(stop(job, attempt, cause, *since, grace));
            }
            _ => {
                orders.push(Order::Adopt(order));
                // What was said before is the same again, and heard once.
                let told = job.attempt().and_then(|attempt| attempt.told);
                orders.extend(told.map(|until| near(job, attempt, until, now)));
            }
        }
    }
    orders
}

/// Has a job save its work, as it asked to before its time limit.
fn near(job: &Job, attempt: AttemptId, until: Timestamp, now: Timestamp) -> Order {
    // Somebody who holds GPUs without work is told before, too.
    let why = match job.deadline() {
        Some(deadline) if deadline > until => Why::Idle,
        _ => Why::TimeLimit,
    };
    let call = LastCall {
        why,
        signal: job.spec.notice.signal,
        script: job.spec.notice.script,
        until,
        lasts: Duration::try_from(until.duration_since(now)).unwrap_or_default(),
    };
    Order::Call { attempt, call }
}

/// Ends an attempt. Who makes room for another, or was not told before its time limit, is told now.
fn stop(job: &Job, attempt: AttemptId, cause: &StopCause, since: Timestamp, grace: Grace) -> Order {
    let notice = job.spec.notice;
    let told = job.attempt().is_some_and(|attempt| attempt.told.is_some());
    let lasts = match cause {
        StopCause::Preempted { .. } => {
            Some((Why::Preempted, notice.ahead.unwrap_or(grace.preempted)))
        }
        StopCause::TimeLimit if !told => Some((Why::TimeLimit, grace.usual)),
        StopCause::Idle { .. } if !told => {
            Some((Why::Idle, notice.ahead.unwrap_or(grace.preempted)))
        }
        StopCause::TimeLimit
        | StopCause::Idle { .. }
        | StopCause::GpuFault { .. }
        | StopCause::Cancelled { .. }
        | StopCause::Requeued { .. } => None,
    };
    let call = lasts.map(|(why, lasts)| LastCall {
        why,
        signal: notice.signal,
        script: notice.script,
        until: later(since, lasts),
        lasts,
    });
    let grace = grace.usual;
    Order::Stop {
        attempt,
        call,
        grace,
    }
}

fn later(at: Timestamp, by: Duration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
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
        per_gpu: job.spec.per_gpu,
        interactive: job.spec.interactive,
        adopted: job.spec.adopted.clone(),
    }))
}
