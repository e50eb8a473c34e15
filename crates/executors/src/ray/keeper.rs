//! The keeper: asks Ray about our jobs, and only what the run folders do not tell. Whether a rank
//! that was submitted will begin, and whether one that runs is gone; that a rank ends which does not
//! do so by itself; and that what is over leaves Ray's table.
//!
//! Nothing here waits for Ray: each question is a task of its own, a few at a time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use berth_domain::{AttemptId, Ended, Exit};
use berth_ray::{Directory, Job, JobStatus, Nodes, RayError, Submitted};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use super::RayConfig;
use super::job::Seen;
use super::kept::{AT_FIRST, Attempt, Launch, RARELY, Rank, SOON, begun, node_of, passed};
use super::launch::{self, Launched, job_id};
use super::tidy::{self, Tidy};
use crate::launch::Told;
use crate::order::LaunchOrder;

const TICK: Duration = Duration::from_millis(250);
/// Which nodes there are is asked this often, and with it whether Ray is there at all.
const NODES_EVERY: Duration = Duration::from_secs(3);
/// A lease may be newer than our list of nodes, by so much at most.
const NODE_PATIENCE: Duration = Duration::from_secs(7);
/// So often in a row a job is found that nothing will begin, before that is believed.
const CERTAIN: u32 = 2;
/// Questions under way at once.
const AT_ONCE: usize = 8;
/// Jobs of ours that nobody asks about any more are looked for once, this long after the start.
const LOOK_FOR_OLD: Duration = Duration::from_secs(30);
#[derive(Debug)]
pub(super) enum Ask {
    /// Watch over an attempt.
    Keep(Box<LaunchOrder>),
    Launch(Box<LaunchOrder>),
    /// A rank has a stop record. Said again and again until it ended.
    Stop {
        attempt: AttemptId,
        rank: u32,
        grace: Duration,
    },
    Forget(AttemptId),
}

/// What a task found.
enum Found {
    /// With the names of its jobs.
    Launched(AttemptId, Vec<String>, Launched),
    Nodes(Directory, Result<Nodes, RayError>),
    Job(AttemptId, usize, Result<Option<Job>, RayError>),
    /// Whether a job that waits will ever begin.
    WillBegin(AttemptId, usize, Result<bool, RayError>),
    Tidied(String, bool),
    Old(Vec<String>),
}

pub(super) struct Keeper {
    config: RayConfig,
    prefix: String,
    tell: mpsc::UnboundedSender<Told>,
    attempts: BTreeMap<AttemptId, Attempt>,
    tidy: Tidy,
    /// `None` while it is being asked.
    directory: Option<Directory>,
    nodes: Nodes,
    nodes_at: Option<Instant>,
    nodes_due: Instant,
    /// Since when Ray does not answer.
    down_since: Option<Instant>,
    said_down: bool,
    old_due: Option<Instant>,
    work: JoinSet<Found>,
    at_once: Arc<Semaphore>,
}

impl Keeper {
    pub(super) fn new(
        config: RayConfig,
        prefix: String,
        tell: mpsc::UnboundedSender<Told>,
    ) -> Self {
        let now = Instant::now();
        Keeper {
            directory: Some(Directory::new(config.ray.clone())),
            config,
            prefix,
            tell,
            attempts: BTreeMap::new(),
            tidy: Tidy::default(),
            nodes: Nodes::default(),
            nodes_at: None,
            nodes_due: now,
            down_since: None,
            said_down: false,
            old_due: Some(now + LOOK_FOR_OLD),
            work: JoinSet::new(),
            at_once: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    pub(super) async fn run(mut self, mut asks: mpsc::UnboundedReceiver<Ask>) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                ask = asks.recv() => match ask {
                    Some(ask) => self.take(ask),
                    None => return,
                },
                Some(found) = self.work.join_next() => match found {
                    Ok(found) => self.learn(found),
                    Err(error) => tracing::error!(%error, "a question to Ray broke off"),
                },
                _ = tick.tick() => self.tick(),
            }
        }
    }

    fn take(&mut self, ask: Ask) {
        match ask {
            Ask::Keep(order) => {
                let id = order.attempt;
                let kept = Attempt::new(&self.config, &self.prefix, order);
                self.attempts.insert(id, kept);
            }
            Ask::Launch(order) => {
                if let Some(attempt) = self.attempts.get_mut(&order.attempt) {
                    attempt.launch = Launch::Due;
                    self.launch_due();
                }
            }
            Ask::Stop {
                attempt,
                rank,
                grace,
            } => {
                if let Some(rank) = self.rank(attempt, rank) {
                    rank.is_to_stop(grace);
                }
            }
            Ask::Forget(attempt) => {
                if let Some(attempt) = self.attempts.remove(&attempt) {
                    let ids = attempt.ranks.into_iter().map(|rank| rank.id);
                    self.tidy.add(ids);
                }
            }
        }
    }

    fn rank(&mut self, attempt: AttemptId, rank: u32) -> Option<&mut Rank> {
        let attempt = self.attempts.get_mut(&attempt)?;
        attempt.ranks.get_mut(usize::try_from(rank).ok()?)
    }

    /// Launches what is due, unless Ray is known not to answer.
    fn launch_due(&mut self) {
        if self.down_since.is_some() || self.nodes_at.is_none() {
            return;
        }
        let now = Instant::now();
        for (id, attempt) in &mut self.attempts {
            if attempt.launch != Launch::Due || attempt.not_before > now {
                continue;
            }
            attempt.launch = Launch::UnderWay;
            let (id, order, at_once) = (*id, attempt.order.clone(), self.at_once.clone());
            let (config, nodes) = (self.config.clone(), self.nodes.clone());
            let names: Vec<String> = attempt.ranks.iter().map(|rank| rank.id.clone()).collect();
            self.work.spawn(async move {
                let _turn = at_once.acquire_owned().await;
                let launched = launch::launch(config, names.clone(), order, nodes).await;
                Found::Launched(id, names, launched)
            });
        }
    }

    fn learn(&mut self, found: Found) {
        match found {
            Found::Launched(attempt, names, launched) => self.launched(attempt, names, launched),
            Found::WillBegin(attempt, rank, answer) => self.will_begin(attempt, rank, &answer),
            Found::Nodes(directory, nodes) => {
                self.directory = Some(directory);
                match nodes {
                    Ok(nodes) => {
                        self.nodes = nodes;
                        self.nodes_at = Some(Instant::now());
                        self.up();
                        self.launch_due();
                    }
                    Err(error) => self.down(&error),
                }
            }
            Found::Job(attempt, rank, job) => {
                match &job {
                    Ok(_) => self.up(),
                    Err(error) if error.is_down() => self.down(error),
                    Err(error) => tracing::warn!(%attempt, %error, "Ray was asked about a job"),
                }
                self.heard(attempt, rank, &job);
            }
            Found::Tidied(id, done) => self.tidy.tried(&id, done),
            Found::Old(ids) => {
                let ranks = self.attempts.values().flat_map(|attempt| &attempt.ranks);
                let kept: Vec<&String> = ranks.map(|rank| &rank.id).collect();
                let old = ids.into_iter().filter(|id| !kept.contains(&id));
                self.tidy.add(old.collect::<Vec<_>>());
            }
        }
    }

    fn launched(&mut self, id: AttemptId, names: Vec<String>, launched: Launched) {
        let Some(attempt) = self.attempts.get_mut(&id) else {
            // It was forgotten meanwhile: what was submitted has to go.
            self.tidy.add(names);
            return;
        };
        let now = Instant::now();
        let patience = NODE_PATIENCE.max(self.config.node_grace);
        let launched = match launched {
            // A head that was started again lists its nodes only when they have found it.
            Launched::NoNode(why) if passed(attempt.lacks_node, patience, now) => {
                Launched::Failed(Exit {
                    ended: Ended::Lost { why },
                    out_of_memory: false,
                })
            }
            other => other,
        };
        attempt.launch = match launched {
            Launched::Submitted(_) | Launched::Failed(_) => Launch::Done,
            Launched::Later(_) | Launched::NoNode(_) => Launch::Due,
        };
        attempt.not_before = now + SOON;
        for rank in &mut attempt.ranks {
            rank.seen = Seen::default();
            rank.ask_at = now + SOON;
        }
        match launched {
            Launched::NoNode(_) => {
                attempt.lacks_node.get_or_insert(now);
            }
            Launched::Submitted(each) => {
                for (rank, submitted) in attempt.ranks.iter_mut().zip(each) {
                    rank.known = (submitted == Submitted::Known).then_some(0);
                    if submitted == Submitted::New {
                        rank.ask_at = now + AT_FIRST;
                    }
                }
                self.up();
            }
            Launched::Later(error) => self.down(&error),
            Launched::Failed(exit) => self.say(Told::Failed { attempt: id, exit }),
        }
    }

    fn heard(&mut self, id: AttemptId, number: usize, job: &Result<Option<Job>, RayError>) {
        let now = Instant::now();
        let Some(attempt) = self.attempts.get_mut(&id) else {
            return;
        };
        let under_way = matches!(attempt.launch, Launch::Due | Launch::UnderWay);
        let Some(rank) = attempt.ranks.get_mut(number) else {
            return;
        };
        rank.asking = false;
        let began = begun(&rank.place);
        let next = now + if began { RARELY } else { SOON };
        // Ray is to end it once it should have ended.
        let stop = rank.stop_by.map(|by| by.max(now + SOON));
        rank.ask_at = stop.map_or(next, |stop| stop.min(next));
        if under_way {
            return;
        }
        if let Ok(job) = job {
            rank.seen.job(job.as_ref(), now);
            if job.as_ref().is_some_and(|job| job.status.is_over()) || job.is_none() {
                rank.ask_at = now + SOON;
            }
            let waits = job.as_ref().map(|job| job.status) == Some(JobStatus::Pending);
            if waits && rank.known.is_some() && !began {
                let (ray, name) = (self.config.ray.clone(), rank.id.clone());
                self.work.spawn(async move {
                    Found::WillBegin(id, number, ray.will_begin(&name).await)
                });
            }
        }
    }

    /// A job of ours that will never begin, as a server leaves it that is killed while it submits, is
    /// submitted again by another name.
    fn will_begin(&mut self, id: AttemptId, rank: usize, answer: &Result<bool, RayError>) {
        let Some(attempt) = self.attempts.get_mut(&id) else {
            return;
        };
        let Some(rank) = attempt.ranks.get_mut(rank) else {
            return;
        };
        rank.known = match (answer, rank.known) {
            (Ok(true), _) => None,
            (Ok(false), Some(times)) => Some(times + 1),
            (_, known) => known,
        };
        if rank.known == Some(CERTAIN) && attempt.launch == Launch::Done {
            rank.submission += 1;
            rank.known = None;
            let number = rank.place.rank;
            let name = job_id(&self.prefix, id, number, rank.submission);
            let dead = std::mem::replace(&mut rank.id, name);
            attempt.launch = Launch::Due;
            self.tidy.add([dead]);
            self.launch_due();
        }
    }

    fn tick(&mut self) {
        let now = Instant::now();
        if self.nodes_due <= now
            && let Some(mut directory) = self.directory.take()
        {
            self.nodes_due = now + NODES_EVERY;
            self.work.spawn(async move {
                let nodes = directory.look().await;
                Found::Nodes(directory, nodes)
            });
        }
        if self.old_due.is_some_and(|due| due <= now) && self.down_since.is_none() {
            self.old_due = None;
            let (ray, prefix) = (self.config.ray.clone(), self.prefix.clone());
            self.work
                .spawn(async move { Found::Old(ray.job_ids(&prefix).await.unwrap_or_default()) });
        }
        self.launch_due();
        self.look_after_ranks(now);
        self.tidy_up(now);
    }

    fn look_after_ranks(&mut self, now: Instant) {
        let silent = self.down_since.map(|since| now - since);
        let mut told = Vec::new();
        for (id, attempt) in &mut self.attempts {
            if matches!(attempt.launch, Launch::Due | Launch::UnderWay) {
                continue;
            }
            for (number, rank) in attempt.ranks.iter_mut().enumerate() {
                if rank.node_id.is_none() {
                    rank.node_id = node_of(&rank.place);
                }
                if silent.is_none() && self.nodes_at.is_some() {
                    let node = rank.node_id.as_deref();
                    let gone = node.filter(|node| !self.nodes.is_alive(node));
                    rank.node_is_gone(gone.map(|node| self.nodes.why_gone(node)), now);
                }
                if let Some(what) = rank.verdict(&self.config, *id, silent, now) {
                    told.push(what);
                }
                if rank.asking || rank.ask_at > now || silent.is_some() {
                    continue;
                }
                rank.asking = true;
                // Later is soon enough for the second net, and a job that waits hears nothing.
                let stop = rank.stop_by.is_some_and(|by| by <= now) && !rank.ray_told;
                rank.ray_told |= stop;
                let (id, job, ray) = (*id, rank.id.clone(), self.config.ray.clone());
                let at_once = self.at_once.clone();
                self.work.spawn(async move {
                    let _turn = at_once.acquire_owned().await;
                    if stop {
                        // What comes of it is seen by asking.
                        let _ = ray.stop(&job).await;
                    }
                    Found::Job(id, number, ray.job(&job).await)
                });
            }
        }
        told.into_iter().for_each(|told| self.say(told));
    }

    fn tidy_up(&mut self, now: Instant) {
        if self.down_since.is_some() {
            return;
        }
        for (id, stop) in self.tidy.due(now) {
            let (ray, at_once) = (self.config.ray.clone(), self.at_once.clone());
            self.work.spawn(async move {
                let _turn = at_once.acquire_owned().await;
                let done = tidy::tidy(&ray, &id, stop).await;
                Found::Tidied(id, done)
            });
        }
    }

    fn up(&mut self) {
        self.down_since = None;
        if std::mem::take(&mut self.said_down) {
            tracing::info!("Ray answers again");
        }
        self.say(Told::Health(Ok(())));
    }

    fn down(&mut self, error: &RayError) {
        let since = *self.down_since.get_or_insert_with(Instant::now);
        // A single question may go wrong for any reason.
        let token = matches!(
            error,
            RayError::NoToken { .. } | RayError::WrongToken { .. }
        );
        let certain = token || since.elapsed() >= NODES_EVERY;
        // A head that comes back may have other nodes.
        self.nodes_at = None;
        self.nodes_due = self.nodes_due.min(Instant::now() + SOON);
        if certain && !self.said_down {
            self.said_down = true;
            tracing::error!(%error, "jobs cannot be launched");
            self.say(Told::Health(Err(error.to_string())));
        }
    }

    fn say(&self, told: Told) {
        // It only fails when the watcher is gone, and then nobody asks.
        let _ = self.tell.send(told);
    }
}
