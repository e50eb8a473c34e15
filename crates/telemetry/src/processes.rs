//! Whose a process is: from `/proc` (proc(5)), on its own host.
//!
//! Its attempt is told by the environment that Berth gave it, which children inherit, or by the
//! control group that Berth put it in, which they cannot leave by themselves; and where it has
//! neither, by a parent's. A child in a pid namespace of its own is a child as well, under the number
//! that it has on the host.

mod cache;

use std::fs;

use berth_domain::{AttemptId, GpuProcess, JobId};
use nix::unistd::{Uid, User};

pub(crate) use self::cache::Known;

/// Longer commands are cut.
const COMMAND_LENGTH: usize = 160;
/// No tree of processes is deeper than this; a number used again while we climb could make a circle.
const DEPTH: usize = 256;

/// When a process began, in clock ticks since the host's start; `None`: it is not there, or not to be
/// seen from here.
pub(crate) fn started(pid: u32) -> Option<u64> {
    Stat::of(pid).map(|stat| stat.started)
}

/// All that is told of a process but what it does on a GPU.
pub(crate) fn look(pid: u32) -> GpuProcess {
    let Some(stat) = Stat::of(pid) else {
        return GpuProcess {
            pid,
            ..GpuProcess::default()
        };
    };
    let parents = parents(stat.parent);
    let attempt = std::iter::once(&pid)
        .chain(&parents)
        .find_map(|pid| attempt(*pid));
    GpuProcess {
        pid,
        started: stat.started,
        user: user(pid),
        command: command(pid),
        parents: if attempt.is_some() { vec![] } else { parents },
        attempt,
        ..GpuProcess::default()
    }
}

/// What `/proc/PID/stat` has of interest.
struct Stat {
    parent: u32,
    started: u64,
}

impl Stat {
    fn of(pid: u32) -> Option<Self> {
        let text = read(pid, "stat")?;
        let text = String::from_utf8_lossy(&text);
        // The name before it may hold anything, parentheses too.
        let (_, rest) = text.rsplit_once(')')?;
        let mut fields = rest.split_whitespace();
        Some(Stat {
            parent: fields.nth(1)?.parse().ok()?,
            started: fields.nth(17)?.parse().ok()?,
        })
    }
}

/// From `pid` up to the host's first process.
fn parents(mut pid: u32) -> Vec<u32> {
    let mut found = Vec::new();
    while pid > 0 && found.len() < DEPTH {
        found.push(pid);
        pid = Stat::of(pid).map_or(0, |stat| stat.parent);
    }
    found
}

/// Of the attempt that its control group or its environment names.
fn attempt(pid: u32) -> Option<AttemptId> {
    let groups = read(pid, "cgroup").unwrap_or_default();
    of_groups(&String::from_utf8_lossy(&groups)).or_else(|| of_environment(&read(pid, "environ")?))
}

/// Berth names its groups `berth-17.2-RANK-PID`; a job may make others below. The innermost counts, as
/// with the environment.
fn of_groups(groups: &str) -> Option<AttemptId> {
    let paths = groups.lines().filter_map(|line| line.splitn(3, ':').nth(2));
    paths.flat_map(|path| path.rsplit('/')).find_map(|name| {
        let mut parts = name.strip_prefix("berth-")?.split('-');
        let attempt = parts.next()?.parse().ok()?;
        let numbers = [parts.next()?, parts.next()?].map(str::parse::<u32>);
        let whole = parts.next().is_none() && numbers.iter().all(Result::is_ok);
        whole.then_some(attempt)
    })
}

fn of_environment(environ: &[u8]) -> Option<AttemptId> {
    let value = |name: &[u8]| {
        let entries = environ.split(|byte| *byte == 0);
        let mut values = entries.filter_map(|entry| entry.strip_prefix(name)?.strip_prefix(b"="));
        std::str::from_utf8(values.next()?).ok()
    };
    Some(AttemptId {
        job: JobId(value(b"BERTH_JOB_ID")?.parse().ok()?),
        number: value(b"BERTH_ATTEMPT")?.parse().ok()?,
    })
}

/// The name of its real user, or its number where it has no name.
fn user(pid: u32) -> Option<String> {
    let status = read(pid, "status")?;
    let status = String::from_utf8_lossy(&status);
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    let number: u32 = line.split_whitespace().next()?.parse().ok()?;
    let name = User::from_uid(Uid::from_raw(number)).ok().flatten();
    Some(name.map_or_else(|| number.to_string(), |user| user.name))
}

/// Its program without the folder, and its arguments, cut; in brackets its name where it has none.
fn command(pid: u32) -> Option<String> {
    let line = read(pid, "cmdline")?;
    let line = String::from_utf8_lossy(&line);
    let mut words = line.split('\0').filter(|word| !word.is_empty());
    let Some(program) = words.next() else {
        let name = read(pid, "comm")?;
        return Some(format!("[{}]", String::from_utf8_lossy(&name).trim()));
    };
    let program = program.rsplit('/').next().unwrap_or(program);
    let all: Vec<&str> = std::iter::once(program).chain(words).collect();
    let text = all.join(" ");
    let shown = text
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter });
    Some(shown.take(COMMAND_LENGTH).collect())
}

fn read(pid: u32, file: &str) -> Option<Vec<u8>> {
    fs::read(format!("/proc/{pid}/{file}")).ok()
}
