//! What the command writes, on its way into the log and onto the pane.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::copy::Copy;
use crate::logs::LogWriter;
use crate::nudge::{Nudger, What};
use crate::record::Spec;

/// Followers of a log are told of news this often.
const LOG_NUDGE: Duration = Duration::from_millis(200);
/// A line of one of several processes that is longer is passed on in parts.
const LONGEST_LINE: usize = 16 * 1024;
/// Looked through for an out-of-memory when the command failed.
const TAIL: usize = 64 * 1024;
const OUT_OF_MEMORY: [&[u8]; 4] = [
    b"CUDA out of memory",
    b"torch.OutOfMemoryError",
    b"CUDA_ERROR_OUT_OF_MEMORY",
    b"CUBLAS_STATUS_ALLOC_FAILED",
];

/// Where one process writes.
pub(super) struct Source {
    /// `None` once it ended or broke.
    file: Option<File>,
    /// Stands before each of its lines, where there are several.
    prefix: Option<String>,
    /// The line that is not complete.
    line: Vec<u8>,
}

impl Source {
    pub(super) fn new(file: File, prefix: Option<String>) -> io::Result<Self> {
        nonblocking(&file)?;
        Ok(Source {
            file: Some(file),
            prefix,
            line: Vec::new(),
        })
    }

    /// What may be passed on of what it wrote: whole lines with its prefix, or everything.
    fn lines(&mut self, bytes: &[u8]) -> Vec<u8> {
        let Some(prefix) = &self.prefix else {
            return bytes.to_vec();
        };
        let mut out = Vec::new();
        // Progress bars end their lines with a carriage return.
        for piece in bytes.split_inclusive(|byte| matches!(byte, b'\n' | b'\r')) {
            self.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") || piece.ends_with(b"\r") || self.line.len() > LONGEST_LINE {
                out.extend_from_slice(prefix.as_bytes());
                out.append(&mut self.line);
            }
        }
        out
    }

    /// The last line, if nothing ended it.
    fn rest(&mut self) -> Vec<u8> {
        if self.line.is_empty() {
            return vec![];
        }
        self.lines(b"\n")
    }
}

/// Where copies go beside the log: what a person sees who attaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pane {
    /// Nobody looks, or the terminal is gone.
    No,
    /// For looking at. A slow terminal loses some.
    Copy,
    /// The command's own terminal. It loses nothing: the command waits for a slow one.
    Screen,
}

pub(super) struct Output<'a> {
    sources: Vec<Source>,
    log: LogWriter,
    /// Beside the log, where the job wanted that.
    also: Option<Copy>,
    tail: Vec<u8>,
    pane: Pane,
    /// What the screen did not take yet.
    unseen: Vec<u8>,
    stdout: io::Stdout,
    nudger: &'a Nudger,
    nudge_at: Option<Instant>,
}

impl<'a> Output<'a> {
    pub(super) fn new(
        folder: &Path,
        spec: &Spec,
        nudger: &'a Nudger,
        sources: Vec<Source>,
        pane: Pane,
    ) -> io::Result<Self> {
        // A terminal that cannot be written to without waiting for it gets nothing.
        let ready = pane != Pane::No && nonblocking(io::stdout()).is_ok();
        let mut log = LogWriter::create(folder, spec.log_limit_bytes)?;
        let also = match Copy::open(spec) {
            Ok(also) => also,
            Err(why) => {
                log.write(why.as_bytes())?;
                None
            }
        };
        Ok(Output {
            sources,
            log,
            also,
            tail: Vec::new(),
            pane: if ready { pane } else { Pane::No },
            unseen: Vec::new(),
            stdout: io::stdout(),
            nudger,
            nudge_at: None,
        })
    }

    /// What to wait for: each source that is open, or the screen that is full.
    pub(super) fn wanted(&self) -> Vec<(Option<usize>, PollFd<'_>)> {
        if !self.unseen.is_empty() {
            return vec![(None, PollFd::new(self.stdout.as_fd(), PollFlags::POLLOUT))];
        }
        let open = self.sources.iter().enumerate();
        open.filter_map(|(place, source)| {
            let file = source.file.as_ref()?;
            Some((Some(place), PollFd::new(file.as_fd(), PollFlags::POLLIN)))
        })
        .collect()
    }

    /// Copies what is ready. `None` is the screen.
    pub(super) fn ready(&mut self, place: Option<usize>) -> io::Result<()> {
        match place {
            Some(place) => self.copy(place),
            None => {
                self.show(&[]);
                Ok(())
            }
        }
    }

    fn copy(&mut self, place: usize) -> io::Result<()> {
        let source = &mut self.sources[place];
        let Some(file) = &mut source.file else {
            return Ok(());
        };
        let mut buffer = [0; 64 * 1024];
        match file.read(&mut buffer) {
            Ok(count) if count > 0 => {
                let bytes = source.lines(&buffer[..count]);
                self.take(&bytes)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
            // A terminal that nobody has open any more is an error.
            Ok(_) | Err(_) => {
                source.file = None;
                let rest = source.rest();
                self.take(&rest)
            }
        }
    }

    /// What is still on the way when everything that could write is gone.
    pub(super) fn copy_all(&mut self) -> io::Result<()> {
        for place in 0..self.sources.len() {
            while let Some(file) = &self.sources[place].file {
                let mut fds = [PollFd::new(file.as_fd(), PollFlags::POLLIN)];
                if poll(&mut fds, PollTimeout::ZERO)? == 0 {
                    break;
                }
                self.copy(place)?;
            }
            let rest = self.sources[place].rest();
            self.take(&rest)?;
        }
        Ok(())
    }

    /// Into the log and onto the pane.
    pub(super) fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.log.write(bytes)?;
        if let Some(Err(why)) = self.also.as_mut().map(|copy| copy.write(bytes)) {
            self.also = None;
            self.log.write(why.as_bytes())?;
        }
        self.tail.extend_from_slice(bytes);
        if self.tail.len() > 2 * TAIL {
            self.tail.drain(..self.tail.len() - TAIL);
        }
        self.show(bytes);
        self.nudge_at
            .get_or_insert_with(|| Instant::now() + LOG_NUDGE);
        Ok(())
    }

    /// Past std's buffer, which would keep what a full terminal did not take.
    fn show(&mut self, bytes: &[u8]) {
        match self.pane {
            Pane::No => {}
            Pane::Copy => {
                if let Err(error) = nix::unistd::write(&self.stdout, bytes)
                    && !matches!(error, Errno::EAGAIN | Errno::EINTR)
                {
                    self.pane = Pane::No;
                }
            }
            Pane::Screen => {
                self.unseen.extend_from_slice(bytes);
                match nix::unistd::write(&self.stdout, &self.unseen) {
                    Ok(count) => drop(self.unseen.drain(..count)),
                    Err(Errno::EAGAIN | Errno::EINTR) => {}
                    Err(_) => {
                        self.unseen.clear();
                        self.pane = Pane::No;
                    }
                }
            }
        }
    }

    pub(super) fn nudge_at(&self) -> Option<Instant> {
        self.nudge_at
    }

    pub(super) fn nudge(&mut self) {
        if self.nudge_at.is_some_and(|at| at <= Instant::now()) {
            self.nudge_at = None;
            self.nudger.send(What::Log);
        }
    }

    /// Whether what was written last says so.
    pub(super) fn ran_out_of_memory(&self) -> bool {
        let said = |mark: &&[u8]| self.tail.windows(mark.len()).any(|part| part == *mark);
        OUT_OF_MEMORY.iter().any(said)
    }
}

pub(super) fn nonblocking(fd: impl AsFd) -> io::Result<()> {
    let flags = OFlag::from_bits_truncate(fcntl(&fd, FcntlArg::F_GETFL)?);
    fcntl(&fd, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    Ok(())
}
