//! The shim: `berth-server shim RANK_DIR`, one for each rank, started inside tmux or by Ray, and
//! older than any server. It runs the command in a session of its own, owns everything that comes of it,
//! writes its log, and records how it ended once nothing of it is left.
//!
//! It outlives the server, the terminal and tmux; it is plain blocking code around one `poll`.
//! Under a job of Ray it has a [`guard`].

mod call;
mod command;
mod copy;
mod follow;
mod fork;
mod guard;
mod output;
mod run;
mod terminal;

pub use self::follow::follow;

use std::path::Path;
use std::process::ExitCode;

use berth_domain::{Ended, Exit};
use nix::sys::signal::{SigSet, SigmaskHow, Signal};

use crate::cgroup;
use crate::layout;
use crate::nudge::{Nudger, What};
use crate::package;
use crate::process;
use crate::rank;
use crate::record::{self, ExitRecord, Meta, Spec, Stop, Under};

/// Runs the rank that `folder` describes, unless that was done before.
#[must_use]
pub fn main(folder: &Path) -> ExitCode {
    let under_ray = record::read::<Spec>(folder, layout::SPEC)
        .is_ok_and(|spec| spec.is_some_and(|spec| spec.under == Under::Ray));
    if under_ray {
        println!("Berth runs this; its log is in {}/log", folder.display());
        return guard::stand(folder, run_rank).unwrap_or_else(|error| failure(folder, &error));
    }
    run_rank(folder)
}

fn run_rank(folder: &Path) -> ExitCode {
    match attend(folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failure(folder, &error),
    }
}

fn failure(folder: &Path, error: &std::io::Error) -> ExitCode {
    eprintln!("berth shim: {}: {error}", folder.display());
    ExitCode::FAILURE
}

fn attend(folder: &Path) -> std::io::Result<()> {
    // Another shim may have this rank.
    let Some(_lock) = rank::take(folder)? else {
        return Ok(());
    };
    let ran = |name| folder.join(name).exists();
    rank::refresh(folder);
    if ran(layout::EXIT) || ran(layout::META) {
        return Ok(());
    }
    let spec: Spec = record::read(folder, layout::SPEC)?
        .ok_or_else(|| std::io::Error::other("there is no spec.json"))?;
    // The server is on another host, or may be: it looks by itself.
    let heard = (spec.under == Under::Tmux).then_some(spec.data_dir.as_path());
    let nudger = Nudger::new(heard, spec.attempt, spec.rank);
    let signals = own_signals()?;
    nix::sys::prctl::set_child_subreaper(true)?;

    // First this record, then the look for a stop; the executor does both the other way round, so
    // that one of the two always sees the other's.
    let pid = i32::try_from(std::process::id()).map_err(std::io::Error::other)?;
    let meta = Meta {
        pid,
        start_ticks: process::start_ticks(pid).unwrap_or(0),
        boot_id: process::boot_id(),
        session: spec.session.clone(),
        cgroup: cgroup::create(spec.attempt, spec.rank),
    };
    let group = meta.cgroup.as_deref();
    record::write(folder, layout::META, &meta)?;
    rank::refresh(folder);
    let stopped: Option<Stop> = record::read(folder, layout::STOP)?;
    let exit = if let Some(stop) = stopped {
        let ended = match stop.lost {
            Some(why) => Ended::Lost { why },
            None => Ended::NotLaunched {
                why: "stopped before it began".to_owned(),
            },
        };
        Exit {
            ended,
            out_of_memory: false,
        }
    } else {
        let unpacked = spec.package.as_deref();
        let unpacked = unpacked.map_or(Ok(()), |archive| package::unpack(archive, &spec.workdir));
        match unpacked.and_then(|()| command::spawn(&spec, group)) {
            Ok(started) => {
                nudger.send(What::Running);
                run::run(folder, &spec, &signals, &nudger, started, group)?
            }
            Err(why) => Exit {
                ended: Ended::NotLaunched { why },
                out_of_memory: false,
            },
        }
    };
    if let Some(group) = group {
        cgroup::remove(group);
        cgroup::sweep(group);
    }
    record::write(folder, layout::EXIT, &ExitRecord { exit })?;
    nudger.send(What::Exited);
    Ok(())
}

/// Tells a shim that there is a last call in its folder. Who does not know it ignores it, as shims of
/// an older Berth do.
pub(crate) const CALLED: Signal = Signal::SIGURG;

/// The terminal that we are in says that its size changed.
const TERMINAL_RESIZED: Signal = Signal::SIGWINCH;

/// What a terminal or its end may send and must not end the job.
const IGNORED: [Signal; 7] = [
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGPIPE,
    Signal::SIGTSTP,
    Signal::SIGTTIN,
    Signal::SIGTTOU,
];

/// Ignores what must not end us, and holds back what `poll` is to see.
fn own_signals() -> std::io::Result<SigSet> {
    command::ignore(&IGNORED)?;
    let mut seen = SigSet::empty();
    seen.add(Signal::SIGCHLD);
    seen.add(Signal::SIGTERM);
    seen.add(CALLED);
    seen.add(TERMINAL_RESIZED);
    nix::sys::signal::sigprocmask(SigmaskHow::SIG_BLOCK, Some(&seen), None)?;
    Ok(seen)
}
