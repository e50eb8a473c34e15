//! While it runs: copy its output, reap what ends, have it save and stop it when told, and at the
//! end leave nothing of it behind.

use std::io;
use std::os::fd::AsFd;
use std::path::Path;
use std::time::{Duration, Instant};

use berth_domain::{Ended, Exit};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, getppid};

use super::call;
use super::command::Started;
use super::output::{Output, Pane};
use super::terminal::Terminal;
use super::{CALLED, TERMINAL_RESIZED};
use crate::cgroup;
use crate::layout;
use crate::nudge::Nudger;
use crate::order::LastCall;
use crate::process;
use crate::rank;
use crate::record::{self, Followed, Spec, Stop, Under};

/// While the tree is being ended, it is looked at this often.
const ENDING: Duration = Duration::from_millis(20);
/// Where no signal of the server reaches us, we look for its records this often.
const LOOK: Duration = Duration::from_millis(500);
/// A SIGTERM without a record of what is wanted.
const DEFAULT_GRACE: Duration = Duration::from_secs(10);

struct Run<'a> {
    folder: &'a Path,
    spec: &'a Spec,
    group: Option<&'a Path>,
    processes: Vec<Process>,
    /// How it ended: as its first process that failed, or the last one.
    ended: Option<Ended>,
    output: Output<'a>,
    terminal: Option<Terminal>,
    /// What it was told last of what is near.
    called: Option<LastCall>,
    /// When a last call is over.
    term_at: Option<Instant>,
    /// When the tree gets SIGKILL; set once it was told to end.
    kill_at: Option<Instant>,
    /// Under Ray, our guard: when it is gone, so is what Ray ran us in.
    guard: Option<Pid>,
    look_at: Option<Instant>,
    /// Why it is ended, if it is not because somebody wanted that.
    lost: Option<String>,
}

/// One process of the command, as it was started.
struct Process {
    pid: i32,
    runs: bool,
}

pub(super) fn run(
    folder: &Path,
    spec: &Spec,
    signals: &SigSet,
    nudger: &Nudger,
    started: Started,
    group: Option<&Path>,
) -> io::Result<Exit> {
    let under_ray = spec.under == Under::Ray;
    let pane = match under_ray {
        // Ray would keep a second copy on the node's disk.
        true => Pane::No,
        false if started.terminal.is_some() => Pane::Screen,
        false => Pane::Copy,
    };
    let processes = started.pids.into_iter();
    let mut run = Run {
        folder,
        spec,
        group,
        processes: processes.map(|pid| Process { pid, runs: true }).collect(),
        ended: None,
        output: Output::new(folder, spec, nudger, started.sources, pane)?,
        terminal: started.terminal,
        called: None,
        term_at: None,
        kill_at: None,
        guard: under_ray.then(getppid),
        look_at: under_ray.then(Instant::now),
        lost: None,
    };
    let signalfd = SignalFd::with_flags(signals, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;
    // What was sent before we listened is still pending, so nothing is missed.
    while !run.turn(&signalfd)? {}
    run.output.copy_all()?;
    let mut ended = run.ended.take().unwrap_or(Ended::Lost {
        why: "its end was not seen".to_owned(),
    });
    let failed = !matches!(ended, Ended::Code { code: 0 });
    // Whatever it made of its SIGTERM, it was not done.
    if let Some(why) = run.lost.take() {
        ended = Ended::Lost { why };
    }
    let out_of_memory = failed && run.output.ran_out_of_memory();
    Ok(Exit {
        ended,
        out_of_memory,
    })
}

impl Run<'_> {
    /// Waits for something and deals with it. Returns whether nothing is left.
    fn turn(&mut self, signals: &SignalFd) -> io::Result<bool> {
        let (typed, ready) = self.wait(signals)?;
        while let Ok(Some(signal)) = signals.read_signal() {
            match i32::try_from(signal.ssi_signo).map(Signal::try_from) {
                Ok(Ok(Signal::SIGTERM)) => self.told_to_end(),
                Ok(Ok(CALLED)) => self.told_to_save(),
                Ok(Ok(TERMINAL_RESIZED)) => self.terminal.iter().for_each(Terminal::resize),
                _ => {}
            }
        }
        self.look();
        for place in ready {
            self.output.ready(place)?;
        }
        if typed && self.terminal.as_mut().is_some_and(Terminal::ready) {
            self.hang_up();
        }
        let left = self.reap()?;
        self.output.nudge();
        if !left {
            return Ok(true);
        }
        let now = Instant::now();
        if self.term_at.is_some_and(|at| at <= now) && self.kill_at.is_none() {
            self.end_as_recorded();
        }
        if self.all_ended() && self.kill_at.is_none() {
            // The command is done, something of it is not.
            self.end_tree(Duration::from_millis(self.spec.leftover_grace_ms));
        }
        if self.kill_at.is_some_and(|at| at <= now) {
            self.signal_tree(Signal::SIGKILL);
            self.group.iter().for_each(|group| cgroup::kill(group));
        }
        Ok(false)
    }

    /// Returns whether something was typed, and whose output is ready.
    fn wait(&self, signals: &SignalFd) -> io::Result<(bool, Vec<Option<usize>>)> {
        let stdin = io::stdin();
        let typed = self.terminal.as_ref().and_then(|one| one.wanted(&stdin));
        let (places, wanted): (Vec<_>, Vec<_>) = self.output.wanted().into_iter().unzip();
        let mut fds = vec![PollFd::new(signals.as_fd(), PollFlags::POLLIN)];
        let first = 1 + typed.iter().len();
        fds.extend(typed);
        fds.extend(wanted);
        match poll(&mut fds, self.timeout()) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        let is_ready = |fd: &PollFd| fd.any().unwrap_or(false);
        let typed = first == 2 && is_ready(&fds[1]);
        let ready = places.into_iter().zip(&fds[first..]);
        let ready = ready.filter(|(_, fd)| is_ready(fd));
        Ok((typed, ready.map(|(place, _)| place).collect()))
    }

    fn timeout(&self) -> PollTimeout {
        let now = Instant::now();
        let ending = self.kill_at.map(|_| now + ENDING);
        let calling = self.term_at.filter(|_| self.kill_at.is_none());
        let due = [ending, calling, self.output.nudge_at(), self.look_at];
        // A millisecond more than a fraction of one, so that what is due then is due.
        let next = due.into_iter().flatten().min();
        next.map_or(PollTimeout::NONE, |at| {
            let wait = at.saturating_duration_since(now).as_millis() + 1;
            u16::try_from(wait).map_or(PollTimeout::MAX, PollTimeout::from)
        })
    }

    /// Reaps what ended, ours or adopted. Returns whether anything is left.
    fn reap(&mut self) -> io::Result<bool> {
        loop {
            match waitpid(None::<Pid>, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::Exited(pid, code)) => self.ended(pid, Ended::Code { code }),
                Ok(WaitStatus::Signaled(pid, signal, _)) => {
                    let signal = signal as i32;
                    self.ended(pid, Ended::Signal { signal });
                }
                Ok(WaitStatus::StillAlive) => return Ok(true),
                Ok(_) | Err(Errno::EINTR) => {}
                Err(Errno::ECHILD) => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The first of several processes that fails decides, and the others end with it; not when all
    /// are about to save and end by themselves.
    fn ended(&mut self, pid: Pid, ended: Ended) {
        let pid = pid.as_raw();
        let Some(process) = self.processes.iter_mut().find(|one| one.pid == pid) else {
            return;
        };
        process.runs = false;
        let failed = !matches!(ended, Ended::Code { code: 0 });
        let all = self.all_ended();
        let quiet = self.term_at.is_none() && self.kill_at.is_none();
        if failed && !all && quiet {
            self.end_tree(Duration::from_millis(self.spec.gang_grace_ms));
        }
        if failed || all {
            self.ended.get_or_insert(ended);
        }
    }

    fn all_ended(&self) -> bool {
        self.processes.iter().all(|one| !one.runs)
    }

    /// Where no signal reaches us.
    fn look(&mut self) {
        if self.look_at.is_none_or(|at| at > Instant::now()) {
            return;
        }
        self.look_at = Some(Instant::now() + LOOK);
        rank::refresh(self.folder);
        if self.folder.join(layout::STOP).exists() || self.guard_is_gone() {
            self.told_to_end();
        } else {
            self.told_to_save();
        }
    }

    /// Its time limit is near. A stop that came first leaves less time, and its call was the last.
    fn told_to_save(&mut self) {
        if self.term_at.is_some() || self.kill_at.is_some() {
            return;
        }
        let call: Option<LastCall> =
            record::read(self.folder, layout::LAST_CALL).unwrap_or_default();
        let heard = |call: &LastCall| {
            let before = self.called.as_ref();
            before.is_some_and(|before| (before.why, before.until) == (call.why, call.until))
        };
        if let Some(call) = call.filter(|call| !heard(call)) {
            self.call(call);
        }
    }

    /// A stop may be told twice, or be replaced by one that leaves less time.
    fn told_to_end(&mut self) {
        if self.kill_at.is_some() {
            return;
        }
        let call = self.stop().and_then(|stop| stop.call);
        match call.filter(|_| !self.guard_is_gone()) {
            Some(_) if self.term_at.is_some() => {}
            Some(call) => {
                self.term_at = Some(Instant::now() + call.lasts);
                self.call(call);
            }
            None => self.end_as_recorded(),
        }
    }

    fn stop(&self) -> Option<Stop> {
        record::read(self.folder, layout::STOP).unwrap_or_default()
    }

    fn end_as_recorded(&mut self) {
        let stop = self.stop();
        let grace = stop
            .as_ref()
            .map(|stop| Duration::from_millis(stop.grace_ms));
        self.lost = match stop {
            Some(stop) => stop.lost,
            None if self.guard_is_gone() => {
                Some("Ray gave it up: the head was lost, or Ray ended on its node".to_owned())
            }
            None => None,
        };
        self.end_tree(grace.unwrap_or(DEFAULT_GRACE));
    }

    /// The file first: who gets the signal may look for it.
    fn call(&mut self, call: LastCall) {
        call::write(self.spec, &call);
        if self.terminal.is_some() {
            // Shown by itself if it cannot be kept.
            let _ = self.output.take(call::sentence(&call).as_bytes());
        }
        let signal = call.signal.number();
        if let Ok(known) = Signal::try_from(signal) {
            let followed = self.followed().into_iter();
            let followed = followed.filter(|pid| process::catches(*pid, signal));
            let ours = process::catching(self.us(), signal, call.script).into_iter();
            for pid in ours.chain(followed.take(1)) {
                process::signal(pid, known);
            }
        }
        self.called = Some(call);
    }

    fn guard_is_gone(&self) -> bool {
        self.guard.is_some_and(|guard| guard != getppid())
    }

    fn end_tree(&mut self, grace: Duration) {
        self.signal_tree(Signal::SIGTERM);
        if self.terminal.is_some() {
            // A shell that a person types into does not end at SIGTERM.
            self.hang_up();
        }
        // A stopped process sees its SIGTERM only when it goes on.
        self.signal_tree(Signal::SIGCONT);
        self.kill_at = Some(Instant::now() + grace);
    }

    /// What a shell is told when its terminal is gone; it tells what it started.
    fn hang_up(&self) {
        for process in self.processes.iter().filter(|process| process.runs) {
            process::signal(process.pid, Signal::SIGHUP);
            process::signal(process.pid, Signal::SIGCONT);
        }
    }

    /// Everything that came of the command is below us, however it forked: we are the subreaper.
    fn signal_tree(&self, signal: Signal) {
        let ours = process::descendants(self.us()).into_iter();
        for pid in ours.chain(self.followed()) {
            process::signal(pid, signal);
        }
    }

    /// What somebody else started and we only follow, and what came of it.
    fn followed(&self) -> Vec<i32> {
        let followed = self.spec.followed;
        let followed = followed.filter(|one| process::runs(one.pid, one.started));
        followed.map_or(vec![], |Followed { pid, .. }| {
            [pid].into_iter().chain(process::descendants(pid)).collect()
        })
    }

    fn us(&self) -> i32 {
        i32::try_from(std::process::id()).unwrap_or(0)
    }
}
