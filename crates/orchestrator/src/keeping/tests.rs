use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};

use berth_domain::decide::{Input, Report, Rules, decide};
use berth_domain::{
    Actor, AttemptId, Command, Exit, GpuRef, GpuSample, GpuUuid, JobId, Lease, NodeLease, Role,
    Seq, SubmitRequest,
};
use berth_telemetry::inventory::simulated;
use berth_telemetry::rollup::{BLOCK_S, Metric};
use tempfile::TempDir;

use super::*;

/// A minute before a block and an hour begin.
const BEGIN: i64 = 1_800_000_000 - 60;

/// A store, the state that its journal makes, and a keeper that is told of both.
struct World {
    dir: TempDir,
    store: Store,
    state: State,
    now: Arc<AtomicI64>,
    keeping: Keeping,
    doors: Doors,
    gpus: Vec<GpuUuid>,
}

impl World {
    /// With so many nodes of so many GPUs.
    async fn new(nodes: u32, gpus: u32) -> Self {
        let nodes = simulated(nodes, gpus);
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("berth.db")).await.unwrap();
        let now = Arc::new(AtomicI64::new(BEGIN * 1000));
        let state = State::default();
        let (keeping, doors) = restored(&store, &state, &now).await;
        let mut world = World {
            dir,
            store,
            state,
            now,
            keeping,
            doors,
            gpus: nodes
                .iter()
                .flat_map(|node| node.gpus.iter().map(|gpu| gpu.uuid.clone()))
                .collect(),
        };
        world.happen(Actor::Berth, Input::Inventory(nodes)).await;
        world
    }

    fn clock(&self) -> Timestamp {
        Timestamp::from_millisecond(self.now.load(Ordering::Relaxed)).unwrap()
    }

    fn pass(&self, millis: i64) {
        self.now.fetch_add(millis, Ordering::Relaxed);
    }

    async fn happen(&mut self, actor: Actor, input: Input) {
        let decided = decide(&self.state, &Rules::default(), input, self.clock()).unwrap();
        let mut records = vec![];
        for event in decided.events {
            let seq = Seq(self.state.seq.0 + 1 + records.len() as u64);
            records.push(Record {
                seq,
                at: self.clock(),
                actor: actor.clone(),
                event,
            });
        }
        let changes = self.state.project(&records).unwrap();
        let counters = changes.counters;
        self.store
            .commit(&records, &changes, counters, &[])
            .await
            .unwrap();
        for record in &records {
            self.state.apply(record).unwrap();
        }
        self.doors.records.send(records).unwrap();
    }

    async fn submit(&mut self, gpus: i64) -> JobId {
        let actor = Actor::user("ana", Role::Member);
        let request = SubmitRequest {
            command: vec!["train".into()],
            project: Some("vision".into()),
            gpus: Some(gpus),
            ..SubmitRequest::default()
        };
        let command = Command::Submit(Box::new(request));
        let input = Input::Command {
            actor: actor.clone(),
            command,
        };
        self.happen(actor, input).await;
        JobId(self.state.counters().last_job)
    }

    /// On all GPUs of a node.
    async fn start(&mut self, job: JobId, node: usize) {
        let node = self.state.nodes().nth(node).unwrap();
        let part = NodeLease {
            node: node.name.clone(),
            gpus: node
                .gpus
                .iter()
                .map(|gpu| GpuRef {
                    index: gpu.index,
                    uuid: gpu.uuid.clone(),
                })
                .collect(),
        };
        let start = Input::Starts(vec![(job, Lease(vec![part]))]);
        self.happen(Actor::Berth, start).await;
    }

    async fn exit(&mut self, attempt: AttemptId) {
        let report = Report::Exited(Exit::code(0));
        let reports = BTreeMap::from([(attempt, report)]);
        self.happen(Actor::Berth, Input::Reports(reports)).await;
    }

    /// All GPUs, each as busy as this.
    fn sample(&mut self, busy: f32) -> oneshot::Receiver<()> {
        let sample = |gpu: &GpuUuid| GpuSample {
            busy_pct: Some(busy),
            power_w: Some(100.0),
            mem_used_bytes: Some(8 << 30),
            ..GpuSample::of(gpu.clone())
        };
        let (kept, is_kept) = oneshot::channel();
        let batch = Batch {
            at: self.clock(),
            node: None,
            samples: self.gpus.iter().map(sample).collect(),
            kept: Some(kept),
        };
        self.keeping.waiting.push_back((Instant::now(), batch));
        is_kept
    }

    async fn turn(&mut self) {
        self.keeping.turn(Duration::ZERO).await;
    }

    /// `kill -9`, and a start on the same folder.
    async fn restart(&mut self) {
        self.store = Store::open(&self.dir.path().join("berth.db"))
            .await
            .unwrap();
        self.state = self.store.load().await.unwrap();
        let (keeping, doors) = restored(&self.store, &self.state, &self.now).await;
        (self.keeping, self.doors) = (keeping, doors);
    }

    /// What is known of a series' metric since the beginning, in at most so many buckets: their
    /// width, how many seconds of each, and its average.
    async fn read(&self, series: &Series, metric: Metric, most: u32) -> (i64, Vec<(u32, f64)>) {
        let begin = Timestamp::from_second(BEGIN - 60).unwrap();
        let range = (begin, self.clock());
        let found = self
            .doors
            .history
            .series(series, range, most)
            .await
            .unwrap();
        let buckets = found.rows.iter().filter_map(|row| row.get(metric));
        let buckets = buckets.map(|bucket| (bucket.count, bucket.avg));
        (found.step_s, buckets.collect())
    }
}

async fn restored(store: &Store, state: &State, now: &Arc<AtomicI64>) -> (Keeping, Doors) {
    let now = now.clone();
    let clock =
        Clock::new(move || Timestamp::from_millisecond(now.load(Ordering::Relaxed)).unwrap());
    Keeping::restore(store.clone(), state, clock).await.unwrap()
}

#[tokio::test]
async fn what_is_kept_is_read_again_wherever_it_is() {
    let mut world = World::new(2, 2).await;
    let job = world.submit(2).await;
    world.start(job, 0).await;
    let attempt = AttemptId { job, number: 1 };
    let seconds = 3 * BLOCK_S;
    for second in 0..seconds {
        world.pass(1000);
        let busy = if second % 2 == 0 { 80.0 } else { 40.0 };
        let mut kept = world.sample(busy);
        assert!(kept.try_recv().is_err(), "told before it is on disk");
        if second % 5 == 4 {
            world.turn().await;
            kept.try_recv().expect("told when it is");
        }
        if second == 400 {
            // Of the last second nothing is on disk: it is sent again.
            world.restart().await;
            world.sample(busy);
        }
    }
    world.exit(attempt).await;
    world.pass(1000);
    world.sample(60.0);
    world.turn().await;
    let all = u32::try_from(seconds + 1).unwrap();
    let job_series = Series::Job(job);
    for (series, counted) in [
        (Series::Gpu(world.gpus[0].clone()), all),
        (Series::Node("node-2".into()), all),
        (Series::Cluster, all),
        (job_series.clone(), all - 1),
        (Series::User("ana".into()), all - 1),
        (Series::Project("vision".into()), all - 1),
    ] {
        let mut widths = vec![];
        for most in [8000, 100, 12, 1] {
            let (width, buckets) = world.read(&series, Metric::Busy, most).await;
            let count: u32 = buckets.iter().map(|(count, _)| count).sum();
            assert_eq!(count, counted, "{series:?} in {width} s");
            let sum: f64 = buckets.iter().map(|(n, avg)| f64::from(*n) * avg).sum();
            let mean = sum / f64::from(count);
            assert!((59.9..60.1).contains(&mean), "{series:?} {width} s: {mean}");
            // One more where the range begins within a bucket.
            assert!(buckets.len() <= usize::try_from(most).unwrap() + 1);
            widths.push(width);
        }
        assert_eq!(widths, [1, 10, 90, 3600], "the finest that fits");
    }
    let (_, power) = world.read(&Series::Cluster, Metric::Power, 1).await;
    assert!((power[0].1 - 400.0).abs() < 1e-3, "a sum: {power:?}");
    let (_, held) = world
        .read(&Series::Node("node-1".into()), Metric::Allocated, 8000)
        .await;
    assert_eq!(held.first().map(|one| one.1), Some(2.0));
    assert_eq!(held.last().map(|one| one.1), Some(0.0));

    // Two GPUs from the grant to the end, less the first second, before which nothing was sampled.
    let uses = world.store.uses_of(job).await.unwrap();
    let of = |part: fn(&AttemptUse) -> f64| uses.iter().map(part).sum::<f64>();
    let observed = 2.0 * f64::from(u32::try_from(seconds - 1).unwrap());
    assert!(
        (of(|one| one.observed_s) - observed).abs() < 1e-6,
        "{uses:?}"
    );
    assert!((of(|one| one.energy_j) - 100.0 * observed).abs() < 1e-3);
    assert!(uses.iter().all(|one| one.peak_mem_bytes == 8 << 30));
    assert_eq!(uses.len(), 2, "an hour began in it");

    let middle = Timestamp::from_second(BEGIN + 200).unwrap();
    let samples = world.doors.history.samples_at(middle).await.unwrap();
    assert_eq!(samples.len(), 4);
    assert_eq!(samples[&world.gpus[0]].mem_used_bytes, Some(8 << 30));
}

#[tokio::test]
async fn seconds_are_removed_after_an_hour_and_minutes_stay() {
    let mut world = World::new(1, 1).await;
    for _ in 0..10 {
        world.pass(1000);
        world.sample(50.0);
    }
    world.turn().await;
    world.pass(2 * BLOCK_S * 1000);
    world.turn().await;
    let store = world.store.clone();
    let here = async |tier: Tier| store.all_buckets(tier.number(), 0, i64::MAX).await.unwrap();
    assert_eq!(
        here(Tier::Second).await.len(),
        3,
        "of the GPU, its node and the cluster"
    );
    // Two hours later the next block is put away.
    world.pass(7200 * 1000);
    world.sample(50.0);
    world.turn().await;
    world.pass(2 * BLOCK_S * 1000);
    world.turn().await;
    let seconds = here(Tier::Second).await;
    assert!(
        seconds.iter().all(|one| one.start_s > BEGIN + 3600),
        "{seconds:?}"
    );
    assert_eq!(here(Tier::Minute).await.len(), 6);
    assert!(world.store.open_blocks().await.unwrap().is_empty());
}
