//! The terminal of an interactive job: a pty for the command, and the pane that shows and feeds it.
//! The shim is between the two, so that the log has everything and the command outlives whoever
//! looks.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::poll::{PollFd, PollFlags};
use nix::pty::{Winsize, openpty};
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};

use super::output::nonblocking;

/// What a program sees that asks before anybody looked.
const SIZE: Winsize = Winsize {
    ws_row: 50,
    ws_col: 200,
    ws_xpixel: 0,
    ws_ypixel: 0,
};

pub(super) struct Terminal {
    pty: File,
    /// The pane is there.
    shown: bool,
    /// What was typed and the command has not read.
    typed: Vec<u8>,
}

impl Terminal {
    /// A terminal, and its end for the command.
    pub(super) fn open() -> io::Result<(Self, OwnedFd)> {
        let pair = openpty(&SIZE, None)?;
        for end in [&pair.master, &pair.slave] {
            fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
        }
        let mut pane = tcgetattr(io::stdin());
        if let Ok(settings) = &mut pane {
            // Keys are for the command's terminal, which knows what Ctrl-C means.
            cfmakeraw(settings);
            tcsetattr(io::stdin(), SetArg::TCSANOW, settings)?;
            nonblocking(io::stdin())?;
        }
        let terminal = Terminal {
            pty: File::from(pair.master),
            shown: pane.is_ok(),
            typed: Vec::new(),
        };
        terminal.resize();
        Ok((terminal, pair.slave))
    }

    /// Where the command's output is read.
    pub(super) fn output(&self) -> io::Result<File> {
        self.pty.try_clone()
    }

    /// Makes it as large as the pane.
    pub(super) fn resize(&self) {
        if let Some(size) = ioctl::size_of(io::stdin()) {
            ioctl::resize(&self.pty, &size);
        }
    }

    /// What to wait for.
    pub(super) fn wanted<'a>(&'a self, stdin: &'a io::Stdin) -> Option<PollFd<'a>> {
        if !self.typed.is_empty() {
            return Some(PollFd::new(self.pty.as_fd(), PollFlags::POLLOUT));
        }
        let pane = PollFd::new(stdin.as_fd(), PollFlags::POLLIN);
        self.shown.then_some(pane)
    }

    /// Passes on what was typed. Returns whether the pane has just gone.
    pub(super) fn ready(&mut self) -> bool {
        let mut gone = false;
        if self.typed.is_empty() {
            let mut buffer = [0; 4096];
            // Past std's buffer, which would keep what `poll` is to see.
            match nix::unistd::read(io::stdin(), &mut buffer) {
                Ok(count) if count > 0 => self.typed.extend_from_slice(&buffer[..count]),
                Err(Errno::EAGAIN | Errno::EINTR) => {}
                Ok(_) | Err(_) => {
                    self.shown = false;
                    gone = true;
                }
            }
        }
        match nix::unistd::write(&self.pty, &self.typed) {
            Ok(count) => drop(self.typed.drain(..count)),
            Err(Errno::EAGAIN | Errno::EINTR) => {}
            // The command has ended.
            Err(_) => self.typed.clear(),
        }
        gone
    }
}

/// Makes standard input the controlling terminal of this session; for between fork and exec.
pub(super) fn take_control() -> nix::Result<()> {
    ioctl::control(nix::libc::STDIN_FILENO)
}

mod ioctl {
    #![expect(unsafe_code, reason = "an ioctl has no other way")]

    use std::os::fd::{AsFd, AsRawFd, RawFd};

    use nix::libc::{TIOCGWINSZ, TIOCSCTTY, TIOCSWINSZ};
    use nix::pty::Winsize;

    nix::ioctl_read_bad!(get_size, TIOCGWINSZ, Winsize);
    nix::ioctl_write_ptr_bad!(set_size, TIOCSWINSZ, Winsize);
    nix::ioctl_write_int_bad!(set_control, TIOCSCTTY);

    pub(super) fn size_of(terminal: impl AsFd) -> Option<Winsize> {
        let mut size = super::SIZE;
        // SAFETY: the size is written into, and nothing else.
        unsafe { get_size(terminal.as_fd().as_raw_fd(), &raw mut size) }.ok()?;
        (size.ws_col > 0).then_some(size)
    }

    pub(super) fn resize(terminal: impl AsFd, size: &Winsize) {
        // SAFETY: the size is read from, and nothing else.
        let _ = unsafe { set_size(terminal.as_fd().as_raw_fd(), size) };
    }

    pub(super) fn control(terminal: RawFd) -> nix::Result<()> {
        // SAFETY: no memory is involved.
        unsafe { set_control(terminal, 0) }.map(drop)
    }
}
