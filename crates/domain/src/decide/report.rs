//! What planner, executors, clock and inventory bring: facts, which are taken if they still apply
//! and ignored if they are out of date.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use super::{Report, Rules};
use crate::event::{Event, Then};
use crate::ids::{AttemptId, GpuUuid, JobId};
use crate::job::{Job, JobState, StopCause};
use crate::lease::Lease;
use crate::node::Node;
use crate::outcome::{Ended, Exit, Outcome};
use crate::state::State;

/// Grants each lease that is still free to each job that still waits.
pub(super) fn starts(state: &State, starts: Vec<(JobId, Lease)>) -> Vec<Event> {
    let mut taken: BTreeSet<GpuUuid> = BTreeSet::new();
    let mut events = Vec::new();
    for (id, lease) in starts {
        let queued = state
            .live_job(id)
            .filter(|job| matches!(job.state, JobState::Queued { .. }));
        let Some(job) = queued else { continue };
        let conflict = |gpu: &GpuUuid| state.holder(gpu).is_some() || taken.contains(gpu);
        if lease.gpus().any(|(_, gpu)| conflict(&gpu.uuid)) {
            continue;
        }
        taken.extend(lease.gpus().map(|(_, gpu)| gpu.uuid.clone()));
        events.push(Event::AttemptStarting {
            attempt: job.next_attempt(),
            lease,
        });
    }
    events
}

/// Stops each job that runs and may be preempted, for one that still waits.
pub(super) fn preemptions(state: &State, stops: &[(JobId, JobId)]) -> Vec<Event> {
    let stop = |(victim, beneficiary): &(JobId, JobId)| {
        let job = state.live_job(*victim)?;
        let runs = matches!(job.state, JobState::Running { .. });
        let waits = state.live_job(*beneficiary).is_some_and(Job::is_waiting);
        let attempt = job.attempt_id()?;
        let beneficiary = *beneficiary;
        (runs && waits && job.spec.preemptible).then_some(Event::AttemptStopping {
            attempt,
            cause: StopCause::Preempted { beneficiary },
        })
    };
    stops.iter().filter_map(stop).collect()
}

pub(super) fn report(
    state: &State,
    rules: &Rules,
    attempt: AttemptId,
    report: Report,
    now: Timestamp,
) -> Vec<Event> {
    let current = state
        .live_job(attempt.job)
        .filter(|job| job.attempt_id() == Some(attempt));
    let Some(job) = current else { return vec![] };
    match report {
        Report::Running { sessions } => match job.state {
            JobState::Starting { .. }
            | JobState::Stopping {
                ran_since: None, ..
            } => {
                vec![Event::AttemptRunning { attempt, sessions }]
            }
            _ => vec![],
        },
        Report::Exited(exit) => {
            let then = after(job, rules, &exit, now);
            // A command so short that its start was not seen: it ran all the same.
            let ran = matches!(exit.ended, Ended::Code { .. } | Ended::Signal { .. });
            let unseen = matches!(job.state, JobState::Starting { .. }) && ran;
            let running = Event::AttemptRunning {
                attempt,
                sessions: vec![],
            };
            let exited = Event::AttemptExited {
                attempt,
                exit,
                then,
            };
            unseen
                .then_some(running)
                .into_iter()
                .chain([exited])
                .collect()
        }
    }
}

/// Where a job goes when its attempt ended.
fn after(job: &Job, rules: &Rules, exit: &Exit, now: Timestamp) -> Then {
    if let JobState::Stopping { cause, .. } = &job.state {
        return match cause {
            // What somebody else started cannot be started again.
            StopCause::Requeued { .. }
            | StopCause::Preempted { .. }
            | StopCause::GpuFault { .. }
            | StopCause::Idle { .. }
                if job.spec.adopted.is_some() =>
            {
                Then::Finished {
                    outcome: exit.outcome(),
                }
            }
            StopCause::Cancelled { by } => Then::Finished {
                outcome: Outcome::Cancelled { by: by.clone() },
            },
            StopCause::TimeLimit => Then::Finished {
                outcome: Outcome::TimedOut,
            },
            StopCause::Requeued { .. }
            | StopCause::Preempted { .. }
            | StopCause::GpuFault { .. }
            | StopCause::Idle { .. } => Then::Queued { not_before: None },
        };
    }
    let outcome = exit.outcome();
    // What was ended from outside did not fail.
    let by_itself = job.past.iter().filter(|past| past.stopped.is_none());
    let failures = u32::try_from(by_itself.filter(|past| failed(&past.exit)).count());
    let failures = failures.unwrap_or(u32::MAX);
    if outcome.may_retry() && failures < job.spec.max_retries {
        let pause = rules
            .retry_base
            .saturating_mul(1 << failures.min(16))
            .min(rules.retry_max);
        return Then::Queued {
            not_before: later(now, pause),
        };
    }
    Then::Finished { outcome }
}

fn failed(exit: &Exit) -> bool {
    !exit.outcome().succeeded()
}

fn later(now: Timestamp, pause: Duration) -> Option<Timestamp> {
    if pause.is_zero() {
        None
    } else {
        now.checked_add(pause).ok()
    }
}

/// Tells those to save whose time limit is as near as they asked.
pub(super) fn near(state: &State, now: Timestamp) -> Vec<Event> {
    let tell = |job: &Job| {
        let until = job.deadline().filter(|until| *until > now)?;
        let due = job.tell_at().is_some_and(|at| at <= now);
        let attempt = job.attempt_id()?;
        due.then_some(Event::AttemptTold { attempt, until })
    };
    state.live().filter_map(tell).collect()
}

/// Ends what passed its time limit.
pub(super) fn overdue(state: &State, now: Timestamp) -> Vec<Event> {
    let late = state
        .live()
        .filter(|job| job.deadline().is_some_and(|deadline| deadline <= now));
    late.filter_map(|job| {
        let attempt = job.attempt_id()?;
        Some(Event::AttemptStopping {
            attempt,
            cause: StopCause::TimeLimit,
        })
    })
    .collect()
}

/// Nodes that came, changed or went.
pub(super) fn inventory(state: &State, nodes: Vec<Node>, now: Timestamp) -> Vec<Event> {
    let names: BTreeSet<_> = nodes.iter().map(|node| node.name.clone()).collect();
    let gone = state
        .nodes()
        .filter(|known| known.present && !names.contains(&known.name))
        .map(|known| Event::NodeGone {
            node: known.name.clone(),
        });
    let gone: Vec<Event> = gone.collect();
    let seen = nodes
        .into_iter()
        .map(|node| as_last_seen(state, node, now))
        .filter(|node| state.node(&node.name) != Some(node));
    seen.map(|node| Event::NodeSeen { node })
        .chain(gone)
        .collect()
}

/// An absent node is what it was when it was last seen, but for what is told of it now.
fn as_last_seen(state: &State, node: Node, now: Timestamp) -> Node {
    let Some(known) = state.node(&node.name).filter(|_| !node.present) else {
        return node;
    };
    let gone_at = if known.present {
        Some(now)
    } else {
        known.gone_at
    };
    if node.gpus.is_empty() {
        Node {
            present: false,
            problems: node.problems,
            gone_at,
            ..known.clone()
        }
    } else {
        Node { gone_at, ..node }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{NodeName, Seq};
    use crate::node::{Gpu, NodeSource};
    use crate::{Actor, Record};

    fn take(state: &mut State, node: Node, second: i64) -> Vec<Event> {
        let at = Timestamp::from_second(second).unwrap();
        let events = inventory(state, vec![node], at);
        for event in &events {
            let record = Record {
                seq: Seq(state.seq.0 + 1),
                at,
                actor: Actor::Berth,
                event: event.clone(),
            };
            state.apply(&record).unwrap();
        }
        events
    }

    #[test]
    fn an_absent_node_keeps_its_gpus_and_the_time_since_it_is_gone() {
        let mut state = State::default();
        let name = NodeName::from("a");
        let gpu = Gpu::new(0, GpuUuid::from("GPU-a"), "H100", 1);
        let there = Node::new(name.clone(), NodeSource::Ssh, vec![gpu]);
        take(&mut state, there.clone(), 1);
        let away = |why: &str| Node {
            present: false,
            problems: vec![why.to_owned()],
            ..Node::new(name.clone(), NodeSource::Ssh, vec![])
        };
        for (second, why) in [(5, "it is down"), (9, "it lets nobody in")] {
            take(&mut state, away(why), second);
            let expected = Node {
                present: false,
                problems: vec![why.to_owned()],
                gone_at: Timestamp::from_second(5).ok(),
                ..there.clone()
            };
            assert_eq!(state.node(&name), Some(&expected));
        }
        assert_eq!(take(&mut state, away("it lets nobody in"), 12), []);
        take(&mut state, there.clone(), 20);
        assert_eq!(state.node(&name), Some(&there));
    }
}
