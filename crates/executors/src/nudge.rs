//! Nudges: shims say that something happened through a datagram socket in the data folder. They
//! are a courtesy that may be lost; the files are the truth.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use berth_domain::AttemptId;

use crate::layout;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Running,
    Exited,
    Log,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Nudge {
    pub attempt: AttemptId,
    pub rank: u32,
    pub what: What,
}

impl std::fmt::Display for Nudge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let what = match self.what {
            What::Running => "running",
            What::Exited => "exited",
            What::Log => "log",
        };
        write!(f, "{} {} {what}", self.attempt, self.rank)
    }
}

impl FromStr for Nudge {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let mut words = text.split(' ');
        let mut word = || words.next().ok_or(());
        Ok(Nudge {
            attempt: word()?.parse().map_err(|_| ())?,
            rank: word()?.parse().map_err(|_| ())?,
            what: match word()? {
                "running" => What::Running,
                "exited" => What::Exited,
                "log" => What::Log,
                _ => return Err(()),
            },
        })
    }
}

/// The socket by a short name: its own path may be longer than a socket's address can be. The
/// file keeps the folder open, and must live as long as the name is used.
pub(crate) fn address(data_dir: &Path) -> std::io::Result<(File, PathBuf)> {
    let folder = File::open(data_dir)?;
    let short = PathBuf::from(format!("/proc/self/fd/{}", folder.as_raw_fd()));
    Ok((folder, short.join(layout::SOCKET)))
}

/// The listener's end. The file must live as long as the socket.
pub(crate) fn listen(data_dir: &Path) -> std::io::Result<(tokio::net::UnixDatagram, File)> {
    let (folder, address) = address(data_dir)?;
    let _ = std::fs::remove_file(&address);
    Ok((tokio::net::UnixDatagram::bind(&address)?, folder))
}

/// The shim's end.
pub(crate) struct Nudger {
    socket: Option<(UnixDatagram, File, PathBuf)>,
    attempt: AttemptId,
    rank: u32,
}

impl Nudger {
    /// Without a data folder nobody is told anything.
    pub(crate) fn new(data_dir: Option<&Path>, attempt: AttemptId, rank: u32) -> Self {
        let open = |data_dir| {
            let (folder, address) = address(data_dir)?;
            let socket = UnixDatagram::unbound()?;
            socket.set_nonblocking(true)?;
            std::io::Result::Ok((socket, folder, address))
        };
        Nudger {
            socket: data_dir.and_then(|data_dir| open(data_dir).ok()),
            attempt,
            rank,
        }
    }

    pub(crate) fn send(&self, what: What) {
        if let Some((socket, _, address)) = &self.socket {
            let nudge = Nudge {
                attempt: self.attempt,
                rank: self.rank,
                what,
            };
            // Nobody listens while the server is down.
            let _ = socket.send_to(nudge.to_string().as_bytes(), address);
        }
    }
}
