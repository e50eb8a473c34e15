//! One host: its connection, made again whenever it breaks, and the ranks that run there. What the
//! host says of them goes into our copies of their folders. A host that is away for longer than its
//! grace has lost them: that is told once, and when it is back they are ended there.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use berth_domain::{AttemptId, Ended, Exit, NodeName};
use tokio::sync::{mpsc, watch};

use super::connect::{Link, connect};
use super::kept::Kept;
use super::load::Binary;
use super::loads::Loads;
use super::mirror::{self, Mirror};
use super::wire::{BEAT, Frame, FromAgent, Hello, ToAgent};
use super::{HostState, HostStates, SshConfig};
use crate::launch::{Place, Told};
use crate::nudge::{Nudge, What};
use crate::order::LaunchOrder;
use crate::prepare::millis;

const TICK: Duration = Duration::from_millis(500);
/// An agent that says nothing for so long is not there any more.
const SILENCE: Duration = Duration::from_secs(10);
/// Most often a host is there again at once when its connection broke. One that is not is away, which has
/// to be known before what it ran is lost: that is queued again, and must not go there.
const AT_ONCE: Duration = Duration::from_secs(1);
/// Before a host is tried again: doubled each time, up to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LAST_PAUSE: Duration = Duration::from_secs(5);

/// What all hosts need.
pub(super) struct Common {
    pub config: SshConfig,
    pub binary: Binary,
    /// What our folders are called.
    pub tag: String,
    /// Where the sockets of the connections are.
    pub sockets: PathBuf,
    pub tell: mpsc::UnboundedSender<Told>,
    pub state: watch::Sender<HostStates>,
}

impl Drop for Common {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.sockets);
    }
}

#[derive(Debug)]
pub(super) enum Ask {
    /// Look after a rank.
    Keep {
        order: Box<LaunchOrder>,
        rank: u32,
        may_launch: bool,
    },
    /// A rank has a last call.
    Call {
        attempt: AttemptId,
        rank: u32,
    },
    /// A rank has a stop record. Said again and again until it ended.
    Stop {
        attempt: AttemptId,
        rank: u32,
    },
    Forget(AttemptId),
}

pub(super) struct Host {
    common: Arc<Common>,
    name: NodeName,
    ranks: BTreeMap<(AttemptId, u32), Kept>,
    /// Since when it does not answer.
    away: Option<(Instant, String)>,
}

impl Host {
    pub(super) fn new(common: Arc<Common>, name: NodeName) -> Self {
        let why = format!("{name} was not reached yet");
        Host {
            common,
            name,
            ranks: BTreeMap::new(),
            away: Some((Instant::now(), why)),
        }
    }

    /// Ends when nobody can ask any more.
    pub(super) async fn run(mut self, mut asks: mpsc::UnboundedReceiver<Ask>) {
        let mut pause = FIRST_PAUSE;
        loop {
            let connecting = connect(self.common.clone(), self.name.clone());
            let Some(link) = self.meanwhile(connecting, &mut asks).await else {
                return;
            };
            match link {
                Ok(link) => {
                    let began = Instant::now();
                    let Some(why) = self.talk(link, &mut asks).await else {
                        return;
                    };
                    tracing::warn!(host = %self.name, why, "the connection is lost");
                    self.away = Some((Instant::now(), why));
                    if began.elapsed() > SILENCE {
                        pause = FIRST_PAUSE;
                    }
                }
                Err(why) => self.is_away(why),
            }
            let pausing = tokio::time::sleep(pause);
            if self.meanwhile(pausing, &mut asks).await.is_none() {
                return;
            }
            pause = (pause * 2).min(LAST_PAUSE);
        }
    }

    /// Waits for something without a connection. `None` when nobody can ask any more.
    async fn meanwhile<T>(
        &mut self,
        what: impl Future<Output = T>,
        asks: &mut mpsc::UnboundedReceiver<Ask>,
    ) -> Option<T> {
        let mut what = std::pin::pin!(what);
        let mut ticks = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                done = &mut what => return Some(done),
                ask = asks.recv() => {
                    // Without a connection there is nobody to tell.
                    let _ = self.take(ask?);
                }
                _ = ticks.tick() => {
                    self.admit_that_it_is_away();
                    self.give_up_what_is_due();
                }
            }
        }
    }

    /// Speaks with the host's agent until that ends. Returns why it ended; `None` when nobody can ask
    /// any more.
    async fn talk(
        &mut self,
        link: Link,
        asks: &mut mpsc::UnboundedReceiver<Ask>,
    ) -> Option<String> {
        let Link {
            hello,
            say,
            mut heard,
            ending,
        } = link;
        self.is_back(&hello, &say);
        let mut loads = Loads::new(self.common.clone(), ending.session(), self.name.clone());
        let mut ticks = tokio::time::interval(TICK);
        let mut beats = tokio::time::interval(BEAT);
        let mut last = Instant::now();
        let why = loop {
            tokio::select! {
                ask = asks.recv() => match ask {
                    Some(ask) => {
                        for word in self.take(ask) {
                            let _ = say.send(word);
                        }
                        self.tell_news(&say);
                    }
                    None => break None,
                },
                frame = heard.recv() => match frame {
                    Some(Ok(frame)) => {
                        last = Instant::now();
                        if let Some(package) = self.lacking(&frame.word) {
                            loads.begin(package);
                        }
                        if let Err(error) = self.learn(frame) {
                            break Some(format!("a run folder cannot be written: {error}"));
                        }
                    }
                    Some(Err(error)) => {
                        break Some(format!("what {} says breaks off: {error}", self.name));
                    }
                    None => break Some(format!("the connection to {} broke off", self.name)),
                },
                Some((package, why)) = loads.failed() => self.cannot_be_loaded(&package, &why),
                _ = ticks.tick() => {
                    self.tell_news(&say);
                    if last.elapsed() > SILENCE {
                        let why = format!("{} says nothing any more", self.name);
                        self.is_away(why.clone());
                        break Some(why);
                    }
                }
                _ = beats.tick() => {
                    let _ = say.send(ToAgent::Beat);
                }
            }
        };
        // So that both ends come to theirs.
        drop((loads, say, heard));
        let said = ending.close().await;
        why.map(|why| match said {
            Some(said) => format!("{why}: {said}"),
            None => why,
        })
    }

    /// Takes what is asked; returns what has to be said of it besides what [`Self::tell_news`] says.
    fn take(&mut self, ask: Ask) -> Vec<ToAgent> {
        match ask {
            Ask::Keep {
                order,
                rank,
                may_launch,
            } => {
                let (run, attempt) = (&self.common.config.run, order.attempt);
                let place = Place::new(run, attempt, rank);
                match Mirror::new(place, run.log_limit_bytes) {
                    Ok(mirror) => {
                        let kept = Kept::new(order, may_launch, mirror);
                        self.ranks.insert((attempt, rank), kept);
                    }
                    Err(error) => {
                        let why = format!("the run folder cannot be written: {error}");
                        self.say(Told::Gone { attempt, rank, why });
                    }
                }
                vec![]
            }
            Ask::Call { attempt, rank } => {
                let kept = self.ranks.get(&(attempt, rank));
                // What was not told of yet is told of with its call.
                let call = kept.filter(|kept| kept.told);
                let call = call.and_then(|kept| kept.mirror.call());
                let word = |call| ToAgent::Call {
                    attempt,
                    rank,
                    call,
                };
                call.into_iter().map(word).collect()
            }
            Ask::Stop { attempt, rank } => {
                let grace = millis(self.common.config.run.gang_grace);
                let kept = self.ranks.get_mut(&(attempt, rank));
                // What was not told of yet is told of with its stop.
                let told = kept.filter(|kept| kept.told);
                let new = told.and_then(|kept| kept.new_stop(grace));
                let word = |stop| ToAgent::Stop {
                    attempt,
                    rank,
                    stop,
                };
                new.into_iter().map(word).collect()
            }
            Ask::Forget(attempt) => {
                let of_it = (attempt, 0)..=(attempt, u32::MAX);
                let keys: Vec<_> = self.ranks.range(of_it).map(|(key, _)| *key).collect();
                for key in &keys {
                    self.ranks.remove(key);
                }
                let word = |(attempt, rank)| ToAgent::Forget { attempt, rank };
                keys.into_iter().map(word).collect()
            }
        }
    }

    /// Tells the agent of the ranks that it does not know of.
    fn tell_news(&mut self, say: &mpsc::UnboundedSender<ToAgent>) {
        let grace = millis(self.common.config.run.gang_grace);
        for (key, kept) in &mut self.ranks {
            if kept.told || kept.ended {
                continue;
            }
            let first = kept.first_node().unwrap_or(&self.name);
            let states = self.common.state.borrow();
            let address = states.get(first).and_then(|state| state.address.clone());
            if address.is_none() && kept.may_launch && kept.end(grace).is_none() {
                // The first host of a gang is about to be reached too, or given up.
                continue;
            }
            let watch = kept.tell(key.1, address.unwrap_or_default(), grace);
            let _ = say.send(ToAgent::Watch(Box::new(watch)));
        }
    }

    /// A connection was made.
    fn is_back(&mut self, hello: &Hello, say: &mpsc::UnboundedSender<ToAgent>) {
        tracing::info!(host = %self.name, "connected");
        self.away = None;
        self.change(|state| {
            let name = || Some(self.name.to_string());
            state.address = hello.address.clone().or_else(name);
            state.version = Some(hello.version.clone());
        });
        for kept in self.ranks.values_mut() {
            kept.told_nothing();
        }
        // What ended as far as we are concerned and lives there all the same was given up while the
        // host was away.
        let grace = millis(self.common.config.run.gang_grace);
        for (attempt, rank) in &hello.unfinished {
            if self.ranks.contains_key(&(*attempt, *rank)) {
                continue;
            }
            let place = Place::new(&self.common.config.run, *attempt, *rank);
            if let Some(stop) = mirror::given_up(&place, grace) {
                tracing::warn!(host = %self.name, %attempt, rank, "what was given up is ended");
                let _ = say.send(ToAgent::Stop {
                    attempt: *attempt,
                    rank: *rank,
                    stop,
                });
            }
        }
        self.tell_news(say);
    }

    fn is_away(&mut self, why: String) {
        let known = self.common.state.borrow().get(&self.name).cloned();
        if known.is_none_or(|known| known.problem.as_ref() != Some(&why)) {
            tracing::warn!(host = %self.name, why, "the host is away");
        }
        let since = self.away.as_ref().map_or_else(Instant::now, |away| away.0);
        self.away = Some((since, why.clone()));
        self.change(|state| {
            state.up = false;
            state.problem = Some(why);
            state.samples.clear();
        });
    }

    fn admit_that_it_is_away(&mut self) {
        let Some((since, why)) = &self.away else {
            return;
        };
        let most = AT_ONCE.min(self.common.config.node_grace / 2);
        let up = {
            let states = self.common.state.borrow();
            states.get(&self.name).is_some_and(|state| state.up)
        };
        if up && since.elapsed() >= most {
            self.is_away(why.clone());
        }
    }

    fn change(&self, change: impl FnOnce(&mut HostState)) {
        self.common.state.send_modify(|states| {
            change(states.entry(self.name.clone()).or_default());
        });
    }

    fn give_up_what_is_due(&mut self) {
        let Some((since, why)) = &self.away else {
            return;
        };
        let grace = self.common.config.node_grace;
        if since.elapsed() < grace {
            return;
        }
        let mut told = Vec::new();
        for ((attempt, rank), kept) in &mut self.ranks {
            if kept.ended || kept.lost.is_some() {
                continue;
            }
            let seconds = grace.as_secs();
            let why = format!("{} was away for longer than {seconds} s: {why}", self.name);
            kept.lost = Some(why.clone());
            told.push(Told::Gone {
                attempt: *attempt,
                rank: *rank,
                why,
            });
        }
        told.into_iter().for_each(|told| self.say(told));
    }

    /// Takes in what the agent says.
    fn learn(&mut self, Frame { word, bytes }: Frame) -> std::io::Result<()> {
        match word {
            FromAgent::Hello(_) | FromAgent::LacksPackage { .. } | FromAgent::Beat => {}
            FromAgent::Hardware(Ok(found)) => self.change(|state| {
                state.up = true;
                state.problem = None;
                state.hardware = found;
            }),
            FromAgent::Hardware(Err(why)) => self.change(|state| {
                state.up = false;
                state.problem = Some(format!("its GPUs cannot be read: {why}"));
            }),
            FromAgent::Samples(samples) => self.change(|state| {
                state.samples = samples;
                state.looks += 1;
            }),
            FromAgent::Began {
                attempt,
                rank,
                meta,
            } => {
                if let Some(kept) = self.ranks.get_mut(&(attempt, rank)) {
                    kept.began = true;
                    kept.mirror.began(&meta)?;
                    self.nudge(attempt, rank, What::Running);
                }
            }
            FromAgent::Log {
                attempt,
                rank,
                start,
                ..
            } => {
                if let Some(kept) = self.ranks.get_mut(&(attempt, rank)) {
                    kept.mirror.log(start, &bytes)?;
                    self.nudge(attempt, rank, What::Log);
                }
            }
            FromAgent::Ended {
                attempt,
                rank,
                exit,
            } => {
                if let Some(kept) = self.ranks.get_mut(&(attempt, rank)) {
                    kept.mirror.ended(exit)?;
                    kept.ended = true;
                    self.nudge(attempt, rank, What::Exited);
                }
            }
        }
        Ok(())
    }

    /// The uploaded folder that a rank waits for.
    fn lacking(&self, word: &FromAgent) -> Option<String> {
        let FromAgent::LacksPackage { attempt, rank } = word else {
            return None;
        };
        self.ranks.get(&(*attempt, *rank))?.order.package.clone()
    }

    fn cannot_be_loaded(&self, package: &str, why: &str) {
        let waits = |kept: &&Kept| kept.order.package.as_deref() == Some(package) && !kept.began;
        for kept in self.ranks.values().filter(waits) {
            let why = why.to_owned();
            let exit = Exit {
                ended: Ended::NotLaunched { why },
                out_of_memory: false,
            };
            let attempt = kept.order.attempt;
            self.say(Told::Failed { attempt, exit });
        }
    }

    fn nudge(&self, attempt: AttemptId, rank: u32, what: What) {
        self.say(Told::Nudge(Nudge {
            attempt,
            rank,
            what,
        }));
    }

    fn say(&self, told: Told) {
        // It only fails when the watcher is gone, and then nobody asks.
        let _ = self.common.tell.send(told);
    }
}
