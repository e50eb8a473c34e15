//! The shim under a job of Ray is two processes. When what watches over a job of Ray goes (its
//! supervisor, the node's Ray, the head), Ray ends the job's process group with SIGKILL: only the
//! guard is in it. The shim itself sees that its guard is gone, ends what it runs with the usual
//! grace and records that. And when it is the shim that is killed, what it ran becomes the guard's,
//! which ends it. So that nothing is left in either case.

use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use berth_domain::{Ended, Exit};
use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork, getppid, setsid};

use crate::layout;
use crate::process;
use crate::record::{self, ExitRecord};

/// Runs `shim` in a process of its own and stands guard until it ended.
pub(super) fn stand(folder: &Path, shim: fn(&Path) -> ExitCode) -> io::Result<ExitCode> {
    let mut held = SigSet::empty();
    for signal in super::IGNORED.into_iter().chain([Signal::SIGTERM]) {
        held.add(signal);
    }
    // Ray's stop sends SIGTERM to both; the shim's end is ours.
    sigprocmask(SigmaskHow::SIG_BLOCK, Some(&held), None)?;
    prctl::set_child_subreaper(true)?;
    let guard = Pid::this();
    #[expect(unsafe_code, reason = "a process group is left by a fork")]
    // SAFETY: there is one thread.
    let forked = unsafe { fork() }?;
    match forked {
        ForkResult::Child => {
            setsid()?;
            prctl::set_pdeathsig(Some(Signal::SIGTERM))?;
            if getppid() != guard {
                return Err(io::Error::other("its guard was killed"));
            }
            Ok(shim(folder))
        }
        ForkResult::Parent { child } => watch(folder, child),
    }
}

/// Waits for the shim. Ends what it left, which is nothing unless it was killed, and says so then.
fn watch(folder: &Path, shim: Pid) -> io::Result<ExitCode> {
    let mut code = ExitCode::FAILURE;
    let mut shim_ended = false;
    let mut killed = false;
    loop {
        let flags = shim_ended.then_some(WaitPidFlag::WNOHANG);
        match waitpid(None::<Pid>, flags) {
            Ok(WaitStatus::Exited(pid, 0)) if pid == shim => {
                code = ExitCode::SUCCESS;
                shim_ended = true;
            }
            Ok(WaitStatus::Exited(pid, _)) if pid == shim => shim_ended = true,
            Ok(WaitStatus::Signaled(pid, _, _)) if pid == shim => {
                (shim_ended, killed) = (true, true);
            }
            Ok(WaitStatus::StillAlive) => {
                let us = i32::try_from(std::process::id()).map_err(io::Error::other)?;
                for pid in process::descendants(us) {
                    process::signal(pid, Signal::SIGKILL);
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            Ok(_) | Err(Errno::EINTR) => {}
            Err(Errno::ECHILD) => break,
            Err(error) => return Err(error.into()),
        }
    }
    if killed && !folder.join(layout::EXIT).exists() {
        let why = "its shim was killed".to_owned();
        let exit = Exit {
            ended: Ended::Lost { why },
            out_of_memory: false,
        };
        record::write(folder, layout::EXIT, &ExitRecord { exit })?;
    }
    Ok(code)
}
