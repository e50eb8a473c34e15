//! The agent: what `berth-server agent FOLDER` does on a host that is reached over SSH. It starts
//! and ends ranks under tmux, as the server does on its own host, and tells over its standard output
//! what the run folders say. It keeps nothing in mind that the folders do not hold: when the
//! connection ends, it ends, and the shims run on; the next agent takes up what is there.

mod kept;

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::future::Future;
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use berth_domain::{AttemptId, Gpu, GpuSample};
use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::launch::Told;
use crate::layout;
use crate::nudge::{self, Nudge};
use crate::order::LastCall;
use crate::prepare::RunConfig;
use crate::process;
use crate::ssh::wire::{self, BEAT, Frame, FromAgent, Hello, Settings, ToAgent};
use crate::tmux::{Tmux, TmuxConfig};
use kept::{Kept, unfinished};

/// Run folders are looked at this often without a nudge.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// A server that says nothing for so long is not there any more.
const SILENCE: Duration = Duration::from_secs(30);
/// What may be under way to the server. The rest is read when there is room.
const UNDER_WAY: usize = 8;
/// What was said last has this long to leave.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// The agent before us has this long to be gone.
const TAKE_OVER: Duration = Duration::from_secs(5);

/// A host's GPUs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// In rising index order.
    pub gpus: Vec<Gpu>,
    /// The driver's version.
    pub driver: Option<String>,
    /// What could not be read, in sentences.
    pub problems: Vec<String>,
}

/// What this host's GPUs are and do.
pub trait Hardware: Send + 'static {
    /// What they are, or why they cannot be read.
    fn look(&mut self) -> impl Future<Output = Result<Found, String>> + Send;
    /// A sample of each that answers.
    fn sample(&mut self) -> impl Future<Output = Vec<GpuSample>> + Send;
    /// Between two looks at what they are, and between two samples.
    fn pauses(&self) -> (Duration, Duration);
}

/// Serves one connection: standard input and output.
///
/// # Errors
/// When the folder cannot be used, or another agent keeps it.
pub async fn serve(data: &Path, hardware: impl Hardware) -> io::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data)?;
    let data = fs::canonicalize(data)?;
    let _lock = only_one(&data)?;
    let mut words = words()?;
    let Some(ToAgent::Settings(settings)) = words.recv().await else {
        return Err(io::Error::other("no server speaks to this agent"));
    };
    let (say, all_said) = mouth()?;
    let (facts, found) = mpsc::channel(UNDER_WAY);
    tokio::spawn(look_at_hardware(hardware, facts));
    let agent = Agent::start(&data, settings)?;
    let result = agent.run(words, say, found).await;
    let _ = tokio::time::timeout(LAST_WORDS, all_said).await;
    result
}

/// Held as long as we live. An agent before us may not know yet that its connection is lost.
fn only_one(data: &Path) -> io::Result<fs::File> {
    let mut lock = fs::OpenOptions::new()
        .create(true)
        .read(true)
        .append(true)
        .mode(0o600)
        .open(data.join(layout::AGENT_LOCK))?;
    let until = std::time::Instant::now() + TAKE_OVER;
    while let Err(fs::TryLockError::WouldBlock) = lock.try_lock() {
        let mut pid = String::new();
        lock.rewind()?;
        lock.read_to_string(&mut pid)?;
        if let Ok(pid) = pid.trim().parse() {
            process::signal(pid, Signal::SIGKILL);
        }
        if std::time::Instant::now() > until {
            return Err(io::Error::other("another agent does not end"));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    lock.set_len(0)?;
    lock.write_all(std::process::id().to_string().as_bytes())?;
    Ok(lock)
}

/// What the server says, until it ends. Standard input blocks, so a thread reads it.
fn words() -> io::Result<mpsc::UnboundedReceiver<ToAgent>> {
    let (sender, words) = mpsc::unbounded_channel();
    let read = move || {
        for line in io::stdin().lines().map_while(Result::ok) {
            let word = serde_json::from_str(&line);
            if word.is_err() || word.is_ok_and(|word| sender.send(word).is_err()) {
                return;
            }
        }
    };
    std::thread::Builder::new()
        .name("ear".to_owned())
        .spawn(read)?;
    Ok(words)
}

/// Says what is sent, and then that all was said.
fn mouth() -> io::Result<(mpsc::Sender<Frame>, oneshot::Receiver<()>)> {
    let (say, mut said) = mpsc::channel::<Frame>(UNDER_WAY);
    let (done, all_said) = oneshot::channel();
    let write = move || {
        let mut out = io::stdout().lock();
        while let Some(Frame { word, bytes }) = said.blocking_recv() {
            let line = wire::line(&word);
            let written = line.and_then(|line| out.write_all(&line));
            let written = written.and_then(|()| out.write_all(&bytes));
            if written.and_then(|()| out.flush()).is_err() {
                return;
            }
        }
        let _ = done.send(());
    };
    std::thread::Builder::new()
        .name("mouth".to_owned())
        .spawn(write)?;
    Ok((say, all_said))
}

async fn look_at_hardware(mut hardware: impl Hardware, facts: mpsc::Sender<FromAgent>) {
    let (between_looks, between_samples) = hardware.pauses();
    let mut known = None;
    loop {
        let found = hardware.look().await;
        if known.as_ref() != Some(&found) {
            known = Some(found.clone());
            if facts.send(FromAgent::Hardware(found)).await.is_err() {
                return;
            }
        }
        let next = Instant::now() + between_looks;
        while Instant::now() < next {
            let samples = hardware.sample().await;
            if !samples.is_empty() && facts.send(FromAgent::Samples(samples)).await.is_err() {
                return;
            }
            tokio::time::sleep(between_samples).await;
        }
    }
}

struct Agent {
    settings: Settings,
    tmux: Tmux,
    told: mpsc::UnboundedReceiver<Told>,
    socket: tokio::net::UnixDatagram,
    _folder: fs::File,
    run: RunConfig,
    ranks: BTreeMap<(AttemptId, u32), Kept>,
    /// To be said as soon as there is room.
    out: VecDeque<FromAgent>,
    /// Whose log was sent last: each in turn.
    last_log: Option<(AttemptId, u32)>,
}

impl Agent {
    fn start(data: &Path, settings: Settings) -> io::Result<Self> {
        let run = RunConfig {
            data_dir: data.to_owned(),
            shim: std::env::current_exe()?,
            server_url: settings.server_url.clone(),
            log_limit_bytes: settings.log_limit_bytes,
            leftover_grace: settings.leftover_grace,
            gang_grace: settings.gang_grace,
        };
        let (tell, told) = mpsc::unbounded_channel();
        let config = TmuxConfig {
            run: run.clone(),
            ..TmuxConfig::default()
        };
        let tmux = Tmux::new(config, tell)?;
        let (socket, folder) = nudge::listen(data)?;
        let hello = Hello {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            address: reached_by(),
            unfinished: unfinished(data),
        };
        Ok(Agent {
            settings,
            tmux,
            told,
            socket,
            _folder: folder,
            run,
            ranks: BTreeMap::new(),
            out: VecDeque::from([FromAgent::Hello(hello)]),
            last_log: None,
        })
    }

    async fn run(
        mut self,
        mut words: mpsc::UnboundedReceiver<ToAgent>,
        say: mpsc::Sender<Frame>,
        mut found: mpsc::Receiver<FromAgent>,
    ) -> io::Result<()> {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        let mut beats = tokio::time::interval(BEAT);
        let mut heard = Instant::now();
        let mut datagram = [0; 128];
        loop {
            let has_news = !self.out.is_empty() || self.ranks.values().any(Kept::has_log);
            tokio::select! {
                word = words.recv() => match word {
                    Some(word) => {
                        heard = Instant::now();
                        self.take(word);
                    }
                    None => return Ok(()),
                },
                received = self.socket.recv(&mut datagram) => {
                    let text = received.ok().and_then(|length| datagram.get(..length));
                    let text = text.and_then(|text| std::str::from_utf8(text).ok());
                    if let Some(nudge) = text.and_then(|text| text.parse::<Nudge>().ok()) {
                        self.look((nudge.attempt, nudge.rank));
                    }
                }
                Some(told) = self.told.recv() => self.hear(told),
                Some(fact) = found.recv() => self.out.push_back(fact),
                _ = looks.tick() => {
                    for key in self.ranks.keys().copied().collect::<Vec<_>>() {
                        self.look(key);
                    }
                }
                _ = beats.tick() => {
                    if heard.elapsed() > SILENCE {
                        return Err(io::Error::other("the server says nothing any more"));
                    }
                    self.out.push_back(FromAgent::Beat);
                }
                room = say.reserve(), if has_news => match room {
                    Ok(room) => {
                        if let Some(frame) = self.next() {
                            room.send(frame);
                        }
                    }
                    Err(_) => return Ok(()),
                },
            }
        }
    }

    fn take(&mut self, word: ToAgent) {
        match word {
            ToAgent::Settings(_) | ToAgent::Beat => {}
            ToAgent::Watch(watch) => {
                let key = (watch.order.attempt, watch.rank);
                let call = watch.call.clone();
                self.ranks.insert(key, Kept::watched(&self.run, *watch));
                self.call(key, call);
                self.look(key);
            }
            ToAgent::Call {
                attempt,
                rank,
                call,
            } => self.call((attempt, rank), Some(call)),
            ToAgent::Stop {
                attempt,
                rank,
                stop,
            } => {
                let key = (attempt, rank);
                let kept = self.ranks.entry(key);
                kept.or_insert_with(|| Kept::unwatched(&self.run, attempt, rank))
                    .stop(stop);
                self.look(key);
            }
            ToAgent::Forget { attempt, rank } => {
                let key = (attempt, rank);
                if let Some(kept) = self.ranks.get_mut(&key) {
                    kept.is_forgotten();
                    self.look(key);
                }
            }
        }
    }

    /// Has a rank save its work. The shim hears the same call once.
    fn call(&mut self, key: (AttemptId, u32), call: Option<LastCall>) {
        if let (Some(kept), Some(call)) = (self.ranks.get(&key), call) {
            kept.call(&mut self.tmux, &call);
        }
    }

    /// tmux did not take an attempt.
    fn hear(&mut self, told: Told) {
        let Told::Failed { attempt, exit } = told else {
            return;
        };
        let ranks: Vec<_> = self.ranks.keys().copied().collect();
        for key in ranks.into_iter().filter(|(id, _)| *id == attempt) {
            if let Some(kept) = self.ranks.get_mut(&key) {
                kept.failed(exit.ended.clone());
                self.look(key);
            }
        }
    }

    fn look(&mut self, key: (AttemptId, u32)) {
        let Some(kept) = self.ranks.get_mut(&key) else {
            return;
        };
        kept.look(&mut self.tmux, &self.settings.node);
        self.out.extend(kept.news());
        if kept.is_done() {
            self.ranks.remove(&key);
        }
    }

    /// What is said next: what is short before what is long, and of logs each a piece in turn.
    fn next(&mut self) -> Option<Frame> {
        if let Some(word) = self.out.pop_front() {
            return Some(word.into());
        }
        let with_log = self.ranks.iter().filter(|(_, kept)| kept.has_log());
        let keys: Vec<(AttemptId, u32)> = with_log.map(|(key, _)| *key).collect();
        let after = |key: &&(AttemptId, u32)| self.last_log.is_none_or(|last| **key > last);
        let key = *keys.iter().find(after).or(keys.first())?;
        self.last_log = Some(key);
        let kept = self.ranks.get_mut(&key)?;
        let piece = kept.piece();
        self.out.extend(kept.news());
        piece
    }
}

/// The address of this host in the connection: `SSH_CONNECTION` is `client port server port`, sshd(8).
fn reached_by() -> Option<String> {
    let connection = std::env::var("SSH_CONNECTION").ok()?;
    connection.split(' ').nth(2).map(str::to_owned)
}
