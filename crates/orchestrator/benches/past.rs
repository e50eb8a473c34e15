//! How long looking back takes, beside loading the state as it is now: a month of jobs that came and
//! went, and a long queue.

#![expect(clippy::unwrap_used, reason = "a bench ends where something is wrong")]

use std::time::Instant;

use berth_domain::decide::{Input, Report, Rules, decide};
use berth_domain::{
    Actor, AttemptId, Command, Exit, Gpu, GpuUuid, Lease, Node, NodeLease, NodeName, NodeSource,
    Record, Role, State, SubmitRequest, Timestamp,
};
use berth_orchestrator::view_at;
use berth_store::Store;
use jiff::SignedDuration;

fn main() {
    println!("\nThe time machine");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(looking_back());
}

/// A journal that grows, and what it comes to.
struct World {
    state: State,
    journal: Vec<Record>,
    now: Timestamp,
}

impl World {
    /// One node.
    fn new() -> Self {
        let mut world = World {
            state: State::default(),
            journal: vec![],
            now: Timestamp::from_second(1_000_000).unwrap(),
        };
        let gpu = |index| Gpu::new(index, GpuUuid(format!("GPU-{index}")), "H100", 80 << 30);
        let gpus = (0..8).map(gpu).collect();
        let node = Node::new(NodeName::from("n1"), NodeSource::Simulated, gpus);
        world.does(&Actor::Berth, Input::Inventory(vec![node]));
        world
    }

    fn does(&mut self, actor: &Actor, input: Input) {
        let made = decide(&self.state, &Rules::default(), input, self.now).unwrap();
        for event in made.events {
            let record = Record {
                seq: self.state.seq.next(),
                at: self.now,
                actor: actor.clone(),
                event,
            };
            self.state.apply(&record).unwrap();
            self.journal.push(record);
        }
    }
}

async fn commit(store: &Store, state: &State, records: &[Record]) {
    let changes = state.project(records).unwrap();
    let counters = changes.counters;
    store
        .commit(records, &changes, counters, &[])
        .await
        .unwrap();
}

async fn looking_back() {
    const DONE: u64 = 100_000;
    const WAITING: u64 = 10_000;
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("berth.db")).await.unwrap();
    let mut world = World::new();
    commit(&store, &State::default(), &world.journal).await;
    for first in (0..DONE + WAITING).step_by(1000) {
        let (before, known) = (world.state.clone(), world.journal.len());
        for n in first..first + 1000 {
            world.now += SignedDuration::from_secs(20);
            live(&mut world, n < DONE);
        }
        commit(&store, &before, &world.journal[known..]).await;
    }
    let from = Instant::now();
    let loaded = store.load().await.unwrap();
    let reference = from.elapsed();
    println!(
        "{} entries, {WAITING} jobs wait\n  the state as it is now, loaded: {reference:.0?}",
        world.journal.len()
    );
    assert_eq!(loaded.seq, world.state.seq);
    for ago_s in [0, 3600, 20 * 24 * 3600_u32] {
        let at = world.now - SignedDuration::from_secs(i64::from(ago_s));
        let from = Instant::now();
        let view = view_at(&store, at, world.now, 4).await.unwrap();
        let took = from.elapsed();
        println!(
            "  as it was {:.0} h ago, {} waiting: {took:.0?}, {:.1} x",
            f64::from(ago_s) / 3600.0,
            view.queued,
            took.as_secs_f64() / reference.as_secs_f64()
        );
    }
}

/// A job comes, and runs and ends at once, or waits for GPUs.
fn live(world: &mut World, ends: bool) {
    let actor = Actor::user("ana", Role::Member);
    let request = SubmitRequest {
        command: vec!["train".into(), format!("--seed={}", world.journal.len())],
        gpus: Some(if ends { 0 } else { 4 }),
        ..SubmitRequest::default()
    };
    let job = world.state.next_job();
    let mut inputs = vec![Input::Command {
        actor: actor.clone(),
        command: Command::Submit(Box::new(request)),
    }];
    if ends {
        let part = NodeLease {
            node: world.state.nodes().next().unwrap().name.clone(),
            gpus: vec![],
        };
        inputs.push(Input::Starts(vec![(job, Lease(vec![part]))]));
        let attempt = AttemptId { job, number: 1 };
        let report = Report::Exited(Exit::code(0));
        inputs.push(Input::Reports([(attempt, report)].into()));
    }
    for input in inputs {
        world.does(&actor, input);
    }
}
