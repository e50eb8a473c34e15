//! The watcher: knows every attempt that is under way, and tells the control loop what the run
//! folders say. It looks when a shim nudges it or the launcher says something, and at all of them
//! every now and then in case a nudge was lost, cannot be sent from there, or a shim was killed.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant, SystemTime};

use berth_domain::{AttemptId, Ended, Exit, Report};
use tokio::net::UnixDatagram;
use tokio::sync::mpsc;

use crate::launch::{Launcher, Place, Told};
use crate::layout;
use crate::logs;
use crate::nudge::{self, Nudge, What};
use crate::order::{ExecutorError, ExecutorEvent, LastCall, LaunchOrder, Order};
use crate::prepare::{RunConfig, millis};
use crate::rank::{self, Found};
use crate::record::{self, Meta, Stop};

const LAUNCHES: u32 = 3;
/// With very many ranks, folders are looked at less often: no more than this many a second.
const LOOKS_PER_SECOND: u32 = 500;
/// What a rank wrote at its end is seen everywhere after this long.
const SETTLE: Duration = Duration::from_secs(5);

pub(crate) struct Watcher<L> {
    config: RunConfig,
    launcher: L,
    events: mpsc::UnboundedSender<ExecutorEvent>,
    socket: UnixDatagram,
    _folder: std::fs::File,
    watched: HashMap<AttemptId, Watched>,
    /// Stops of attempts that were not ordered yet.
    early_stops: BTreeMap<AttemptId, Ending>,
    down: bool,
}

struct Watched {
    order: Box<LaunchOrder>,
    ranks: Vec<Rank>,
    /// May be launched, if nothing of it is there.
    may_launch: bool,
    launches: u32,
    asked_at: Option<Instant>,
    said_running: bool,
    /// Told to end.
    stopping: Option<Ending>,
    /// The first rank that failed decides how the attempt ended.
    first_failure: Option<Exit>,
}

/// How it is told to end.
#[derive(Clone, Debug)]
struct Ending {
    call: Option<LastCall>,
    grace: Duration,
}

impl Ending {
    fn in_time(grace: Duration) -> Self {
        Ending { call: None, grace }
    }

    /// How long until nothing of it is left.
    fn lasts(&self) -> Duration {
        self.grace + self.call.as_ref().map_or(Duration::ZERO, |call| call.lasts)
    }
}

struct Rank {
    place: Place,
    state: RankState,
    /// Said to be gone: for which reason, and when it is believed.
    gone: Option<(String, Instant)>,
    log_bytes: u64,
}

#[derive(Clone, Debug, PartialEq)]
enum RankState {
    Nothing,
    Running { session: String },
    Ended { exit: Exit, at: SystemTime },
}

impl RankState {
    fn ended(ended: Ended) -> Self {
        let exit = Exit {
            ended,
            out_of_memory: false,
        };
        // What failed by itself goes before what we only conclude.
        let at = SystemTime::now();
        RankState::Ended { exit, at }
    }
}

impl<L: Launcher> Watcher<L> {
    pub(crate) fn new(
        config: RunConfig,
        launcher: L,
        events: mpsc::UnboundedSender<ExecutorEvent>,
    ) -> Result<Self, ExecutorError> {
        let failed = |source| ExecutorError::Socket {
            path: config.data_dir.join(layout::SOCKET).display().to_string(),
            source,
        };
        let (socket, folder) = nudge::listen(&config.data_dir).map_err(failed)?;
        Ok(Watcher {
            config,
            launcher,
            events,
            socket,
            _folder: folder,
            watched: HashMap::new(),
            early_stops: BTreeMap::new(),
            down: false,
        })
    }

    pub(crate) async fn run(
        mut self,
        mut orders: mpsc::UnboundedReceiver<Order>,
        mut told: mpsc::UnboundedReceiver<Told>,
    ) {
        let mut look_at = tokio::time::Instant::now() + L::LOOK_EVERY;
        let mut datagram = [0; 128];
        loop {
            tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => self.take(order),
                    None => return,
                },
                Some(told) = told.recv() => self.hear(told),
                received = self.socket.recv(&mut datagram) => {
                    let text = received.ok().and_then(|length| datagram.get(..length));
                    let text = text.and_then(|text| std::str::from_utf8(text).ok());
                    if let Some(nudge) = text.and_then(|text| text.parse().ok()) {
                        self.nudged(nudge);
                    }
                }
                () = tokio::time::sleep_until(look_at) => {
                    self.sweep();
                    look_at = tokio::time::Instant::now() + self.pause();
                }
            }
        }
    }

    fn pause(&self) -> Duration {
        let ranks = self.watched.values().map(|watched| watched.ranks.len());
        let ranks = u32::try_from(ranks.sum::<usize>()).unwrap_or(u32::MAX);
        L::LOOK_EVERY.max(Duration::from_secs(1) * ranks / LOOKS_PER_SECOND)
    }

    fn take(&mut self, order: Order) {
        match order {
            Order::Launch(order) => self.begin(order, true),
            Order::Adopt(order) => self.begin(order, false),
            Order::Call { attempt, call } => {
                if let Some(watched) = self.watched.get(&attempt) {
                    watched.call(&mut self.launcher, &call);
                }
            }
            Order::Stop {
                attempt,
                call,
                grace,
            } => {
                let ending = Ending { call, grace };
                match self.watched.get_mut(&attempt) {
                    Some(watched) => {
                        watched.stop(&mut self.launcher, ending);
                        self.look(attempt);
                    }
                    None => {
                        self.early_stops.insert(attempt, ending);
                    }
                }
            }
        }
    }

    /// Watches an attempt, from what its folders say; launches it if they say nothing.
    fn begin(&mut self, order: Box<LaunchOrder>, may_launch: bool) {
        let attempt = order.attempt;
        let known = self.watched.get(&attempt);
        if known.is_some_and(|known| known.may_launch || !may_launch || known.stopping.is_some()) {
            // Said again: a second launch beside the first could only get in its way.
            return;
        }
        let count = u32::try_from(order.lease.0.len()).unwrap_or(u32::MAX);
        let rank = |rank| Rank {
            place: Place::new(&self.config, attempt, rank),
            state: RankState::Nothing,
            gone: None,
            log_bytes: 0,
        };
        let mut watched = Watched {
            ranks: (0..count).map(rank).collect(),
            may_launch,
            launches: 0,
            asked_at: None,
            said_running: false,
            stopping: None,
            first_failure: None,
            order,
        };
        if let Some(ending) = self.early_stops.remove(&attempt) {
            watched.stop(&mut self.launcher, ending);
        }
        self.launcher.adopt(&watched.order, watched.may_launch);
        self.watched.insert(attempt, watched);
        self.look(attempt);
        self.launch(attempt);
    }

    /// Asks the launcher for an attempt of which nothing is there.
    fn launch(&mut self, attempt: AttemptId) {
        let Some(watched) = self.watched.get_mut(&attempt) else {
            return;
        };
        if watched.may_launch && watched.lacks_a_rank() && watched.first_failure.is_none() {
            watched.launches += 1;
            watched.asked_at = Some(Instant::now());
            self.launcher.launch(&watched.order);
        }
    }

    fn hear(&mut self, told: Told) {
        match told {
            Told::Health(health) => self.health(health),
            Told::Failed { attempt, exit } => {
                if let Some(watched) = self.watched.get_mut(&attempt) {
                    watched.fail(&exit);
                    let grace = self.config.gang_grace;
                    watched.stop(&mut self.launcher, Ending::in_time(grace));
                }
                self.look(attempt);
            }
            Told::Gone { attempt, rank, why } => self.gone(attempt, rank, why),
            Told::Nudge(nudge) => self.nudged(nudge),
        }
    }

    /// A rank is said to be gone. In case that it lives after all, it is told to end and given the
    /// time for that, before anybody takes it for lost and starts it anew.
    fn gone(&mut self, attempt: AttemptId, rank: u32, why: String) {
        let place = usize::try_from(rank).unwrap_or(usize::MAX);
        let Some(watched) = self.watched.get_mut(&attempt) else {
            return;
        };
        let grace = self.config.gang_grace.max(
            watched
                .stopping
                .as_ref()
                .map_or(Duration::ZERO, Ending::lasts),
        );
        if let Some(rank) = watched.ranks.get_mut(place)
            && rank.gone.is_none()
        {
            if watched.stopping.is_none() {
                write_stop(&rank.place, &Ending::in_time(grace), Some(&why));
            }
            rank.gone = Some((why, Instant::now() + grace + SETTLE));
        }
        self.look(attempt);
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
            if !L::NUDGED {
                self.look_at_logs(attempt);
            }
            self.look(attempt);
            let overdue = self.watched.get(&attempt).is_some_and(|watched| {
                let waited = watched.asked_at.map(|at| at.elapsed());
                let long = waited
                    .zip(L::ASK_AGAIN)
                    .is_some_and(|(waited, limit)| waited > limit);
                long && watched.lacks_a_rank()
            });
            if overdue {
                self.launch_again(attempt);
            }
        }
        if self.down && self.launcher.works_again() {
            self.health(Ok(()));
        }
    }

    fn look_at_logs(&mut self, attempt: AttemptId) {
        let ranks = self.watched.get_mut(&attempt).map(|w| &mut w.ranks);
        let mut grew = Vec::new();
        for rank in ranks.into_iter().flatten() {
            let running = matches!(rank.state, RankState::Running { .. });
            let total = running
                .then(|| logs::total(&rank.place.folder).ok())
                .flatten();
            if let Some(total) = total.filter(|total| *total > rank.log_bytes) {
                rank.log_bytes = total;
                grew.push(rank.place.rank);
            }
        }
        for rank in grew {
            self.send(ExecutorEvent::LogGrew { attempt, rank });
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
            let why = "its shim was asked for and did not begin".to_owned();
            watched.fail(&Exit {
                ended: Ended::NotLaunched { why },
                out_of_memory: false,
            });
            let grace = self.config.gang_grace;
            watched.stop(&mut self.launcher, Ending::in_time(grace));
            self.look(attempt);
        }
    }

    /// Looks at an attempt's folders and reports what is new.
    fn look(&mut self, attempt: AttemptId) {
        let Some(watched) = self.watched.get_mut(&attempt) else {
            return;
        };
        watched.look(&mut self.launcher);
        if watched.all_ended() {
            let exit = watched.exit();
            self.watched.remove(&attempt);
            self.launcher.forget(attempt);
            self.send(ExecutorEvent::Report {
                attempt,
                report: Report::Exited(exit),
            });
            return;
        }
        let report = (!watched.lacks_a_rank() && !watched.said_running).then(|| {
            watched.said_running = true;
            let sessions = watched.sessions();
            Report::Running { sessions }
        });
        if watched.first_failure.is_some() && watched.stopping.is_none() {
            // All ranks end when one failed.
            let grace = self.config.gang_grace;
            watched.stop(&mut self.launcher, Ending::in_time(grace));
        } else if let Some(ending) = &watched.stopping {
            // It may not have heard of it.
            watched.tell_to_stop(&mut self.launcher, ending.lasts());
        }
        if let Some(report) = report {
            self.send(ExecutorEvent::Report { attempt, report });
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

    /// Nothing of it begins any more. A shim looks for the record after it wrote its own, and we the
    /// other way round: one of the two always sees the other's.
    fn stop(&mut self, launcher: &mut impl Launcher, ending: Ending) {
        self.may_launch = false;
        for rank in &self.ranks {
            write_stop(&rank.place, &ending, None);
        }
        self.tell_to_stop(launcher, ending.lasts());
        self.stopping = Some(ending);
    }

    /// Has every rank save its work. A repeated call is heard once.
    fn call(&self, launcher: &mut impl Launcher, call: &LastCall) {
        for rank in &self.ranks {
            if let Err(error) = record::write(&rank.place.folder, layout::LAST_CALL, call) {
                tracing::error!(attempt = %rank.place.attempt, %error, "cannot write a last call");
            }
            launcher.tell_to_save(&rank.place);
        }
    }

    fn tell_to_stop(&self, launcher: &mut impl Launcher, grace: Duration) {
        for rank in &self.ranks {
            if !matches!(rank.state, RankState::Ended { .. }) {
                launcher.tell_to_stop(&rank.place, grace);
            }
        }
    }

    /// Takes in what the folders say.
    fn look(&mut self, launcher: &mut impl Launcher) {
        for place in 0..self.ranks.len() {
            let state = self.state_of(&self.ranks[place], launcher);
            self.ranks[place].state = state;
        }
        let failures = self.ranks.iter().filter_map(|rank| match &rank.state {
            RankState::Ended { exit, at } if !exit.outcome().succeeded() => Some((at, exit)),
            _ => None,
        });
        if let Some((_, exit)) = failures.min_by_key(|(at, _)| **at) {
            let exit = exit.clone();
            self.fail(&exit);
        }
    }

    fn state_of<L: Launcher>(&self, rank: &Rank, launcher: &mut L) -> RankState {
        if let RankState::Ended { .. } = &rank.state {
            return rank.state.clone();
        }
        let meta = match rank::look(&rank.place.folder) {
            Found::Ended { exit, at } => return RankState::Ended { exit, at },
            Found::Began(meta) => meta,
            Found::Nothing => return self.of_nothing::<L>(rank),
        };
        let said = rank.gone.as_ref();
        let gone = launcher.is_gone(&rank.place, &meta).or_else(|| {
            said.filter(|(_, at)| *at <= Instant::now())
                .map(|(why, _)| why.clone())
        });
        match gone {
            Some(why) => lost(rank, &meta, why, launcher),
            None => RankState::Running {
                session: meta.session,
            },
        }
    }

    fn of_nothing<L: Launcher>(&self, rank: &Rank) -> RankState {
        let never = || "stopped before it began".to_owned();
        match &rank.gone {
            // It was told to end before we looked, so it never begins.
            Some((why, _)) => RankState::ended(Ended::Lost { why: why.clone() }),
            // It may begin, or have begun.
            _ if self.may_launch || L::COPIES => RankState::Nothing,
            _ if self.stopping.is_some() || self.first_failure.is_some() => {
                RankState::ended(Ended::NotLaunched { why: never() })
            }
            _ => RankState::ended(Ended::Lost {
                why: "its run folder is gone".to_owned(),
            }),
        }
    }

    fn lacks_a_rank(&self) -> bool {
        let nothing = |rank: &Rank| rank.state == RankState::Nothing;
        self.ranks.iter().any(nothing)
    }

    fn all_ended(&self) -> bool {
        let ended = |rank: &Rank| matches!(rank.state, RankState::Ended { .. });
        self.ranks.iter().all(ended)
    }

    fn exit(&self) -> Exit {
        self.first_failure.clone().unwrap_or_else(|| Exit::code(0))
    }

    fn sessions(&self) -> Vec<String> {
        let sessions = self.ranks.iter().filter_map(|rank| match &rank.state {
            RankState::Running { session } if !session.is_empty() => Some(session.clone()),
            _ => None,
        });
        sessions.collect()
    }
}

/// A rank that began and is gone, unless it ended between two looks.
fn lost(rank: &Rank, meta: &Meta, why: String, launcher: &mut impl Launcher) -> RankState {
    if let Found::Ended { exit, at } = rank::look(&rank.place.folder) {
        return RankState::Ended { exit, at };
    }
    launcher.bury(&rank.place, meta);
    RankState::ended(Ended::Lost { why })
}

/// Marks a rank's folder.
fn write_stop(place: &Place, ending: &Ending, lost: Option<&str>) {
    let stop = Stop {
        call: ending.call.clone(),
        grace_ms: millis(ending.grace),
        lost: lost.map(str::to_owned),
    };
    let written = std::fs::create_dir_all(&place.folder)
        .and_then(|()| record::write(&place.folder, layout::STOP, &stop));
    if let Err(error) = written {
        tracing::error!(attempt = %place.attempt, %error, "cannot write a stop record");
    }
}
