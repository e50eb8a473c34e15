//! While it runs: copy its output, reap what ends, stop it when told, and at the end leave nothing
//! of it behind.

use std::io::{self, Read};
use std::os::fd::AsFd;
use std::path::Path;
use std::time::{Duration, Instant};

use berth_domain::{Ended, Exit};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, getppid};

use super::command::Child;
use crate::cgroup;
use crate::layout;
use crate::logs::LogWriter;
use crate::nudge::{Nudger, What};
use crate::process;
use crate::rank;
use crate::record::{self, Spec, Stop, Under};

/// Followers of a log are told of news this often.
const LOG_NUDGE: Duration = Duration::from_millis(200);
/// While the tree is being ended, it is looked at this often.
const ENDING: Duration = Duration::from_millis(20);
/// Where no signal of the server reaches us, we look for a stop record this often.
const STOP_LOOK: Duration = Duration::from_millis(500);
/// A SIGTERM without a record of what is wanted.
const DEFAULT_GRACE: Duration = Duration::from_secs(10);
/// Looked through for an out-of-memory when the command failed.
const TAIL: usize = 64 * 1024;
const OUT_OF_MEMORY: [&[u8]; 4] = [
    b"CUDA out of memory",
    b"torch.OutOfMemoryError",
    b"CUDA_ERROR_OUT_OF_MEMORY",
    b"CUBLAS_STATUS_ALLOC_FAILED",
];

struct Run<'a> {
    folder: &'a Path,
    spec: &'a Spec,
    nudger: &'a Nudger,
    main: i32,
    group: Option<&'a Path>,
    ended: Option<Ended>,
    /// `None` once it ended or broke.
    output: Option<io::PipeReader>,
    log: LogWriter,
    tail: Vec<u8>,
    /// The pane takes copies until it is gone.
    pane: bool,
    nudge_at: Option<Instant>,
    /// When the tree gets SIGKILL; set once it was told to end.
    kill_at: Option<Instant>,
    /// Under Ray, our guard: when it is gone, so is what Ray ran us in.
    guard: Option<Pid>,
    stop_look_at: Option<Instant>,
    /// Why it is ended, if it is not because somebody wanted that.
    lost: Option<String>,
}

pub(super) fn run(
    folder: &Path,
    spec: &Spec,
    signals: &SigSet,
    nudger: &Nudger,
    child: Child,
    group: Option<&Path>,
) -> io::Result<Exit> {
    nonblocking(&child.output)?;
    let under_ray = spec.under == Under::Ray;
    // Ray would keep a second copy on the node's disk.
    let pane = !under_ray && nonblocking(io::stdout()).is_ok();
    let mut run = Run {
        folder,
        spec,
        nudger,
        main: child.pid,
        group,
        ended: None,
        output: Some(child.output),
        log: LogWriter::create(folder, spec.log_limit_bytes)?,
        tail: Vec::new(),
        pane,
        nudge_at: None,
        kill_at: None,
        guard: under_ray.then(getppid),
        stop_look_at: under_ray.then(Instant::now),
        lost: None,
    };
    let signalfd = SignalFd::with_flags(signals, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;
    // What was sent before we listened is still pending, so nothing is missed.
    while !run.turn(&signalfd)? {}
    run.copy_all()?;
    let mut ended = run.ended.take().unwrap_or(Ended::Lost {
        why: "its end was not seen".to_owned(),
    });
    let failed = !matches!(ended, Ended::Code { code: 0 });
    // Whatever it made of its SIGTERM, it was not done.
    if let Some(why) = run.lost.take() {
        ended = Ended::Lost { why };
    }
    let out_of_memory = failed && OUT_OF_MEMORY.iter().any(|mark| contains(&run.tail, mark));
    Ok(Exit {
        ended,
        out_of_memory,
    })
}

fn contains(text: &[u8], mark: &[u8]) -> bool {
    text.windows(mark.len()).any(|part| part == mark)
}

fn nonblocking(fd: impl AsFd) -> io::Result<()> {
    let flags = OFlag::from_bits_truncate(fcntl(&fd, FcntlArg::F_GETFL)?);
    fcntl(&fd, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    Ok(())
}

impl Run<'_> {
    /// Waits for something and deals with it. Returns whether nothing is left.
    fn turn(&mut self, signals: &SignalFd) -> io::Result<bool> {
        let mut fds = vec![PollFd::new(signals.as_fd(), PollFlags::POLLIN)];
        if let Some(output) = &self.output {
            fds.push(PollFd::new(output.as_fd(), PollFlags::POLLIN));
        }
        match poll(&mut fds, self.timeout()) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        let readable = fds.get(1).and_then(PollFd::any).unwrap_or(false);
        while let Ok(Some(signal)) = signals.read_signal() {
            if signal.ssi_signo == Signal::SIGTERM as u32 {
                self.told_to_end();
            }
        }
        self.look_for_a_stop();
        if readable {
            self.copy()?;
        }
        let left = self.reap()?;
        if self.nudge_at.is_some_and(|at| at <= Instant::now()) {
            self.nudge_at = None;
            self.nudger.send(What::Log);
        }
        if !left {
            return Ok(true);
        }
        if self.ended.is_some() && self.kill_at.is_none() {
            // The command is done, something of it is not.
            self.end_tree(Duration::from_millis(self.spec.leftover_grace_ms));
        }
        if self.kill_at.is_some_and(|at| at <= Instant::now()) {
            self.signal_tree(Signal::SIGKILL);
            self.group.iter().for_each(|group| cgroup::kill(group));
        }
        Ok(false)
    }

    fn timeout(&self) -> PollTimeout {
        let now = Instant::now();
        let nudge = self.nudge_at.map(|at| at.saturating_duration_since(now));
        let ending = self.kill_at.map(|_| ENDING);
        let look = self.stop_look_at;
        let look = look.map(|at| at.saturating_duration_since(now));
        let wait = nudge.into_iter().chain(ending).chain(look).min();
        // A millisecond more than a fraction of one, so that what is due then is due.
        wait.map_or(PollTimeout::NONE, |wait| {
            u16::try_from(wait.as_millis() + 1).map_or(PollTimeout::MAX, PollTimeout::from)
        })
    }

    /// Reaps what ended, ours or adopted. Returns whether anything is left.
    fn reap(&mut self) -> io::Result<bool> {
        loop {
            match waitpid(None::<Pid>, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::Exited(pid, code)) if pid.as_raw() == self.main => {
                    self.ended = Some(Ended::Code { code });
                }
                Ok(WaitStatus::Signaled(pid, signal, _)) if pid.as_raw() == self.main => {
                    self.ended = Some(Ended::Signal {
                        signal: signal as i32,
                    });
                }
                Ok(WaitStatus::StillAlive) => return Ok(true),
                Ok(_) | Err(Errno::EINTR) => {}
                Err(Errno::ECHILD) => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn told_to_end(&mut self) {
        if self.kill_at.is_some() {
            return;
        }
        let stop: Option<Stop> = record::read(self.folder, layout::STOP).unwrap_or_default();
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

    fn guard_is_gone(&self) -> bool {
        self.guard.is_some_and(|guard| guard != getppid())
    }

    fn look_for_a_stop(&mut self) {
        if self.stop_look_at.is_none_or(|at| at > Instant::now()) {
            return;
        }
        rank::refresh(self.folder);
        if self.folder.join(layout::STOP).exists() || self.guard_is_gone() {
            self.stop_look_at = None;
            self.told_to_end();
        } else {
            self.stop_look_at = Some(Instant::now() + STOP_LOOK);
        }
    }

    fn end_tree(&mut self, grace: Duration) {
        self.signal_tree(Signal::SIGTERM);
        // A stopped process sees its SIGTERM only when it goes on.
        self.signal_tree(Signal::SIGCONT);
        self.kill_at = Some(Instant::now() + grace);
    }

    /// Everything that came of the command is below us, however it forked: we are the subreaper.
    fn signal_tree(&self, signal: Signal) {
        let us = i32::try_from(std::process::id()).unwrap_or(0);
        for pid in process::descendants(us) {
            process::signal(pid, signal);
        }
    }

    /// Copies what there is to the log and the pane.
    fn copy(&mut self) -> io::Result<()> {
        let Some(output) = &mut self.output else {
            return Ok(());
        };
        let mut buffer = [0; 64 * 1024];
        match output.read(&mut buffer) {
            Ok(0) => self.output = None,
            Ok(count) => self.take(&buffer[..count])?,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => self.output = None,
        }
        Ok(())
    }

    /// What is still in the pipe when everything that could write is gone.
    fn copy_all(&mut self) -> io::Result<()> {
        while let Some(output) = &self.output {
            let mut fds = [PollFd::new(output.as_fd(), PollFlags::POLLIN)];
            if poll(&mut fds, PollTimeout::ZERO)? == 0 {
                break;
            }
            self.copy()?;
        }
        Ok(())
    }

    fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.log.write(bytes)?;
        self.tail.extend_from_slice(bytes);
        if self.tail.len() > 2 * TAIL {
            self.tail.drain(..self.tail.len() - TAIL);
        }
        if self.pane {
            // Past std's buffer, which would keep what a full terminal did not take. A slow
            // terminal loses some; one that is gone gets no more.
            self.pane = match nix::unistd::write(io::stdout(), bytes) {
                Ok(_) | Err(Errno::EAGAIN | Errno::EINTR) => true,
                Err(_) => false,
            };
        }
        self.nudge_at
            .get_or_insert_with(|| Instant::now() + LOG_NUDGE);
        Ok(())
    }
}
