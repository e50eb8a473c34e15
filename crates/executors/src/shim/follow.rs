//! `berth-server follow PID:STARTED`: the command of a rank that runs already. It ends when that
//! process does; what it wrote and its exit code are whoever's who started it.

use std::process::ExitCode;
use std::time::Duration;

use nix::sys::signal::{SigSet, SigmaskHow, sigprocmask};

use crate::process;
use crate::record::Followed;

/// It is not our child: nothing tells us of its end.
const LOOK: Duration = Duration::from_millis(250);

/// What [`follow`] is given.
pub(super) fn argument(followed: Followed) -> String {
    format!("{}:{}", followed.pid, followed.started)
}

/// Waits for the end of the process that `who` names.
#[must_use]
pub fn follow(who: &str) -> ExitCode {
    let parse = || {
        let (pid, started) = who.split_once(':')?;
        Some(Followed {
            pid: pid.parse().ok()?,
            started: started.parse().ok()?,
        })
    };
    let Some(followed) = parse() else {
        eprintln!("'{who}' is not PID:STARTED");
        return ExitCode::FAILURE;
    };
    // What is told to end is the process; we see that it did.
    if let Err(error) = sigprocmask(SigmaskHow::SIG_BLOCK, Some(&SigSet::all()), None) {
        eprintln!("berth: {error}");
    }
    let pid = followed.pid;
    if !process::runs(pid, followed.started) {
        println!("Process {pid} had ended before it was adopted.");
        return ExitCode::SUCCESS;
    }
    println!(
        "Process {pid} was started outside the queue and adopted. What it writes goes where it was \
         started."
    );
    while process::runs(pid, followed.started) {
        std::thread::sleep(LOOK);
    }
    println!("Process {pid} ended; its exit code is not known here.");
    ExitCode::SUCCESS
}
