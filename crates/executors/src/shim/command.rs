//! Starting the command: in a session and process group of its own, with the signals as a program
//! expects them, reading nothing and writing into one pipe.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, PipeReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal, signal, sigprocmask};

use super::IGNORED;
use crate::cgroup;
use crate::record::{Spec, Under};

/// A command that runs.
pub(super) struct Child {
    pub(super) pid: i32,
    pub(super) output: PipeReader,
}

/// Starts it, in its control group where it has one.
///
/// # Errors
/// A sentence that says what is missing.
pub(super) fn spawn(spec: &Spec, group: Option<&Path>) -> Result<Child, String> {
    let [program, arguments @ ..] = spec.command.as_slice() else {
        return Err("the command is empty".to_owned());
    };
    if !spec.workdir.is_dir() {
        return Err(format!(
            "there is no folder {} on this node",
            spec.workdir.display()
        ));
    }
    let (output, input) = io::pipe().map_err(|error| format!("no pipe: {error}"))?;
    let second = input
        .try_clone()
        .map_err(|error| format!("no pipe: {error}"))?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .envs(node_environment(spec.under))
        .envs(&spec.env)
        .current_dir(&spec.workdir)
        .stdin(Stdio::null())
        .stdout(input)
        .stderr(second);
    let door = group.and_then(|group| cgroup::door(group).ok());
    in_own_session(&mut command, door);
    // The handle is not kept: the shim reaps all its children itself, whoever started them.
    let child = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => format!("there is no program '{program}' on this node's PATH"),
        io::ErrorKind::PermissionDenied => format!("'{program}' may not be executed"),
        _ => format!("'{program}' cannot be started: {error}"),
    })?;
    let pid = i32::try_from(child.id()).map_err(|error| error.to_string())?;
    Ok(Child { pid, output })
}

/// What a rank has of its node's environment, below what its record says: under tmux nothing, since
/// the record has all of it. Ray adds to its node's environment, among other things its token.
fn node_environment(under: Under) -> Vec<(OsString, OsString)> {
    let of_ray = |name: &str| {
        let prefixes = ["RAY_", "BERTH_", "CUDA_VISIBLE", "SPT_NOENV"];
        let names = ["OMP_NUM_THREADS", "PYTHONBREAKPOINT", "PYTHONUNBUFFERED"];
        prefixes.iter().any(|prefix| name.starts_with(prefix)) || names.contains(&name)
    };
    match under {
        Under::Tmux => vec![],
        Under::Ray => std::env::vars_os()
            .filter(|(name, _)| !of_ray(&name.to_string_lossy()))
            .collect(),
    }
}

#[expect(
    unsafe_code,
    reason = "only what runs between fork and exec can leave the session"
)]
fn in_own_session(command: &mut Command, door: Option<File>) {
    let prepare = move || {
        nix::unistd::setsid()?;
        if let Some(door) = &door {
            // Where it is refused, the subreaper alone has to do.
            let _ = nix::unistd::write(door, b"0");
        }
        for ignored in IGNORED {
            // SAFETY: sets a disposition; async-signal-safe.
            unsafe { signal(ignored, SigHandler::SigDfl) }?;
        }
        sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)?;
        Ok(())
    };
    // SAFETY: the closure makes system calls only, and allocates nothing.
    unsafe { command.pre_exec(prepare) };
}

#[expect(unsafe_code, reason = "dispositions can only be set through signal(2)")]
pub(super) fn ignore(signals: &[Signal]) -> io::Result<()> {
    for ignored in signals {
        // SAFETY: no handler of ours is replaced; there is one thread.
        unsafe { signal(*ignored, SigHandler::SigIgn) }?;
    }
    Ok(())
}
