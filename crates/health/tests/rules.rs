//! A fault for each rule: it is found when it has lasted, once, and is over when its cause is.

#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use berth_domain::decide::{Input, Rules as Deciding, Seen, decide};
use berth_domain::{
    Actor, Adopted, AlertRule, AttemptId, Choice, Command, Event, Exit, Gpu, GpuProcess, GpuRef,
    GpuSample, GpuUuid, JobId, Lease, Node, NodeLease, NodeName, NodeSource, Record, Report, Role,
    State, SubmitRequest, Throttle, Timestamp,
};
use berth_health::{Disk, Health, Observed, Rules};
use berth_telemetry::{GpuSampler, Leased, inventory};
use jiff::SignedDuration;

const GPUS: u32 = 4;

/// A node of four GPUs; job 1 of ana's holds the first two and works on them.
struct World {
    state: State,
    health: Health,
    now: Timestamp,
    samples: HashMap<GpuUuid, GpuSample>,
    heard: HashMap<NodeName, Timestamp>,
    logs: HashMap<AttemptId, Timestamp>,
    waits: Vec<Duration>,
    disk: Disk,
    opened: Vec<AlertRule>,
}

fn uuid(index: u32) -> GpuUuid {
    GpuUuid(format!("GPU-{index}"))
}

fn attempt(job: u64) -> AttemptId {
    AttemptId {
        job: JobId(job),
        number: 1,
    }
}

fn node() -> Node {
    let gpu = |index| Gpu::new(index, uuid(index), "H100", 80 << 30);
    let gpus = (0..GPUS).map(gpu).collect();
    Node::new(NodeName::from("n1"), NodeSource::Local, gpus)
}

fn process(pid: u32, of: Option<AttemptId>) -> GpuProcess {
    GpuProcess {
        pid,
        started: 5,
        user: Some("bo".to_owned()),
        command: Some("python train.py".to_owned()),
        attempt: of,
        ..GpuProcess::default()
    }
}

fn sample(index: u32, works: bool) -> GpuSample {
    let processes = works.then(|| process(100 + index, Some(attempt(1))));
    GpuSample {
        busy_pct: Some(if works { 93.0 } else { 0.0 }),
        sm_active_pct: Some(if works { 81.0 } else { 0.0 }),
        mem_used_bytes: Some(if works { 60 << 30 } else { 0 }),
        power_w: Some(if works { 620.0 } else { 70.0 }),
        power_limit_w: Some(700.0),
        temp_c: Some(if works { 64.0 } else { 31.0 }),
        throttle: Some(vec![]),
        ecc_uncorrected: Some(0),
        processes: Some(processes.into_iter().collect()),
        ..GpuSample::of(uuid(index))
    }
}

impl World {
    fn new() -> Self {
        Self::with(Rules::default())
    }

    fn with(rules: Rules) -> Self {
        let now = Timestamp::from_second(1_000_000).unwrap();
        let mut world = World {
            state: State::default(),
            health: Health::new(rules),
            now,
            samples: (0..GPUS).map(|i| (uuid(i), sample(i, i < 2))).collect(),
            heard: HashMap::new(),
            logs: HashMap::new(),
            waits: vec![],
            disk: Disk {
                free_bytes: 500 << 30,
                total_bytes: 1000 << 30,
            },
            opened: vec![],
        };
        world.does(Input::Inventory(vec![node()]));
        world.submit(2);
        world.start(1, &[0, 1]);
        world
    }

    fn submit(&mut self, gpus: i64) {
        let request = SubmitRequest {
            command: vec!["train".to_owned()],
            gpus: Some(gpus),
            max_retries: Some(9),
            ..SubmitRequest::default()
        };
        let actor = Actor::user("ana", Role::Admin);
        let command = Command::Submit(Box::new(request));
        self.does(Input::Command { actor, command });
    }

    fn start(&mut self, job: u64, gpus: &[u32]) {
        let gpus = gpus.iter().map(|index| GpuRef {
            index: *index,
            uuid: uuid(*index),
        });
        let lease = Lease(vec![NodeLease {
            node: NodeName::from("n1"),
            gpus: gpus.collect(),
        }]);
        self.does(Input::Starts(vec![(JobId(job), lease)]));
        let live = self
            .state
            .live_job(JobId(job))
            .unwrap()
            .attempt_id()
            .unwrap();
        self.reports(live, Report::Running { sessions: vec![] });
    }

    fn reports(&mut self, attempt: AttemptId, report: Report) {
        self.does(Input::Reports(BTreeMap::from([(attempt, report)])));
    }

    fn does(&mut self, input: Input) -> Vec<Event> {
        let events = decide(&self.state, &Deciding::default(), input, self.now)
            .unwrap()
            .events;
        for event in &events {
            let record = Record {
                seq: self.state.seq.next(),
                at: self.now,
                actor: Actor::Berth,
                event: event.clone(),
            };
            self.state.apply(&record).unwrap();
        }
        events
    }

    fn look(&mut self) -> Seen {
        let of = |jobs: Vec<&berth_domain::Job>| -> Vec<_> { jobs.into_iter().cloned().collect() };
        let active = of(self
            .state
            .live()
            .filter(|job| job.attempt().is_some())
            .collect());
        let queue = of(self
            .state
            .live()
            .filter(|job| job.attempt().is_none())
            .collect());
        let recent = of(self.state.recent().collect());
        let nodes: Vec<Node> = self.state.nodes().cloned().collect();
        let holders = nodes[0].gpus.iter().filter_map(|gpu| {
            let holder = self.state.holder(&gpu.uuid)?;
            Some((gpu.uuid.clone(), holder.job))
        });
        let holders = holders.collect();
        let alerts: Vec<_> = self.state.alerts().cloned().collect();
        self.health.look(&Observed {
            now: self.now,
            nodes: &nodes,
            cordons: self.state.cordons(),
            holders: &holders,
            active: &active,
            queue: &queue,
            recent: &recent,
            samples: &self.samples,
            heard: &self.heard,
            logs: &self.logs,
            disk: Some(self.disk),
            waits: &self.waits,
            alerts: &alerts,
            foreign: self.state.foreign(),
        })
    }

    /// Looks every other second for so long, and takes what follows.
    fn pass(&mut self, seconds: i64) -> &mut Self {
        for _ in 0..seconds / 2 {
            self.now += SignedDuration::from_secs(2);
            let seen = self.look();
            for event in self.does(Input::Seen(seen)) {
                if let Event::AlertOpened { alert } = event {
                    self.opened.push(alert.finding.rule);
                }
            }
        }
        self
    }

    fn gpu(&mut self, index: u32) -> &mut GpuSample {
        self.samples.get_mut(&uuid(index)).unwrap()
    }

    fn open(&self) -> BTreeSet<AlertRule> {
        self.state
            .alerts()
            .map(|alert| alert.finding.rule)
            .collect()
    }

    fn text(&self) -> String {
        let alert = self.state.alerts().next().unwrap();
        alert.finding.text.clone()
    }

    /// Once this is mended, nothing is wrong any more, and nothing but `rule` ever was.
    fn was_only(&mut self, rule: AlertRule) {
        self.pass(60);
        assert_eq!(self.open(), BTreeSet::new());
        assert_eq!(self.opened, [rule]);
    }
}

/// The load of `make run`: warm-up, waves, stalls for data, jobs of every kind that end and begin.
#[tokio::test]
async fn an_hour_of_healthy_load_opens_nothing() {
    let mut world = World::new();
    let mut sampler = GpuSampler::simulated(1, GPUS);
    let simulated: Vec<GpuUuid> = inventory::simulated(1, GPUS)[0]
        .gpus
        .iter()
        .map(|gpu| gpu.uuid.clone())
        .collect();
    let mut job = 1;
    let mut began = world.now;
    for look in 0..1800 {
        if look % 300 == 299 {
            world.reports(attempt(job), Report::Exited(Exit::code(0)));
            world.submit(2);
            job += 1;
            world.start(job, &[0, 1]);
            began = world.now;
        }
        let leased = simulated[..2].iter().map(|gpu| Leased {
            gpu: gpu.clone(),
            since: began,
            attempt: attempt(job),
        });
        let leased: Vec<Leased> = leased.collect();
        let samples = sampler.sample(&leased, world.now).await;
        let samples = samples.into_iter().zip(0..).map(|(sample, index)| {
            let processes = (index < 2).then(|| process(100 + index, Some(attempt(job))));
            let sample = GpuSample {
                gpu: uuid(index),
                processes: Some(processes.into_iter().collect()),
                ..sample
            };
            (uuid(index), sample)
        });
        world.samples = samples.collect();
        world.logs.insert(attempt(job), world.now);
        world.pass(2);
    }
    assert_eq!(job, 7);
    assert_eq!(world.opened, []);
}

#[test]
fn gpus_without_any_process_are_found_after_a_quarter_of_an_hour() {
    let mut world = World::new();
    *world.gpu(1) = sample(1, false);
    world.pass(14 * 60);
    assert_eq!(world.open(), BTreeSet::new());
    world.pass(120);
    assert_eq!(world.open(), [AlertRule::NoProcess].into());
    let text = "Job 1 (train, ana) holds 1 of 2 GPUs without any process on them.";
    assert_eq!(world.text(), text);
    // A moment of work does not end it, and does not open it twice.
    *world.gpu(1) = sample(1, true);
    world.pass(10);
    *world.gpu(1) = sample(1, false);
    world.pass(60);
    assert_eq!(world.open(), [AlertRule::NoProcess].into());
    *world.gpu(1) = sample(1, true);
    world.was_only(AlertRule::NoProcess);
}

#[test]
fn idle_is_told_apart() {
    // A process that does nothing, and has next to no memory.
    let mut world = World::new();
    for index in 0..2 {
        let gpu = world.gpu(index);
        (gpu.busy_pct, gpu.mem_used_bytes) = (Some(0.0), Some(1 << 30));
    }
    world.pass(31 * 60);
    assert_eq!(world.open(), [AlertRule::IdleProcess].into());
    // Now it holds memory.
    for index in 0..2 {
        world.gpu(index).mem_used_bytes = Some(40 << 30);
    }
    world.pass(31 * 60);
    assert_eq!(world.open(), [AlertRule::MemoryHeld].into());
    // Now it works a little.
    for index in 0..2 {
        world.gpu(index).busy_pct = Some(22.0);
    }
    world.pass(50 * 60);
    assert_eq!(world.open(), [AlertRule::Starved].into());
    assert!(
        world
            .text()
            .contains("keeps its 2 GPUs busy only 22% of the time"),
        "{}",
        world.text()
    );
    // Now it spins, and writes nothing.
    for index in 0..2 {
        let gpu = world.gpu(index);
        (gpu.busy_pct, gpu.sm_active_pct) = (Some(100.0), Some(9.0));
    }
    world.logs.insert(attempt(1), world.now);
    world.pass(45 * 60);
    assert_eq!(world.open(), [AlertRule::HungCollective].into());
    // Now it goes on.
    for index in 0..2 {
        *world.gpu(index) = sample(index, true);
    }
    world.pass(60);
    assert_eq!(world.open(), BTreeSet::new());
    let all = [
        AlertRule::IdleProcess,
        AlertRule::MemoryHeld,
        AlertRule::Starved,
        AlertRule::HungCollective,
    ];
    assert_eq!(world.opened, all);
}

#[test]
fn hard_work_without_a_word_is_no_hang() {
    let mut world = World::new();
    for index in 0..2 {
        let gpu = world.gpu(index);
        (gpu.busy_pct, gpu.sm_active_pct) = (Some(100.0), Some(92.0));
    }
    world.logs.insert(attempt(1), world.now);
    world.pass(2 * 3600);
    assert_eq!(world.opened, []);
}

#[test]
fn heat_throttling_full_memory_and_memory_errors() {
    let mut world = World::new();
    world.gpu(3).temp_c = Some(91.0);
    world.pass(50);
    assert_eq!(world.open(), BTreeSet::new(), "not for a moment");
    world.pass(30);
    assert_eq!(world.text(), "n1:3 is at 91 °C; 86 is too hot.");
    world.gpu(3).temp_c = Some(60.0);
    world.was_only(AlertRule::Temperature);

    let mut world = World::new();
    world.gpu(0).throttle = Some(vec![Throttle::PowerCap]);
    world.pass(600);
    assert_eq!(world.opened, [], "to draw all that it may is no fault");
    world.gpu(0).throttle = Some(vec![Throttle::PowerCap, Throttle::HardThermal]);
    world.pass(120);
    let text = "n1:0 of job 1 (train, ana) is slowed down: overheating.";
    assert_eq!(world.text(), text);
    world.gpu(0).throttle = Some(vec![]);
    world.was_only(AlertRule::Throttled);

    let mut world = World::new();
    world.gpu(0).mem_used_bytes = Some((79 << 30) + (7 << 27));
    world.pass(400);
    assert_eq!(world.open(), [AlertRule::MemoryFull].into());
    world.gpu(0).mem_used_bytes = Some(60 << 30);
    world.was_only(AlertRule::MemoryFull);

    let mut world = World::new();
    world.gpu(2).ecc_uncorrected = Some(4);
    world.pass(10);
    // What was there before we looked is no news.
    let mut before = World::new();
    before.gpu(2).ecc_uncorrected = Some(4);
    before.health = Health::new(Rules::default());
    before.pass(60);
    assert_eq!(before.opened, []);
    before.gpu(2).ecc_uncorrected = Some(6);
    before.pass(10);
    assert_eq!(
        before.text(),
        "n1:2 had 2 memory errors that could not be mended."
    );
    before.pass(3600);
    before.was_only(AlertRule::EccErrors);
}

#[test]
fn what_a_program_did_is_shown_for_an_hour_and_what_broke_a_gpu_until_it_is_uncordoned() {
    let mut world = World::new();
    world.gpu(0).xids = vec![31];
    world.pass(2);
    world.gpu(0).xids = vec![];
    world.pass(60);
    assert!(world.text().contains("Xid 31 on n1:0"), "{}", world.text());
    assert!(world.state.cordons().is_empty());
    world.pass(3600);
    world.was_only(AlertRule::XidError);

    let mut world = World::new();
    world.gpu(0).xids = vec![79];
    world.pass(2);
    world.gpu(0).xids = vec![];
    let place = "n1:0".parse().unwrap();
    assert!(world.state.cordons().contains_key(&place), "at once");
    let job = world.state.live_job(JobId(1)).unwrap();
    assert_eq!(job.name().as_str(), "Stopping");
    world.reports(attempt(1), Report::Exited(Exit::code(1)));
    for index in 0..2 {
        *world.gpu(index) = sample(index, false);
    }
    world.pass(3 * 3600);
    assert_eq!(world.open(), [AlertRule::XidFatal].into());
    // A server that starts anew does not know of it, and the alert stays.
    world.health = Health::new(Rules::default());
    world.pass(60);
    assert_eq!(world.open(), [AlertRule::XidFatal].into());
    let actor = Actor::user("root", Role::Admin);
    let command = Command::Uncordon(place);
    world.does(Input::Command { actor, command });
    world.was_only(AlertRule::XidFatal);
}

#[test]
fn nodes_disk_and_queue() {
    let mut world = World::new();
    world.heard.insert(NodeName::from("n1"), world.now);
    world.pass(28);
    assert_eq!(world.open(), BTreeSet::new());
    world.pass(10);
    assert_eq!(world.text(), "n1 sends no measurements any more.");
    world.heard.insert(
        NodeName::from("n1"),
        world.now + SignedDuration::from_hours(1),
    );
    world.was_only(AlertRule::NodeSilent);

    let mut world = World::new();
    world.does(Input::Inventory(vec![]));
    world.pass(40);
    assert_eq!(world.text(), "n1 does not answer any more.");
    world.does(Input::Inventory(vec![node()]));
    world.was_only(AlertRule::NodeSilent);

    let mut world = World::new();
    world.disk.free_bytes = 20 << 30;
    world.pass(4);
    assert_eq!(
        world.text(),
        "The disk of the server's data has 20.0 GiB left (2%)."
    );
    world.disk.free_bytes = 200 << 30;
    world.was_only(AlertRule::DataDisk);

    let mut world = World::new();
    world.waits = [5, 40, 50]
        .map(|minutes| Duration::from_secs(minutes * 60))
        .into();
    world.pass(4);
    let text = "3 ordinary jobs wait, half of them for more than 40 min.";
    assert_eq!(world.text(), text);
    world.waits = vec![];
    world.was_only(AlertRule::QueueWait);
}

#[test]
fn a_job_that_fails_again_and_again() {
    let mut world = World::new();
    for index in 0..2 {
        *world.gpu(index) = sample(index, false);
    }
    for number in 1..=3 {
        let id = AttemptId {
            job: JobId(1),
            number,
        };
        world.reports(id, Report::Exited(Exit::code(1)));
        if number == 2 {
            world.pass(4);
            assert_eq!(world.open(), BTreeSet::new());
        }
        world.start(1, &[0, 1]);
    }
    world.pass(4);
    let text = "Job 1 (train, ana) failed 3 times in a row, each within minutes.";
    assert_eq!(world.text(), text);
    // A try that lasts is another matter; it is over once that one has ended well.
    let id = AttemptId {
        job: JobId(1),
        number: 4,
    };
    world.reports(id, Report::Exited(Exit::code(0)));
    world.was_only(AlertRule::FailingLoop);
}

#[test]
fn strangers_are_seen_named_and_adopted() {
    let mut world = World::new();
    world.gpu(3).processes = Some(vec![process(7, None)]);
    world.pass(2);
    assert!(world.state.foreign().is_empty(), "it may be on its way out");
    world.pass(6);
    assert!(world.state.used_outside(&uuid(3)).is_some());
    let text = "Process 7 of bo (python train.py) uses n1:3 outside the queue.";
    assert_eq!(world.text(), text);
    let alert = world.state.alerts().next().unwrap();
    assert_eq!(alert.finding.choices, [Choice::Adopt, Choice::Ignore]);
    // A GPU of which nothing is known is as it was.
    world.gpu(3).processes = None;
    world.pass(60);
    assert!(world.state.used_outside(&uuid(3)).is_some());
    let command = Command::Answer {
        alert: alert_id(&world),
        choice: Choice::Adopt,
        because: None,
        lasts: None,
    };
    let actor = Actor::user("bo", Role::Member);
    world.does(Input::Command { actor, command });
    let adopted = world.state.live_job(JobId(2)).unwrap().spec.adopted.clone();
    let expected = Adopted {
        node: NodeName::from("n1"),
        pid: 7,
        started: 5,
    };
    assert_eq!(adopted, Some(expected));
    // It and what comes of it are its job's now.
    let child = GpuProcess {
        parents: vec![6, 7, 1],
        ..process(8, None)
    };
    world.gpu(3).processes = Some(vec![process(7, None), child]);
    world.was_only(AlertRule::Foreign);
    assert!(world.state.foreign().is_empty());
}

fn alert_id(world: &World) -> berth_domain::AlertId {
    world.state.alerts().next().unwrap().id
}

#[test]
fn who_uses_anothers_gpu_is_named_with_whom_it_disturbs() {
    let mut world = World::new();
    world.submit(1);
    world.start(2, &[2]);
    *world.gpu(2) = sample(2, true);
    world.gpu(2).processes = Some(vec![process(50, Some(attempt(2)))]);
    world.gpu(0).processes = Some(vec![process(51, Some(attempt(2)))]);
    world.pass(8);
    let text =
        "Process 51 of bo (python train.py) of job 2 uses n1:0, which job 1 (train, ana) holds.";
    assert_eq!(world.text(), text);
    world.gpu(0).processes = Some(vec![process(100, Some(attempt(1)))]);
    world.was_only(AlertRule::Isolation);
    // What a job leaves behind keeps its GPU from others.
    world.reports(attempt(2), Report::Exited(Exit::code(0)));
    world.opened.clear();
    world.pass(8);
    let text =
        "Process 50 of bo (python train.py), left behind by job 2, uses n1:2 outside the queue.";
    assert_eq!(world.text(), text);
    world.gpu(2).processes = Some(vec![]);
    world.was_only(AlertRule::Foreign);
}

#[test]
fn a_rule_that_is_off_finds_nothing() {
    let off = berth_health::RuleChange {
        on: Some(false),
        ..Default::default()
    };
    let rules = Rules::changed(&[("temperature".to_owned(), off)].into()).unwrap();
    let mut world = World::with(rules);
    world.gpu(3).temp_c = Some(99.0);
    world.pass(600);
    assert_eq!(world.opened, []);
}
