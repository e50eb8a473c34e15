//! The watcher: knows every attempt that is under way, and tells the control loop what the run
//! folders say. It looks when a shim nudges it, and at all of them once a second in case a nudge
//! was lost or a shim was killed.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use berth_domain::{AttemptId, Ended, Exit, Report};
use nix::sys::signal::Signal;
use tokio::net::UnixDatagram;
use tokio::sync::mpsc;

use super::TmuxConfig;
use super::launcher::{self, Launched};
use super::rank::{self, RankState};
use crate::cgroup;
use crate::layout;
use crate::nudge::{self, Nudge, What};
use crate::order::{ExecutorError, ExecutorEvent, LaunchOrder, Order};
use crate::process;
use crate::record::{self, RUN_TOKEN, Stop};

const SWEEP: Duration = Duration::from_secs(1);
/// tmux was asked and no shim began: it is asked again.
const LAUNCH_PATIENCE: Duration = Duration::from_secs(10);
const LAUNCHES: u32 = 3;

pub(super) struct Watcher {
    config: TmuxConfig,
    events: mpsc::UnboundedSender<ExecutorEvent>,
    socket: UnixDatagram,
    _folder: std::fs::File,
    launches: std::sync::mpsc::Sender<Box<LaunchOrder>>,
    launched: mpsc::UnboundedReceiver<Launched>,
    watched: HashMap<AttemptId, Watched>,
    /// Stops of attempts that were not ordered yet.
    early_stops: BTreeMap<AttemptId, Duration>,
    down: bool,
}

struct Watched {
    order: Box<LaunchOrder>,
    ranks: Vec<RankState>,
    /// May be launched, if nothing of it is there.
    may_launch: bool,
    launches: u32,
    asked_at: Option<Instant>,
    said_running: bool,
    stopping: bool,
    /// The first rank that failed decides how the attempt ended.
    first_failure: Option<Exit>,
}

impl Watcher {
    pub(super) fn new(
        config: TmuxConfig,
        events: mpsc::UnboundedSender<ExecutorEvent>,
    ) -> Result<Self, ExecutorError> {
        let failed = |source| ExecutorError::Socket {
            path: config.data_dir.join(layout::SOCKET).display().to_string(),
            source,
        };
        let (folder, address) = nudge::address(&config.data_dir).map_err(failed)?;
        let _ = std::fs::remove_file(&address);
        let socket = UnixDatagram::bind(&address).map_err(failed)?;
        let (results, launched) = mpsc::unbounded_channel();
        let launches = launcher::start(config.clone(), results).map_err(ExecutorError::Thread)?;
        Ok(Watcher {
            config,
            events,
            socket,
            _folder: folder,
            launches,
            launched,
            watched: HashMap::new(),
            early_stops: BTreeMap::new(),
            down: false,
        })
    }

    pub(super) async fn run(mut self, mut orders: mpsc::UnboundedReceiver<Order>) {
        let mut sweep = tokio::time::interval(SWEEP);
        sweep.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut datagram = [0; 128];
        loop {
            tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => self.take(order),
                    None => return,
                },
                Some(result) = self.launched.recv() => self.launch_ended(result),
                received = self.socket.recv(&mut datagram) => {
                    let text = received.ok().and_then(|length| datagram.get(..length));
                    let text = text.and_then(|text| std::str::from_utf8(text).ok());
                    if let Some(nudge) = text.and_then(|text| text.parse().ok()) {
                        self.nudged(nudge);
                    }
                }
                _ = sweep.tick() => self.sweep(),
            }
        }
    }

    fn take(&mut self, order: Order) {
        match order {
            Order::Launch(order) => self.begin(order, true),
            Order::Adopt(order) => self.begin(order, false),
            Order::Stop { attempt, grace } => match self.watched.get_mut(&attempt) {
                Some(watched) => {
                    watched.stopping = true;
                    let ranks = watched.ranks.len();
                    self.write_stop(attempt, ranks, grace);
                    self.look(attempt);
                }
                None => {
                    self.early_stops.insert(attempt, grace);
                }
            },
        }
    }

    /// Watches an attempt, from what its folders say; launches it if they say nothing.
    fn begin(&mut self, order: Box<LaunchOrder>, may_launch: bool) {
        let attempt = order.attempt;
        let ranks = order.lease.0.len();
        let early = self.early_stops.remove(&attempt);
        let watched = Watched {
            ranks: vec![RankState::Nothing; ranks],
            may_launch: may_launch && early.is_none(),
            launches: 0,
            asked_at: None,
            said_running: false,
            stopping: early.is_some(),
            first_failure: None,
            order,
        };
        self.watched.insert(attempt, watched);
        if let Some(grace) = early {
            self.write_stop(attempt, ranks, grace);
        }
        self.look(attempt);
        self.launch(attempt);
    }

    /// Asks the launcher for an attempt of which nothing is there.
    fn launch(&mut self, attempt: AttemptId) {
        let Some(watched) = self.watched.get_mut(&attempt) else {
            return;
        };
        let nothing = watched.ranks.contains(&RankState::Nothing);
        if watched.may_launch && nothing && watched.first_failure.is_none() {
            watched.launches += 1;
            watched.asked_at = Some(Instant::now());
            // It only fails when the launcher's thread is gone, and then with the whole process.
            let _ = self.launches.send(watched.order.clone());
        }
    }

    fn launch_ended(&mut self, result: Launched) {
        match result {
            Launched::Asked => self.health(Ok(())),
            Launched::Failed { attempt, why, tmux } => {
                if let Some(watched) = self.watched.get_mut(&attempt) {
                    watched.may_launch = false;
                    let ended = Ended::NotLaunched { why: why.clone() };
                    watched.fail(&Exit {
                        ended,
                        out_of_memory: false,
                    });
                }
                let ranks = self
                    .watched
                    .get(&attempt)
                    .map_or(0, |watched| watched.ranks.len());
                self.write_stop(attempt, ranks, self.config.gang_grace);
                self.look(attempt);
                if tmux {
                    self.health(Err(why));
                }
            }
        }
    }

    fn health(&mut self, health: Result<(), String>) {
        let was_down = std::mem::replace(&mut self.down, health.is_err());
        if was_down || health.is_err() {
            self.send(ExecutorEvent::Health(health));
        }
    }

    fn nudged(&mut self, nudge: Nudge) {
        match nudge.what {
            What::Running | What::Exited => self.look(nudge.attempt),
            What::Log => {
                self.send(ExecutorEvent::LogGrew {
                    attempt: nudge.attempt,
                    rank: nudge.rank,
                });
            }
        }
    }

    fn sweep(&mut self) {
        let attempts: Vec<AttemptId> = self.watched.keys().copied().collect();
        for attempt in attempts {
            self.look(attempt);
            let overdue = self.watched.get(&attempt).is_some_and(|watched| {
                watched
                    .asked_at
                    .is_some_and(|at| at.elapsed() > LAUNCH_PATIENCE)
                    && watched.ranks.contains(&RankState::Nothing)
            });
            if overdue {
                self.launch_again(attempt);
            }
        }
        if self.down && tmux_answers(&self.config.tmux) {
            self.health(Ok(()));
        }
    }

    fn launch_again(&mut self, attempt: AttemptId) {
        let Some(watched) = self.watched.get_mut(&attempt) else {
            return;
        };
        if watched.launches < LAUNCHES && watched.may_launch {
            self.launch(attempt);
            return;
        }
        if watched.may_launch {
            watched.may_launch = false;
            let why = "tmux was asked, but the shim did not begin".to_owned();
            watched.fail(&Exit {
                ended: Ended::NotLaunched { why },
                out_of_memory: false,
            });
            let ranks = watched.ranks.len();
            self.write_stop(attempt, ranks, self.config.gang_grace);
            self.look(attempt);
        }
    }

    /// Marks all ranks' folders, and tells the shims that there is a mark.
    fn write_stop(&self, attempt: AttemptId, ranks: usize, grace: Duration) {
        let stop = Stop {
            grace_ms: u64::try_from(grace.as_millis()).unwrap_or(u64::MAX),
        };
        for folder in self.folders(attempt, ranks) {
            let written = std::fs::create_dir_all(&folder)
                .and_then(|()| record::write(&folder, layout::STOP, &stop));
            if let Err(error) = written {
                tracing::error!(%attempt, %error, "cannot write a stop record");
            }
            rank::signal_stop(&folder);
        }
    }

    fn folders(&self, attempt: AttemptId, ranks: usize) -> Vec<PathBuf> {
        let ranks = (0..).take(ranks);
        ranks
            .map(|rank| layout::rank_dir(&self.config.data_dir, attempt, rank))
            .collect()
    }

    /// Looks at an attempt's folders and reports what is new.
    fn look(&mut self, attempt: AttemptId) {
        let Some(watched) = self.watched.get(&attempt) else {
            return;
        };
        let folders = self.folders(attempt, watched.ranks.len());
        let mut now: Vec<RankState> = folders.iter().map(|folder| rank::look(folder)).collect();
        let Some(watched) = self.watched.get_mut(&attempt) else {
            return;
        };
        for (rank, state) in (0..).zip(&mut now) {
            // Nothing there, and nothing to come.
            if *state == RankState::Nothing && !watched.may_launch {
                *state = RankState::Ended(Exit {
                    ended: if watched.stopping || watched.first_failure.is_some() {
                        Ended::NotLaunched {
                            why: "stopped before it began".to_owned(),
                        }
                    } else {
                        Ended::Lost {
                            why: "its run folder is gone".to_owned(),
                        }
                    },
                    out_of_memory: false,
                });
            }
            if let RankState::Lost { why, cgroup } = state {
                let token = launcher::run_token(&self.config.data_dir, attempt, rank);
                end_leftovers(&token, cgroup.as_deref());
                let ended = Ended::Lost {
                    why: std::mem::take(why),
                };
                *state = RankState::Ended(Exit {
                    ended,
                    out_of_memory: false,
                });
            }
        }
        watched.ranks = now;
        let failures: Vec<Exit> = watched
            .ranks
            .iter()
            .filter_map(|rank| match rank {
                RankState::Ended(exit) if !exit.outcome().succeeded() => Some(exit.clone()),
                _ => None,
            })
            .collect();
        if let Some(failure) = failures.first() {
            watched.fail(failure);
        }
        let ranks = watched.ranks.len();
        let all_ended = watched
            .ranks
            .iter()
            .all(|rank| matches!(rank, RankState::Ended(_)));
        let all_began = watched.ranks.iter().all(|rank| *rank != RankState::Nothing);
        if all_ended {
            let exit = watched
                .first_failure
                .clone()
                .unwrap_or_else(|| Exit::code(0));
            self.watched.remove(&attempt);
            self.send(ExecutorEvent::Report {
                attempt,
                report: Report::Exited(exit),
            });
            return;
        }
        if all_began && !watched.said_running {
            watched.said_running = true;
            let sessions = watched.sessions();
            self.send(ExecutorEvent::Report {
                attempt,
                report: Report::Running { sessions },
            });
        }
        let Some(watched) = self.watched.get_mut(&attempt) else {
            return;
        };
        if watched.first_failure.is_some() && !watched.stopping {
            // All ranks end when one failed.
            watched.stopping = true;
            watched.may_launch = false;
            self.write_stop(attempt, ranks, self.config.gang_grace);
        } else if watched.stopping {
            // A signal may have come before the shim listened.
            for folder in self.folders(attempt, ranks) {
                rank::signal_stop(&folder);
            }
        }
    }

    fn send(&self, event: ExecutorEvent) {
        // It only fails when the control loop is gone, and then nobody asks.
        let _ = self.events.send(event);
    }
}

impl Watched {
    fn fail(&mut self, exit: &Exit) {
        if self.first_failure.is_none() {
            self.first_failure = Some(exit.clone());
        }
    }

    fn sessions(&self) -> Vec<String> {
        let sessions = self.ranks.iter().filter_map(|rank| match rank {
            RankState::Running { session } => Some(session.clone()),
            _ => None,
        });
        sessions.collect()
    }
}

/// Ends what a killed shim left behind.
fn end_leftovers(token: &str, group: Option<&Path>) {
    if let Some(group) = group {
        cgroup::kill(group);
    }
    // Twice, because what is ended may have been about to fork.
    for _ in 0..2 {
        for pid in process::marked(RUN_TOKEN, token) {
            process::signal(pid, Signal::SIGKILL);
        }
    }
    group.iter().for_each(|group| cgroup::remove(group));
}

fn tmux_answers(program: &Path) -> bool {
    std::process::Command::new(program)
        .arg("-V")
        .output()
        .is_ok_and(|out| out.status.success())
}
