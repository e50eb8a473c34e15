//! What is kept is what a direct computation on the samples gives: with gaps, late batches, batches
//! sent twice, and a keeper that is dropped at any moment and rebuilt from what is on disk.

#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

use std::collections::{BTreeMap, BTreeSet};

use berth_domain::event::Then;
use berth_domain::{
    Actor, AttemptId, Event, Exit, GpuRef, GpuSample, GpuUuid, JobId, Lease, NodeLease, Record,
    SampleSource, Seq, Timestamp,
};
use berth_telemetry::Batch;
use berth_telemetry::rollup::{
    BLOCK_S, Bucket, Flush, Keeper, Metric, OverGpus, Row, Series, SeriesId, Stored, Tier, Use,
    UseKey, longest_hold_s, rows,
};
use proptest::prelude::*;

/// Begins a minute before a block and an hour do.
const BEGIN: i64 = 1_800_000_000 - 60;
const GPUS: usize = 4;
/// The GPUs of each.
const NODES: [(&str, [usize; 2]); 2] = [("a", [0, 1]), ("b", [2, 3])];

/// What the store does, in memory.
#[derive(Clone, Default)]
struct Disk {
    names: Vec<(SeriesId, Series)>,
    marks: Option<Vec<u8>>,
    entries: Vec<(i64, Vec<u8>)>,
    uses: BTreeMap<UseKey, Use>,
    blobs: BTreeMap<(SeriesId, Tier, i64), Vec<u8>>,
}

impl Disk {
    fn flush(&mut self, flush: Flush) {
        self.names.extend(flush.names);
        self.marks = flush.marks.or(self.marks.take());
        self.entries.extend(flush.entries);
        for (key, one) in flush.uses {
            self.uses.entry(key).or_default().add(&one);
        }
    }

    fn open(&self, keeper: &mut Keeper, start: i64, now: Timestamp) {
        let blobs = self.blobs.iter();
        let of_block = blobs.filter(|((_, tier, at), _)| (*tier, *at) == (Tier::Second, start));
        let seconds: Vec<_> = of_block
            .map(|((id, ..), bytes)| (*id, bytes.clone()))
            .collect();
        let entries = self.entries.iter().filter(|(block, _)| *block == start);
        let entries: Vec<_> = entries.map(|(_, bytes)| bytes.clone()).collect();
        keeper.open(start, &seconds, &entries, now).unwrap();
    }

    fn close(&mut self, keeper: &mut Keeper, now: Timestamp) {
        for start in keeper.quiet(now) {
            let hour = start - start.rem_euclid(3600);
            let minutes: Vec<_> = self
                .blobs
                .iter()
                .filter(|((_, tier, at), _)| {
                    *tier == Tier::Minute && (hour..hour + 3600).contains(at)
                })
                .map(|((id, _, at), bytes)| (*id, *at, bytes.clone()))
                .collect();
            for (id, tier, at, bytes) in keeper.close(start, &minutes).unwrap().blobs {
                self.blobs.insert((id, tier, at), bytes);
            }
            self.entries.retain(|(block, _)| *block != start);
            keeper.forget(start);
        }
    }

    fn rows(&self, id: SeriesId, tier: Tier) -> Vec<Row> {
        let blobs = self.blobs.iter();
        let of_it = blobs.filter(|((one, t, _), _)| (*one, *t) == (id, tier));
        of_it
            .flat_map(|((_, _, at), bytes)| rows(bytes, *at, tier).unwrap())
            .collect()
    }
}

#[derive(Clone, Debug)]
enum Step {
    /// A node samples its GPUs after so many milliseconds; a figure of each.
    Sample {
        node: usize,
        pause_ms: u32,
        figures: [u8; 2],
    },
    /// It could not send for a while, and sends now what it kept.
    SendKept {
        node: usize,
    },
    /// From now on it keeps back what it samples.
    KeepBack {
        node: usize,
    },
    /// It sends its last batch once more.
    Again {
        node: usize,
    },
    /// Job on these GPUs, where they are free.
    Start {
        gpus: u8,
    },
    /// The oldest job that runs ends.
    End,
    Flush,
    /// `kill -9`.
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let node = || 0..NODES.len();
    let pause = prop_oneof![
        8 => 800..1200_u32,
        2 => 1..400_u32,
        2 => 2000..9000_u32,
        1 => 20_000..400_000_u32,
    ];
    let step = prop_oneof![
        30 => (node(), pause, any::<[u8; 2]>())
            .prop_map(|(node, pause_ms, figures)| Step::Sample { node, pause_ms, figures }),
        2 => node().prop_map(|node| Step::SendKept { node }),
        2 => node().prop_map(|node| Step::KeepBack { node }),
        2 => node().prop_map(|node| Step::Again { node }),
        3 => (1..16_u8).prop_map(|gpus| Step::Start { gpus }),
        2 => Just(Step::End),
        6 => Just(Step::Flush),
        2 => Just(Step::Restart),
    ];
    proptest::collection::vec(step, 1..160)
}

fn uuid(gpu: usize) -> GpuUuid {
    GpuUuid(format!("GPU-{gpu}"))
}

fn node_of(gpu: usize) -> &'static str {
    NODES
        .iter()
        .find(|(_, gpus)| gpus.contains(&gpu))
        .unwrap()
        .0
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap()
}

/// A sample in which one figure tells the others; the largest are not known.
fn sample(gpu: usize, figure: u8) -> GpuSample {
    let source = match gpu {
        3 => SampleSource::NvidiaSmi,
        _ => SampleSource::Nvml,
    };
    let known = |value: f32| Some(value).filter(|_| figure < 240);
    GpuSample {
        source,
        busy_pct: known(f32::from(figure) / 2.5),
        sm_active_pct: known(f32::from(figure) / 3.1).filter(|_| gpu != 1),
        mem_used_bytes: Some(u64::from(figure) << 28),
        power_w: Some(70.0 + f32::from(figure) * 2.3),
        temp_c: known(30.0 + f32::from(figure % 60)),
        pcie_rx_bytes: Some(u64::from(figure)),
        pcie_tx_bytes: Some(1000),
        ..GpuSample::of(uuid(gpu))
    }
}

/// By time, for each GPU, the samples that count.
type Taken = Vec<Vec<(i64, GpuSample)>>;
/// Samples of a node, by time.
type Sent = Vec<(i64, Vec<GpuSample>)>;
/// Who held what, from and until, in microseconds.
type Leases = Vec<(AttemptId, Vec<usize>, i64, i64)>;

struct World {
    now: i64,
    disk: Disk,
    keeper: Keeper,
    records: Vec<Record>,
    leases: Leases,
    /// Not sent yet, by node.
    back: [Option<Sent>; 2],
    sent: [Sent; 2],
    /// Sent and not flushed: lost with the server, and sent again by the node.
    unflushed: [Sent; 2],
    taken: Taken,
}

impl World {
    fn new() -> Self {
        let mut world = World {
            now: BEGIN * 1_000_000,
            disk: Disk::default(),
            keeper: Keeper::default(),
            records: vec![],
            leases: vec![],
            back: [None, None],
            sent: [vec![], vec![]],
            unflushed: [vec![], vec![]],
            taken: vec![vec![]; GPUS],
        };
        world.restart();
        world
    }

    /// What happens is known before samples that were taken later are.
    fn record(&mut self, event: Event) {
        let record = Record {
            seq: Seq(self.records.len() as u64 + 1),
            at: at(self.now),
            actor: Actor::Berth,
            event,
        };
        self.keeper.read(&record);
        self.records.push(record);
    }

    fn accept(&mut self, node: usize, taken_at: i64, samples: Vec<GpuSample>) {
        let now = at(self.now);
        for start in self.keeper.needs(at(taken_at)) {
            self.disk.open(&mut self.keeper, start, now);
        }
        for one in &samples {
            let gpu = (0..GPUS).find(|gpu| uuid(*gpu) == one.gpu).unwrap();
            let known = self.taken[gpu].iter().any(|(at, _)| *at >= taken_at);
            if !known {
                self.taken[gpu].push((taken_at, one.clone()));
            }
        }
        self.unflushed[node].push((taken_at, samples.clone()));
        let batch = Batch {
            at: at(taken_at),
            node: Some(NODES[node].0.into()),
            samples,
            kept: None,
        };
        self.keeper.accept(&batch, now);
    }

    fn flush(&mut self) {
        let flush = self.keeper.flush(at(self.now));
        self.disk.flush(flush);
        self.unflushed = [vec![], vec![]];
        self.disk.close(&mut self.keeper, at(self.now));
    }

    fn restart(&mut self) {
        self.keeper = Keeper::restore(Stored {
            names: self.disk.names.clone(),
            marks: self.disk.marks.clone(),
        })
        .unwrap();
        for (node, gpus) in NODES {
            for gpu in gpus {
                self.keeper.place(&uuid(gpu), &node.into());
            }
        }
        for record in &self.records {
            self.keeper.read(record);
        }
        let blocks: BTreeSet<i64> = self.disk.entries.iter().map(|(start, _)| *start).collect();
        for start in blocks {
            self.disk.open(&mut self.keeper, start, at(self.now));
        }
        let again = std::mem::take(&mut self.unflushed);
        for (node, batches) in again.into_iter().enumerate() {
            for (taken_at, samples) in batches {
                self.accept(node, taken_at, samples);
            }
        }
    }

    fn step(&mut self, step: &Step) {
        self.now += 1;
        match step {
            Step::Sample {
                node,
                pause_ms,
                figures,
            } => {
                if *pause_ms > 10_000 {
                    self.flush();
                }
                self.now += i64::from(*pause_ms) * 1000;
                let gpus = NODES[*node].1.iter().zip(figures);
                let samples = gpus.map(|(gpu, figure)| sample(*gpu, *figure)).collect();
                match &mut self.back[*node] {
                    Some(back) => back.push((self.now, samples)),
                    None => {
                        self.sent[*node].push((self.now, samples));
                        let (taken_at, samples) = self.sent[*node].last().unwrap().clone();
                        self.accept(*node, taken_at, samples);
                    }
                }
            }
            Step::KeepBack { node } => {
                self.back[*node].get_or_insert_default();
            }
            Step::SendKept { node } => {
                for (taken_at, samples) in self.back[*node].take().unwrap_or_default() {
                    // The buffer of a node is bounded.
                    if taken_at > self.now - 3000 * 1_000_000 {
                        self.accept(*node, taken_at, samples);
                    }
                }
            }
            Step::Again { node } => {
                if let Some((taken_at, samples)) = self.sent[*node].last().cloned()
                    && taken_at > self.now - 3000 * 1_000_000
                {
                    self.accept(*node, taken_at, samples);
                }
            }
            Step::Start { gpus } => self.start(*gpus),
            Step::End => {
                let now = self.now;
                let live = self.leases.iter_mut().find(|lease| lease.3 == i64::MAX);
                if let Some((attempt, _, _, until)) = live {
                    *until = now;
                    let attempt = *attempt;
                    self.record(ended(attempt));
                }
            }
            Step::Flush => self.flush(),
            Step::Restart => self.restart(),
        }
    }

    fn start(&mut self, gpus: u8) {
        let free = |gpu: &usize| {
            let held = |lease: &(AttemptId, Vec<usize>, i64, i64)| {
                lease.3 == i64::MAX && lease.1.contains(gpu)
            };
            gpus >> gpu & 1 == 1 && !self.leases.iter().any(held)
        };
        let gpus: Vec<usize> = (0..GPUS).filter(free).collect();
        if gpus.is_empty() {
            return;
        }
        // Two jobs take turns, so that jobs have several attempts.
        let number = u32::try_from(self.leases.len()).unwrap() + 1;
        let attempt = AttemptId {
            job: JobId(u64::from(number % 2)),
            number,
        };
        let part = |(node, all): &(&str, [usize; 2])| NodeLease {
            node: (*node).into(),
            gpus: gpus
                .iter()
                .filter(|gpu| all.contains(gpu))
                .map(|gpu| GpuRef {
                    index: 0,
                    uuid: uuid(*gpu),
                })
                .collect(),
        };
        let lease = Lease(NODES.iter().map(part).collect());
        self.record(Event::AttemptStarting { attempt, lease });
        self.leases.push((attempt, gpus, self.now, i64::MAX));
    }

    fn holder(&self, gpu: usize, at: i64) -> Option<AttemptId> {
        let holds = |lease: &&(AttemptId, Vec<usize>, i64, i64)| {
            lease.1.contains(&gpu) && lease.2 <= at && at < lease.3
        };
        self.leases.iter().find(holds).map(|lease| lease.0)
    }
}

fn ended(attempt: AttemptId) -> Event {
    Event::AttemptExited {
        attempt,
        exit: Exit::code(0),
        then: Then::Queued { not_before: None },
    }
}

fn known(sample: &GpuSample, metric: Metric) -> Option<f64> {
    match metric {
        Metric::Busy => sample.busy_pct.map(f64::from),
        Metric::Working => sample.sm_active_pct.map(f64::from),
        Metric::Memory => sample.mem_used_bytes.map(|bytes| bytes as f64),
        Metric::Power => sample.power_w.map(f64::from),
        Metric::Temperature => sample.temp_c.map(f64::from),
        Metric::Pcie => Some((sample.pcie_rx_bytes? + sample.pcie_tx_bytes?) as f64),
        _ => None,
    }
}

/// By series and second, the value of each GPU that is known then.
type Values = BTreeMap<(String, i64), Vec<f64>>;

/// The values of a metric, straight from the samples.
fn direct(world: &World, metric: Metric) -> Values {
    let mut values = Values::new();
    for (gpu, taken) in world.taken.iter().enumerate() {
        for (n, (taken_at, sample)) in taken.iter().enumerate() {
            let second = taken_at.div_euclid(1_000_000);
            let first = n == 0 || taken[n - 1].0.div_euclid(1_000_000) < second;
            let next = taken.get(n + 1).map(|(at, _)| at.div_euclid(1_000_000));
            let held = next.filter(|next| next - second <= longest_hold_s(sample.source));
            let stands = |second| (second, second * 1_000_000);
            let seconds = first.then_some((second, *taken_at)).into_iter();
            for (second, moment) in seconds.chain((second + 1..held.unwrap_or(second)).map(stands))
            {
                let holder = world.holder(gpu, moment);
                let value = match metric {
                    Metric::Allocated => Some(f64::from(u8::from(holder.is_some()))),
                    _ => known(sample, metric),
                };
                let Some(value) = value else { continue };
                let mut add = |series: String| {
                    values.entry((series, second)).or_default().push(value);
                };
                if moment == *taken_at && first {
                    add(format!("gpu {}", uuid(gpu)));
                }
                add(format!("node {}", node_of(gpu)));
                add("cluster ".to_owned());
                if let Some(holder) = holder {
                    add(format!("job {}", holder.job));
                }
            }
        }
    }
    values
}

#[expect(clippy::cast_possible_truncation, reason = "kept no finer")]
fn narrow(value: f64) -> f32 {
    value as f32
}

fn buckets(values: &Values, metric: Metric, tier: Tier) -> BTreeMap<(String, i64), Bucket> {
    let mut buckets: BTreeMap<(String, i64), Vec<f64>> = BTreeMap::new();
    for ((series, second), gpus) in values {
        let sum: f64 = gpus.iter().sum();
        let value = match metric.over_gpus() {
            OverGpus::Mean => sum / gpus.len() as f64,
            OverGpus::Sum => sum,
            OverGpus::Most => gpus.iter().copied().fold(f64::MIN, f64::max),
        };
        let start = second - second.rem_euclid(tier.width_s());
        buckets
            .entry((series.clone(), start))
            .or_default()
            .push(value);
    }
    let bucket = |seconds: Vec<f64>| Bucket {
        count: u32::try_from(seconds.len()).unwrap(),
        min: narrow(seconds.iter().copied().fold(f64::MAX, f64::min)),
        avg: seconds.iter().sum::<f64>() / seconds.len() as f64,
        max: narrow(seconds.iter().copied().fold(f64::MIN, f64::max)),
        last: narrow(*seconds.last().unwrap()),
    };
    let buckets = buckets.into_iter();
    buckets
        .map(|(key, seconds)| (key, bucket(seconds)))
        .collect()
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * a.abs().max(b.abs()).max(1.0)
}

fn same(a: &Bucket, b: &Bucket) -> bool {
    let numbers = |one: &Bucket| [one.min, one.max, one.last].map(f64::from);
    let pairs = numbers(a).into_iter().zip(numbers(b));
    a.count == b.count && close(a.avg, b.avg) && pairs.into_iter().all(|(a, b)| close(a, b))
}

fn check_rollups(world: &World) -> Result<(), TestCaseError> {
    let mut all: Vec<(SeriesId, Series)> = world.disk.names.clone();
    let mut unnamed = vec![
        Series::Cluster,
        Series::Job(JobId(0)),
        Series::Job(JobId(1)),
    ];
    unnamed.retain(|series| world.keeper.find(series).is_some());
    all.extend(
        unnamed
            .into_iter()
            .map(|one| (world.keeper.find(&one).unwrap(), one)),
    );
    for metric in Metric::ALL {
        let values = direct(world, metric);
        for tier in Tier::ALL {
            let mut expected = buckets(&values, metric, tier);
            for (id, series) in &all {
                let (kind, name) = series.parts();
                for row in world.disk.rows(*id, tier) {
                    let Some(found) = row.get(metric) else {
                        continue;
                    };
                    let key = (format!("{kind} {name}"), row.start_s);
                    let wanted = expected.remove(&key);
                    prop_assert!(
                        wanted.is_some_and(|wanted| same(found, &wanted)),
                        "{metric:?} {tier:?} {key:?}: kept {found:?}, computed {wanted:?}"
                    );
                }
            }
            prop_assert!(
                expected.is_empty(),
                "{metric:?} {tier:?}: not kept: {expected:?}"
            );
        }
    }
    Ok(())
}

/// The integral over the samples, straight.
fn check_uses(world: &World) -> Result<(), TestCaseError> {
    for (attempt, gpus, from, until) in &world.leases {
        let mut expected = Use::default();
        for gpu in gpus {
            let taken = &world.taken[*gpu];
            for (n, (taken_at, sample)) in taken.iter().enumerate() {
                if (from..until).contains(&taken_at) {
                    let bytes = sample.mem_used_bytes.unwrap();
                    expected.peak_mem_bytes = expected.peak_mem_bytes.max(bytes);
                }
                let Some((next, _)) = taken.get(n + 1) else {
                    continue;
                };
                let hold = longest_hold_s(sample.source) * 1_000_000;
                let (begin, end) = (
                    *taken_at.max(from),
                    *(next.min(until)).min(&(taken_at + hold)),
                );
                let seconds = (end - begin).max(0) as f64 / 1e6;
                if let Some(busy) = sample.busy_pct {
                    expected.observed_s += seconds;
                    expected.busy_s += seconds * f64::from(busy) / 100.0;
                }
                if let Some(working) = sample.sm_active_pct {
                    expected.working_known_s += seconds;
                    expected.working_s += seconds * f64::from(working) / 100.0;
                }
                if let Some(power) = sample.power_w {
                    expected.power_known_s += seconds;
                    expected.energy_j += seconds * f64::from(power);
                }
            }
        }
        let mut found = Use::default();
        for (_, one) in world
            .disk
            .uses
            .iter()
            .filter(|(key, _)| key.attempt == *attempt)
        {
            found.add(one);
        }
        let numbers = |one: &Use| {
            [
                one.observed_s,
                one.busy_s,
                one.working_known_s,
                one.working_s,
                one.power_known_s,
                one.energy_j,
            ]
        };
        let mut pairs = numbers(&found).into_iter().zip(numbers(&expected));
        prop_assert!(
            pairs.all(|(a, b)| close(a, b)) && found.peak_mem_bytes == expected.peak_mem_bytes,
            "{attempt}: kept {found:?}, computed {expected:?}"
        );
        let held = gpus.len() as f64 * ((*until).min(world.now) - from) as f64 / 1e6;
        prop_assert!(
            found.observed_s <= held + 1e-6,
            "{attempt}: more than it held"
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn what_is_kept_is_what_a_direct_computation_gives(steps in steps()) {
        let mut world = World::new();
        for step in &steps {
            world.step(step);
        }
        world.flush();
        check_uses(&world)?;
        world.now += 2 * BLOCK_S * 1_000_000;
        world.flush();
        prop_assert!(world.disk.entries.is_empty(), "a block is still open");
        check_rollups(&world)?;
    }
}
