//! What `/proc` knows.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Tells this boot of the host from the next.
pub(crate) fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .map(|id| id.trim().to_owned())
        .unwrap_or_default()
}

/// The fields of `/proc/PID/stat` after the name, which may hold anything. The first is the state.
fn stat_fields(pid: i32) -> Option<Vec<String>> {
    let text = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let (_, rest) = text.rsplit_once(')')?;
    Some(rest.split_whitespace().map(str::to_owned).collect())
}

/// When a process started, in ticks since boot (field 22).
pub(crate) fn start_ticks(pid: i32) -> Option<u64> {
    stat_fields(pid)?.get(19)?.parse().ok()
}

/// Whether the process that started then still runs; a zombie does not.
pub(crate) fn runs(pid: i32, started: u64) -> bool {
    stat_fields(pid).is_some_and(|fields| {
        let ticks = fields.get(19).and_then(|ticks| ticks.parse().ok());
        ticks == Some(started) && fields.first().is_some_and(|state| state != "Z")
    })
}

fn pids() -> Vec<i32> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return vec![];
    };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect()
}

/// Who came of whom, and which are zombies.
struct Tree {
    children: HashMap<i32, Vec<i32>>,
    dead: HashSet<i32>,
}

fn tree() -> Tree {
    let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
    let mut dead = HashSet::new();
    for pid in pids() {
        let Some(fields) = stat_fields(pid) else {
            continue;
        };
        let Some(parent) = fields.get(1).and_then(|parent| parent.parse().ok()) else {
            continue;
        };
        if fields.first().is_some_and(|state| state == "Z") {
            dead.insert(pid);
        }
        children.entry(parent).or_default().push(pid);
    }
    Tree { children, dead }
}

/// Every process below `root`, zombies left out.
pub(crate) fn descendants(root: i32) -> Vec<i32> {
    below(root, |_| Below::Both)
}

/// The uppermost processes below `root` that catch this signal. What is below one of them is its
/// own matter: a worker that was forked has its parent's handlers. Who catches everything counts only
/// if it is said to mean it.
pub(crate) fn catching(root: i32, signal: i32, also_all: bool) -> Vec<i32> {
    below(root, |pid| {
        let caught = caught(pid);
        let catches = |signal: i32| (caught >> (signal - 1)) & 1 == 1;
        if catches(signal) && (also_all || !TIDY.into_iter().all(catches)) {
            Below::Itself
        } else {
            Below::Children
        }
    })
}

/// Whether a process has a handler for this signal.
pub(crate) fn catches(pid: i32, signal: i32) -> bool {
    (caught(pid) >> (signal - 1)) & 1 == 1
}

/// Which of a process and what came of it is wanted.
enum Below {
    Both,
    Itself,
    Children,
}

fn below(root: i32, wanted: impl Fn(i32) -> Below) -> Vec<i32> {
    let Tree { mut children, dead } = tree();
    let mut found = Vec::new();
    let mut open = vec![root];
    while let Some(pid) = open.pop() {
        for child in children.remove(&pid).unwrap_or_default() {
            let wanted = wanted(child);
            if !matches!(wanted, Below::Itself) {
                open.push(child);
            }
            if !matches!(wanted, Below::Children) && !dead.contains(&child) {
                found.push(child);
            }
        }
    }
    found
}

/// Together only a shell catches these, that wants to clean up before it ends (bash does for a trap for
/// EXIT, and at a terminal): SIGILL, SIGFPE, SIGXCPU, SIGSYS.
const TIDY: [i32; 4] = [4, 8, 24, 31];

/// The signals that a process has handlers for, the lowest bit for signal 1 (`SigCgt` in
/// `/proc/PID/status`, proc(5)).
fn caught(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let mut lines = status.lines();
    let mask = lines.find_map(|line| line.strip_prefix("SigCgt:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}

/// Every process whose environment has `name=value`, as it was when it started its program.
pub(crate) fn marked(name: &str, value: &str) -> Vec<i32> {
    let mark = format!("{name}={value}").into_bytes();
    let has_mark = |pid: &i32| {
        let environ = fs::read(Path::new("/proc").join(pid.to_string()).join("environ"));
        environ.is_ok_and(|environ| environ.split(|byte| *byte == 0).any(|entry| entry == mark))
    };
    pids().into_iter().filter(has_mark).collect()
}

pub(crate) fn signal(pid: i32, signal: Signal) -> bool {
    kill(Pid::from_raw(pid), signal).is_ok()
}
