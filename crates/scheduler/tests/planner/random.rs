//! Random clusters with running jobs and a queue.

use std::sync::Arc;
use std::time::Duration;

use berth_domain::{PendingReason, PriorityClass, Rank, UserName};
use berth_scheduler::predict::RunTime;
use berth_scheduler::{Facts, Gate, Pending, Snapshot};
use proptest::prelude::*;

use crate::support::{at, facts, idle, run};

/// What can be said of a random job.
#[derive(Clone, Debug)]
pub struct Draw {
    nodes: u32,
    gpus: u32,
    class: usize,
    owner: u8,
    minutes: u64,
    predicted: Option<f64>,
    age_s: i64,
    preemptible: bool,
    closed: bool,
    node: usize,
}

fn draw() -> impl Strategy<Value = Draw> {
    let size = (
        prop_oneof![6 => Just(1u32), 1 => Just(2u32), 1 => Just(3u32)],
        prop_oneof![Just(1u32), Just(2), Just(3), Just(4), Just(8), 0u32..=8],
        prop_oneof![1 => Just(0usize), 4 => Just(1usize), 1 => Just(2usize)],
    );
    let who = (0u8..4, 1u64..600, prop::option::of(30.0..50_000.0));
    let rest = (
        0i64..40_000,
        any::<bool>(),
        prop::bool::weighted(0.1),
        0usize..4,
    );
    (size, who, rest).prop_map(
        |(
            (nodes, gpus, class),
            (owner, minutes, predicted),
            (age_s, preemptible, closed, node),
        )| {
            Draw {
                nodes,
                gpus,
                class,
                owner,
                minutes,
                predicted,
                age_s,
                preemptible,
                closed,
                node,
            }
        },
    )
}

impl Draw {
    fn facts(&self, id: u64) -> Facts {
        Facts {
            class: PriorityClass::ALL[self.class],
            // Distinct, in an order that has nothing to do with the numbers.
            rank: Rank::ordinal(self.minutes * 1000 + id),
            owner: UserName(format!("user-{}", self.owner)),
            submitted_at: at(-self.age_s),
            time_limit: Duration::from_secs(self.minutes * 60),
            preemptible: self.preemptible,
            predicted: self
                .predicted
                .map(|seconds| Arc::new(RunTime::about(seconds))),
            ..facts(id, self.nodes, self.gpus)
        }
    }
}

/// Up to four nodes of eight, on which jobs run, and a queue.
pub fn snapshots() -> impl Strategy<Value = Snapshot> {
    let running = prop::collection::vec(draw(), 0..12);
    let waiting = prop::collection::vec(draw(), 0..25);
    (1usize..=4, running, waiting).prop_map(|(nodes, running, waiting)| {
        let mut snapshot = idle(nodes);
        for (draw, id) in running.iter().zip(1000..) {
            let mut job = draw.facts(id);
            job.nodes = 1;
            job.gpus_per_node = job.gpus_per_node.max(1);
            // Not beyond its limit.
            let ran = draw
                .age_s
                .min(i64::try_from(draw.minutes * 60).expect("the test is right") - 1);
            run(&mut snapshot, job, draw.node % nodes, -ran);
        }
        for (draw, id) in waiting.iter().zip(1..) {
            snapshot.pending.push(Pending {
                job: draw.facts(id),
                gate: if draw.closed {
                    Gate::Closed(PendingReason::JobHeldUser)
                } else {
                    Gate::Open
                },
            });
        }
        snapshot
    })
}
