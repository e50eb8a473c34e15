//! Random clusters with running jobs and a queue.

use std::sync::Arc;
use std::time::Duration;

use berth_domain::{Holder, NodeName, PendingReason, PriorityClass, Rank, UserName};
use berth_scheduler::predict::RunTime;
use berth_scheduler::{Facts, Gate, Pending, Reservation, Snapshot};
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

/// GPUs of any nodes, of one node, or by their indices; for one of the users.
fn reservation() -> impl Strategy<Value = Reservation> {
    let who = (0u8..4, any::<bool>());
    let what = (1u32..=2, 1u32..=8, 0usize..4, 0u8..3);
    let when = (-4000i64..8000, 60i64..20_000);
    (1u64..100, who, what, when).prop_map(
        |(id, (owner, used), (nodes, gpus, node, kind), (start, length))| {
            let holder = Holder::User(UserName(format!("user-{owner}")));
            let any = Reservation {
                no_show: (length > 10_000).then(|| Duration::from_secs(600)),
                used,
                ..Reservation::new(id, holder, (nodes, gpus), (at(start), at(start + length)))
            };
            if kind == 0 {
                return any;
            }
            Reservation {
                nodes: 1,
                only: vec![NodeName(format!("node-{}", node + 1))],
                exact: if kind == 1 {
                    vec![]
                } else {
                    (8 - gpus..8).collect()
                },
                ..any
            }
        },
    )
}

/// As [`snapshots`], some of them with reservations.
pub fn reserved_snapshots() -> impl Strategy<Value = Snapshot> {
    let reservations = prop::collection::vec(reservation(), 0..4);
    (snapshots(), reservations).prop_map(|(mut snapshot, reservations)| {
        snapshot.reservations = reservations;
        snapshot
    })
}
