//! A trace lived through: people submit, jobs end or fail as is laid down for them, and the autopilot looks
//! every hour, or only watches. Some nodes are lost, some jobs run out of memory, and some people ask
//! for far more time than they need.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::sync::Arc;

use berth_agent::autopilot::{due, measured, owed};
use berth_domain::agent::{AgentRule, CardBy, CardId, CardState, Effect, Mode};
use berth_domain::{Actor, Command, Exit, Job, JobId, JobState, Outcome, SubmitRequest, Timestamp};
use berth_orchestrator::Planning;
use berth_scheduler::plan;
use berth_scheduler::sim::TraceJob;
use jiff::SignedDuration;

use super::{World, lost, node, out_of_memory, user};

/// How often the autopilot looks, in seconds.
const LOOKS: i64 = 3600;
/// So long after an act it harms who comes, in seconds: a card is about no more.
const DAY: i64 = 24 * 3600;
/// So long it takes until its owner sees that a job failed for no fault of its own, and queues it again: at
/// once, or next morning.
const BY_HAND: [i64; 5] = [1800, 5400, 4 * 3600, 8 * 3600, 14 * 3600];

/// What is laid down for a job.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Ends,
    /// Its first attempt loses its node.
    Lost,
    /// Its first two attempts run out of memory.
    Memory,
}

/// By what worlds of one trace differ: which jobs fail, when their owners queue them again, and who asks for too
/// much time. Small things change much in a queue, where one short job is hours later or sooner: what acting
/// comes to is told of many worlds, each beside the same one in which nobody acts.
#[derive(Clone, Copy)]
struct Draw(u64);

/// One world, lived through with the autopilot acting and with it only watching.
pub struct Pair {
    pub watched: Life,
    pub acted: Life,
}

#[derive(Clone)]
pub struct Life {
    pub world: World,
    draw: Draw,
    trace: Arc<Vec<TraceJob>>,
    start: Timestamp,
    next: usize,
    ids: HashMap<JobId, usize>,
    /// `(second, job, attempt)`.
    ends: BinaryHeap<Reverse<(i64, JobId, u32)>>,
    by_hand: BinaryHeap<Reverse<(i64, JobId)>>,
    wake: Option<i64>,
    looks: bool,
    next_look: i64,
    before: HashMap<CardId, Arc<Planning>>,
    /// Who waited when each act was done.
    waited: HashMap<CardId, Vec<JobId>>,
    /// The world as it was before each act, for those that are to be told apart from what would have been.
    forks: Vec<(CardId, Life)>,
    forked: usize,
}

/// A number from 0 to 99 that is a job's own.
fn dice(of: u64, what: u64) -> u64 {
    let mut z = (of + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ what.wrapping_mul(0xBF58_476D);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (z ^ (z >> 31)) % 100
}

impl Draw {
    fn fate(self, job: &TraceJob) -> Fate {
        match dice(job.id, self.of(1)) {
            0..3 => Fate::Lost,
            3..6 => Fate::Memory,
            _ => Fate::Ends,
        }
    }

    /// Whether all that this person submits asks for far more time than it needs.
    fn is_careless(self, user: &str) -> bool {
        dice(hash(user), self.of(2)) < 40
    }

    /// After how many seconds its owner queues a job again.
    fn by_hand_s(self, job: &TraceJob) -> i64 {
        let fifth = usize::try_from(dice(job.id, self.of(3)) / 20).unwrap();
        BY_HAND[fifth]
    }

    /// What of a job's or a person's is drawn.
    fn of(self, what: u64) -> u64 {
        what + 4 * self.0
    }
}

impl Pair {
    /// A trace in so many worlds; in the first so many of its acts are told from what would have been.
    pub fn lived(
        policy: &str,
        trace: &[TraceJob],
        worlds: u64,
        forked: usize,
        by: &[AgentRule],
    ) -> Vec<Pair> {
        let lived = (0..worlds).map(|world| {
            let forked = if world == 0 { forked } else { 0 };
            Pair {
                watched: Life::watched(policy, trace, Draw(world)),
                acted: Life::acted(policy, trace, Draw(world), forked, by),
            }
        });
        lived.collect()
    }
}

fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(7, |sum, byte| sum * 31 % 1_000_003 + u64::from(byte))
}

impl Life {
    /// On two nodes of eight, with a policy.
    fn new(policy: &str, trace: &[TraceJob], draw: Draw) -> Self {
        let world = World::new(policy, vec![node("n1", 8, 80), node("n2", 8, 80)]);
        Life {
            start: world.now,
            world,
            draw,
            trace: Arc::new(trace.to_vec()),
            next: 0,
            ids: HashMap::new(),
            ends: BinaryHeap::new(),
            by_hand: BinaryHeap::new(),
            wake: None,
            looks: true,
            next_look: LOOKS,
            before: HashMap::new(),
            waited: HashMap::new(),
            forks: Vec::new(),
            forked: 0,
        }
    }

    /// The autopilot only watches. What it would do changes nothing, and is not looked at.
    fn watched(policy: &str, trace: &[TraceJob], draw: Draw) -> Life {
        let mut life = Life::new(policy, trace, draw);
        life.world.mode(Mode::Shadow);
        life.looks = false;
        life.run(i64::MAX);
        life
    }

    /// It acts by these rules. So many of its acts are told from what would have been.
    fn acted(
        policy: &str,
        trace: &[TraceJob],
        draw: Draw,
        forked: usize,
        by: &[AgentRule],
    ) -> Life {
        let mut life = Life::new(policy, trace, draw);
        life.world.mode(Mode::Shadow);
        for rule in by {
            life.world.set(*rule, Mode::Act);
        }
        life.forked = forked;
        life.run(i64::MAX);
        life
    }

    fn second(&self, at: Timestamp) -> i64 {
        let exact = at.duration_since(self.start);
        exact.as_secs() + i64::from(exact.subsec_nanos() > 0)
    }

    pub fn now_s(&self) -> i64 {
        self.second(self.world.now)
    }

    /// Goes on until this time, or until nothing happens any more.
    pub fn run(&mut self, until: i64) {
        loop {
            let submit = self.trace.get(self.next).map(|job| job.submit_s);
            let end = self.ends.peek().map(|Reverse((at, ..))| *at);
            let hand = self.by_hand.peek().map(|Reverse((at, _))| *at);
            let Some(event) = [submit, end, hand, self.wake].into_iter().flatten().min() else {
                return;
            };
            let look = Some(self.next_look).filter(|_| self.looks);
            let at = look.map_or(event, |look| look.min(event));
            if at > until {
                return;
            }
            self.world.now = self.start + SignedDuration::from_secs(at);
            self.turn(at);
            if look == Some(at) {
                self.next_look = at + LOOKS;
                self.look();
                self.plan();
            }
        }
    }

    fn turn(&mut self, now: i64) {
        while let Some(Reverse((at, job, attempt))) = self.ends.peek().copied()
            && at <= now
        {
            self.ends.pop();
            let live = self
                .world
                .state
                .live_job(job)
                .and_then(|job| job.attempt_id());
            if live.is_some_and(|live| live.number == attempt) {
                self.end(job, attempt);
            }
        }
        while let Some(Reverse((at, job))) = self.by_hand.peek().copied()
            && at <= now
        {
            self.by_hand.pop();
            let ended = self
                .world
                .state
                .job(job)
                .is_some_and(|job| job.is_finished());
            if ended {
                let owner = self.world.state.job(job).unwrap().owner.clone();
                let _ = self
                    .world
                    .send(&user(owner.as_str()), Command::Requeue(job));
            }
        }
        while let Some(job) = self.trace.get(self.next).filter(|job| job.submit_s <= now) {
            let id = self
                .world
                .submit(job.user.as_str(), request(job, self.draw));
            self.ids.insert(id, self.next);
            self.next += 1;
        }
        self.give_back();
        // Time limits.
        self.world.passes(0);
        self.plan();
    }

    fn plan(&mut self) {
        for job in self.world.start() {
            let known = self.world.state.live_job(job).unwrap();
            let attempt = known.attempt_id().unwrap().number;
            let Some(traced) = self.ids.get(&job).map(|place| &self.trace[*place]) else {
                continue;
            };
            let runs = match (self.draw.fate(traced), attempt) {
                (Fate::Lost, 1) => traced.duration_s * 2 / 5,
                (Fate::Memory, 1 | 2) => traced.duration_s * 3 / 10,
                _ => traced.duration_s,
            };
            let end = self.now_s() + runs.max(1);
            self.ends.push(Reverse((end, job, attempt)));
        }
        let planning = self.world.planning();
        let wake = plan(&planning.snapshot, &planning.policy, self.world.now).wake_at;
        let limits = self.world.state.live().filter_map(|job| job.deadline());
        let near = self.world.state.live().filter_map(|job| self.near(job));
        let all = limits.chain(near).chain(wake);
        let next = all.filter(|at| *at > self.world.now).min();
        self.wake = next.map(|at| self.second(at));
    }

    /// When a limit that was shortened is given back, a second later.
    fn near(&self, job: &Job) -> Option<Timestamp> {
        let limit = job.spec.time_limit;
        let shortened = self.world.memory.asked(job.id)?.first > limit;
        let at = job.deadline()?.checked_sub(limit / 5).ok()?;
        shortened.then_some(at + SignedDuration::from_secs(1))
    }

    /// In life that is looked for twice a minute, whether or not anybody looks for more.
    fn give_back(&mut self) {
        let now = self.world.now;
        let near = self.world.state.live().filter_map(|job| self.near(job));
        if near.min().is_some_and(|at| at <= now) {
            for draft in self.world.seen(owed) {
                let command = Command::Propose(Box::new(draft));
                self.world.send(&Actor::Berth, command).unwrap();
            }
        }
    }

    fn end(&mut self, job: JobId, attempt: u32) {
        let trace = self.trace.clone();
        let traced = &trace[self.ids[&job]];
        let exit = match (self.draw.fate(traced), attempt) {
            (Fate::Lost, 1) => lost(),
            (Fate::Memory, 1 | 2) => out_of_memory(),
            _ => Exit::code(0),
        };
        self.world.end(job, exit);
        let outcome = self.world.state.job(job).and_then(|job| job.outcome());
        if matches!(
            outcome,
            Some(Outcome::NodeLost { .. } | Outcome::OutOfMemory)
        ) {
            let again = self.now_s() + self.draw.by_hand_s(traced);
            self.by_hand.push(Reverse((again, job)));
        }
    }

    fn look(&mut self) {
        let planning = Arc::new(self.world.planning());
        for draft in self.world.look() {
            let waited = self.waiting();
            let before = (self.forks.len() < self.forked).then(|| self.alone());
            let id = self.world.state.next_card();
            let command = Command::Propose(Box::new(draft));
            self.world.send(&Actor::Berth, command).unwrap();
            let Some(card) = self.world.state.card(id) else {
                continue;
            };
            if card.state == CardState::Acted {
                self.before.insert(id, planning.clone());
                self.waited.insert(id, waited);
                self.forks.extend(before.map(|before| (id, before)));
            }
        }
        let now = self.world.now;
        let cards = self
            .world
            .state
            .cards()
            .filter(|card| due(&self.world.state, card, now));
        let ids: Vec<CardId> = cards.map(|card| card.id).collect();
        for id in ids {
            let card = self.world.state.card(id).unwrap().clone();
            let Some(before) = self.before.remove(&id) else {
                continue;
            };
            if let Some(effect) = measured(&before, &self.world.state, &card, now) {
                let command = Command::Measured(id, effect);
                self.world.send(&Actor::Berth, command).unwrap();
            }
        }
    }

    fn waiting(&self) -> Vec<JobId> {
        let queued = |job: &&berth_domain::Job| matches!(job.state, JobState::Queued { .. });
        self.world
            .state
            .live()
            .filter(queued)
            .map(|job| job.id)
            .collect()
    }

    /// What the cards said that acting costs at most: per job in the mean, and each user's slowdown. It may
    /// cost those that waited, and those that came within a day.
    pub fn said(&self) -> (f64, BTreeMap<String, f64>) {
        let mut slower: BTreeMap<String, f64> = BTreeMap::new();
        let mut sum = 0.0;
        for card in self
            .world
            .state
            .cards()
            .filter(|card| card.state == CardState::Acted)
        {
            let (Some(effect), Some(waited)) = (card.predicted, self.waited.get(&card.id)) else {
                continue;
            };
            let at = self.second(card.at);
            let came = self.trace.iter();
            let came = came.filter(|job| job.submit_s > at && job.submit_s <= at + DAY);
            let waited = waited.iter().map(|job| &self.trace[self.ids[job]]);
            let harmed: Vec<&TraceJob> = waited.chain(came).collect();
            let count = f64::from(u32::try_from(harmed.len()).unwrap());
            sum += effect.worst_mean_s.max(0.0) * count;
            for traced in harmed {
                let floor = f64::from(u32::try_from(traced.duration_s.max(600)).unwrap());
                *slower.entry(traced.user.to_string()).or_default() += effect.worst_delay_s / floor;
            }
        }
        let jobs = f64::from(u32::try_from(self.trace.len().max(1)).unwrap());
        for (user, slower) in &mut slower {
            let theirs = self
                .trace
                .iter()
                .filter(|job| job.user.as_str() == user)
                .count();
            *slower /= f64::from(u32::try_from(theirs.max(1)).unwrap());
        }
        (sum / jobs, slower)
    }

    /// The same, with nobody who looks.
    fn alone(&self) -> Life {
        Life {
            looks: false,
            forks: Vec::new(),
            before: HashMap::new(),
            ..self.clone()
        }
    }

    /// How each job fared: how long it was kept from running, and by how much that slowed it down.
    pub fn fared(&self) -> Fared {
        let mut fared = Fared::default();
        for job in self.world.state.recent().chain(self.world.state.live()) {
            let Some(place) = self.ids.get(&job.id) else {
                continue;
            };
            fared.add(
                &self.trace[*place],
                job.finished_at().map(|at| self.second(at)),
            );
            fared.cut += usize::from(job.outcome() == Some(&Outcome::TimedOut));
        }
        fared
    }

    /// What came of each act, as it was foretold, measured, and really was.
    pub fn told(&self) -> Vec<Told> {
        let acted = self
            .world
            .state
            .cards()
            .filter(|card| card.state == CardState::Acted);
        let told = acted.filter_map(|card| {
            let CardBy::Rule { rule } = card.by else {
                return None;
            };
            let fork = self.forks.iter().find(|(id, _)| *id == card.id);
            Some(Told {
                rule,
                title: card.title.clone(),
                predicted: card.predicted?,
                measured: card.measured,
                real: fork.map(|(_, before)| really(before, card)),
            })
        });
        told.collect()
    }
}

fn request(job: &TraceJob, draw: Draw) -> SubmitRequest {
    let limit = if draw.is_careless(job.user.as_str()) {
        job.estimate_s * 6
    } else {
        job.estimate_s
    };
    let limit = limit.clamp(job.duration_s + 60, 20 * 86_400);
    let retries = i64::from(draw.fate(job) == Fate::Memory && job.id.is_multiple_of(2));
    SubmitRequest {
        command: vec!["train".into()],
        name: Some("train".into()),
        gpus: Some(i64::from(job.gpus)),
        time_limit: Some(format!("{limit}s")),
        max_retries: Some(retries),
        ..SubmitRequest::default()
    }
}

/// What really became of it, beside what would have been.
fn really(before: &Life, card: &berth_domain::Card) -> Real {
    let at = before.world.now;
    let waiting = before.waiting();
    let mut with = before.clone();
    let command = card.act.clone().unwrap().command();
    with.world.send(&Actor::Berth, command).unwrap();
    with.plan();
    let mut without = before.clone();
    let until = before.now_s() + DAY;
    with.run(until);
    without.run(until);
    let start = |life: &Life, id: JobId| {
        let job = life.world.state.job(id);
        let started = job.and_then(|job| {
            let past = job.past.iter().map(|past| past.granted_at);
            let all = past.chain(job.attempt().map(|attempt| attempt.granted_at));
            all.filter(|granted| *granted >= at).min()
        });
        started.map_or(24.0 * 3600.0, |start| {
            start.duration_since(at).as_secs_f64()
        })
    };
    let (mut sum, mut worst, mut own) = (0.0, 0.0f64, None);
    for id in &waiting {
        let delay = start(&with, *id) - start(&without, *id);
        sum += delay;
        if card.job == Some(*id) {
            own = Some(delay);
        } else {
            worst = worst.max(delay);
        }
    }
    let count = f64::from(u32::try_from(waiting.len().max(1)).unwrap());
    Real {
        effect: Effect {
            mean_wait_s: sum / count,
            worst_mean_s: sum / count,
            own_wait_s: own,
            worst_delay_s: worst,
            wasted_gpu_s: 0.0,
        },
        waiting: waiting.len(),
    }
}

#[derive(Clone, Debug)]
pub struct Told {
    pub rule: AgentRule,
    pub title: String,
    pub predicted: Effect,
    pub measured: Option<Effect>,
    pub real: Option<Real>,
}

#[derive(Clone, Copy, Debug)]
pub struct Real {
    pub effect: Effect,
    pub waiting: usize,
}

#[derive(Clone, Debug, Default)]
pub struct Fared {
    pub jobs: usize,
    pub unfinished: usize,
    /// Ended by their limit, which a person always set long enough.
    pub cut: usize,
    pub wait_s: f64,
    users: BTreeMap<String, (f64, f64)>,
}

impl Fared {
    #[expect(clippy::cast_precision_loss, reason = "seconds of a month")]
    fn add(&mut self, job: &TraceJob, end: Option<i64>) {
        let Some(end) = end else {
            self.unfinished += 1;
            return;
        };
        let response = (end - job.submit_s) as f64;
        let duration = job.duration_s as f64;
        self.jobs += 1;
        self.wait_s += (response - duration).max(0.0);
        let slowdown = (response / duration.max(600.0)).max(1.0);
        let user = self.users.entry(job.user.to_string()).or_default();
        user.0 += slowdown;
        user.1 += 1.0;
    }

    #[expect(clippy::cast_precision_loss, reason = "a few thousand jobs")]
    pub fn mean_wait_s(&self) -> f64 {
        self.wait_s / self.jobs.max(1) as f64
    }

    /// By user.
    pub fn slowdowns(&self) -> BTreeMap<&str, f64> {
        let users = self.users.iter();
        users
            .map(|(name, (sum, count))| (name.as_str(), sum / count))
            .collect()
    }
}
