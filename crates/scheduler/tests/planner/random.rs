//! Random clusters with running jobs and a queue.

use std::sync::Arc;
use std::time::Duration;

use berth_domain::{Constraints, Holder, NodeName, PendingReason, PriorityClass, Rank, UserName};
use berth_scheduler::predict::RunTime;
use berth_scheduler::{Facts, Gate, Pending, Pool, Reservation, Snapshot};
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
    asks: Option<Constraints>,
}

/// Mostly nothing.
fn asks() -> impl Strategy<Value = Option<Constraints>> {
    let model = prop::option::of(prop::sample::select(vec!["H100", "a100", "B200"]));
    let memory = prop::option::weighted(0.3, prop::sample::select(vec![40u64, 80]));
    let nodes = (
        prop::collection::vec(1u8..5, 0..3),
        prop::option::of(1u8..5),
    );
    let drawn = (model, memory, nodes, any::<bool>());
    let drawn = drawn.prop_map(|(model, memory, (nodes, exclude), nvlink)| {
        let name = |n: u8| NodeName(format!("node-{n}"));
        Constraints {
            gpu_models: model.map(str::to_owned).into_iter().collect(),
            min_gpu_mem_bytes: memory.map(|gb| gb * 1_000_000_000),
            nodes: nodes.into_iter().map(name).collect(),
            exclude: exclude.map(name).into_iter().collect(),
            nvlink,
        }
    });
    prop::option::weighted(0.25, drawn)
}

/// What a node has: nothing that is known, GPUs that are all alike, two islands, two models, or
/// pairs of two models.
fn hardware() -> impl Strategy<Value = Arc<[Pool]>> {
    let pool = |model: &str, gb: u64, island: Option<u32>, gpus: &[u32]| Pool {
        model: model.to_owned(),
        mem_total_bytes: gb * 1_000_000_000,
        island,
        gpus: gpus.to_vec(),
    };
    let (h100, a100) = ("NVIDIA H100 80GB HBM3", "NVIDIA A100-SXM4-40GB");
    let all = [0, 1, 2, 3, 4, 5, 6, 7];
    prop::sample::select(vec![
        vec![],
        vec![pool(h100, 85, Some(0), &all)],
        vec![
            pool(h100, 85, Some(0), &[0, 1, 2, 3]),
            pool(h100, 85, Some(1), &[4, 5, 6, 7]),
        ],
        vec![
            pool(a100, 42, None, &[0, 2, 4, 6, 7]),
            pool(h100, 85, None, &[1, 3, 5]),
        ],
        vec![
            pool(a100, 42, Some(0), &[0, 1]),
            pool(h100, 85, Some(0), &[2, 3]),
            pool(a100, 42, Some(1), &[4, 5]),
            pool(h100, 85, Some(1), &[6, 7]),
        ],
    ])
    .prop_map(Arc::from)
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
        asks(),
    );
    (size, who, rest).prop_map(
        |(
            (nodes, gpus, class),
            (owner, minutes, predicted),
            (age_s, preemptible, closed, node, asks),
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
                asks,
            }
        },
    )
}

impl Draw {
    /// Who asks for no GPU asks nothing of them.
    fn asks(&self) -> Option<Arc<Constraints>> {
        let asks = self.asks.clone()?;
        let asks = match self.gpus {
            0 => Constraints {
                nodes: asks.nodes,
                exclude: asks.exclude,
                ..Constraints::default()
            },
            _ => asks,
        };
        (!asks.is_empty()).then(|| Arc::new(asks))
    }

    fn facts(&self, id: u64) -> Facts {
        Facts {
            class: PriorityClass::ALL[self.class],
            // Distinct, in an order that has nothing to do with the numbers.
            rank: Rank::ordinal(self.minutes * 1000 + id),
            owner: UserName(format!("user-{}", self.owner)),
            submitted_at: at(-self.age_s),
            time_limit: Duration::from_secs(self.minutes * 60),
            preemptible: self.preemptible,
            constraints: self.asks(),
            predicted: self
                .predicted
                .map(|seconds| Arc::new(RunTime::about(seconds))),
            ..facts(id, self.nodes, self.gpus)
        }
    }
}

/// Up to four nodes of eight, half of the time of several kinds, on which jobs run, and a queue.
pub fn snapshots() -> impl Strategy<Value = Snapshot> {
    let running = prop::collection::vec(draw(), 0..12);
    let waiting = prop::collection::vec(draw(), 0..25);
    let hardware = prop::option::of(prop::collection::vec(hardware(), 4));
    let drawn = (1usize..=4, hardware, running, waiting);
    drawn.prop_map(|(nodes, hardware, running, waiting)| {
        let mut snapshot = idle(nodes);
        for (node, pools) in snapshot
            .nodes
            .iter_mut()
            .zip(hardware.into_iter().flatten())
        {
            node.pools = pools;
        }
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
