//! Starting the command: each of its processes in a session and process group of its own, with the
//! signals as a program expects them, reading nothing and writing into one pipe; or all three on a
//! terminal, for a person to work in.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal, signal, sigprocmask};

use super::output::Source;
use super::terminal::{self, Terminal};
use super::{IGNORED, follow, fork};
use crate::cgroup;
use crate::process;
use crate::record::{Spec, Under};
use crate::slurm;

/// A command that runs.
pub(super) struct Started {
    /// Its processes, in the order of their ranks.
    pub(super) pids: Vec<i32>,
    pub(super) sources: Vec<Source>,
    pub(super) terminal: Option<Terminal>,
}

/// Starts it, in its control group where it has one.
///
/// # Errors
/// A sentence that says what is missing.
pub(super) fn spawn(spec: &Spec, group: Option<&Path>) -> Result<Started, String> {
    let mut started = Started {
        pids: vec![],
        sources: vec![],
        terminal: None,
    };
    let result = match (spec.terminal, spec.processes) {
        (true, _) => on_terminal(spec, group, &mut started),
        (false, None) => on_pipe(spec, group, &[], None, &mut started),
        (false, Some(processes)) => (0..processes.count).try_for_each(|local| {
            let rank = processes.first + local;
            let env = [
                ("RANK", rank),
                ("LOCAL_RANK", local),
                ("LOCAL_WORLD_SIZE", processes.count),
            ];
            let of_slurm = [("SLURM_PROCID", rank), ("SLURM_LOCALID", local)];
            let of_slurm = of_slurm.into_iter().filter(|_| slurm::wanted(&spec.env));
            let env = env.into_iter().chain(of_slurm);
            let env: Vec<_> = env.map(|(name, value)| (name, value.to_string())).collect();
            let prefix = Some(format!("[rank {rank}] "));
            on_pipe(spec, group, &env, prefix, &mut started)
        }),
    };
    if result.is_err() {
        for pid in &started.pids {
            process::signal(*pid, Signal::SIGKILL);
        }
    }
    result.map(|()| started)
}

fn on_pipe(
    spec: &Spec,
    group: Option<&Path>,
    env: &[(&str, String)],
    prefix: Option<String>,
    started: &mut Started,
) -> Result<(), String> {
    let no_pipe = |error: io::Error| format!("no pipe: {error}");
    let (output, input) = io::pipe().map_err(no_pipe)?;
    let second = input.try_clone().map_err(no_pipe)?;
    let mut command = command(spec)?;
    command
        .envs(env.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(input)
        .stderr(second);
    started.pids.push(start(spec, command, group)?);
    let output = File::from(OwnedFd::from(output));
    started
        .sources
        .push(Source::new(output, prefix).map_err(no_pipe)?);
    Ok(())
}

fn on_terminal(spec: &Spec, group: Option<&Path>, started: &mut Started) -> Result<(), String> {
    let no_terminal = |error: io::Error| format!("no terminal: {error}");
    let (terminal, end) = Terminal::open().map_err(no_terminal)?;
    let another = || end.try_clone().map_err(no_terminal);
    let mut command = command(spec)?;
    // What the pane can show, which the record does not know.
    command
        .envs(std::env::var_os("TERM").map(|term| ("TERM", term)))
        .stdin(another()?)
        .stdout(another()?)
        .stderr(another()?);
    started.pids.push(start(spec, command, group)?);
    let output = terminal.output().map_err(no_terminal)?;
    started
        .sources
        .push(Source::new(output, None).map_err(no_terminal)?);
    started.terminal = Some(terminal);
    Ok(())
}

fn command(spec: &Spec) -> Result<Command, String> {
    let words = match spec.followed {
        Some(followed) => {
            let own = std::env::current_exe();
            let own = own.map_err(|error| format!("our own program is not known: {error}"))?;
            let own = own.to_string_lossy().into_owned();
            vec![own, "follow".to_owned(), follow::argument(followed)]
        }
        None => spec.command.clone(),
    };
    let [program, arguments @ ..] = words.as_slice() else {
        return Err("the command is empty".to_owned());
    };
    if !spec.workdir.is_dir() {
        return Err(format!(
            "there is no folder {} on this node",
            spec.workdir.display()
        ));
    }
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .envs(node_environment(spec.under))
        .envs(&spec.env)
        .current_dir(&spec.workdir);
    Ok(command)
}

fn start(spec: &Spec, mut command: Command, group: Option<&Path>) -> Result<i32, String> {
    in_own_session(&mut command, spec.terminal);
    let program = command.get_program().to_string_lossy().into_owned();
    let started = match group.and_then(|group| fork::spawn_into(group, &mut command)) {
        Some(started) => started,
        None => spawn_and_move(command, group),
    };
    started.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => format!("there is no program '{program}' on this node's PATH"),
        io::ErrorKind::PermissionDenied => format!("'{program}' may not be executed"),
        _ => format!("'{program}' cannot be started: {error}"),
    })
}

/// Where the kernel cannot start it in its group.
fn spawn_and_move(mut command: Command, group: Option<&Path>) -> io::Result<i32> {
    if let Some(door) = group.and_then(|group| cgroup::door(group).ok()) {
        let enter = move || {
            // Where it is refused, the subreaper alone has to do.
            let _ = nix::unistd::write(&door, b"0");
            Ok(())
        };
        #[expect(
            unsafe_code,
            reason = "only what runs between fork and exec can enter a group"
        )]
        // SAFETY: the closure makes one system call, and allocates nothing.
        unsafe {
            command.pre_exec(enter)
        };
    }
    // The handle is not kept: the shim reaps all its children itself, whoever started them.
    let child = command.spawn()?;
    i32::try_from(child.id()).map_err(io::Error::other)
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
fn in_own_session(command: &mut Command, on_terminal: bool) {
    let prepare = move || {
        nix::unistd::setsid()?;
        if on_terminal {
            terminal::take_control()?;
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
